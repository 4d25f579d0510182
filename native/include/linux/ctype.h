/* SPDX-License-Identifier: GPL-2.0-only */
/* Character classes. */
#ifndef _NATIVE_LINUX_CTYPE_H
#define _NATIVE_LINUX_CTYPE_H

#include <ctype.h>

#endif /* _NATIVE_LINUX_CTYPE_H */

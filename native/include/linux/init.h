/* SPDX-License-Identifier: GPL-2.0-only */
/* No code is freed after the start. */
#ifndef _NATIVE_LINUX_INIT_H
#define _NATIVE_LINUX_INIT_H

#include <linux/compiler.h>

#endif /* _NATIVE_LINUX_INIT_H */

/* SPDX-License-Identifier: GPL-2.0-only */
/* Cache lines: in linux/compiler.h. */
#ifndef _NATIVE_LINUX_CACHE_H
#define _NATIVE_LINUX_CACHE_H

#include <linux/compiler.h>

#endif /* _NATIVE_LINUX_CACHE_H */

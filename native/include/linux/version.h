/* SPDX-License-Identifier: GPL-2.0-only */
/* The oldest kernel that kmod/compat.h supports, so that all of its replacements are used. */
#ifndef _NATIVE_LINUX_VERSION_H
#define _NATIVE_LINUX_VERSION_H

#define KERNEL_VERSION(a, b, c)	(((a) << 16) + ((b) << 8) + (c))
#define LINUX_VERSION_CODE	KERNEL_VERSION(6, 1, 0)

#endif /* _NATIVE_LINUX_VERSION_H */

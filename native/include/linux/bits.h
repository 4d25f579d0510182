/* SPDX-License-Identifier: GPL-2.0-only */
/* A bit of a long. */
#ifndef _NATIVE_LINUX_BITS_H
#define _NATIVE_LINUX_BITS_H

#define BIT(n)		(1UL << (n))

#endif /* _NATIVE_LINUX_BITS_H */

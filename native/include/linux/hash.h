/* SPDX-License-Identifier: GPL-2.0-only */
/* Multiplicative hashing. */
#ifndef _NATIVE_LINUX_HASH_H
#define _NATIVE_LINUX_HASH_H

#include <linux/types.h>

static inline u32 hash_long(unsigned long value, unsigned int bits)
{
	return value * 0x61C8864680B583EBULL >> (64 - bits);
}

#endif /* _NATIVE_LINUX_HASH_H */

/* SPDX-License-Identifier: GPL-2.0-only */
/* Bit operations, by compiler builtins, which are one instruction each. */
#ifndef _NATIVE_LINUX_BITOPS_H
#define _NATIVE_LINUX_BITOPS_H

#include <linux/bits.h>
#include <linux/types.h>

static __always_inline unsigned long __ffs(unsigned long word)
{
	return __builtin_ctzl(word);
}

static __always_inline unsigned long __ffs64(u64 word)
{
	return __builtin_ctzll(word);
}

static __always_inline unsigned long __fls(unsigned long word)
{
	return 63 - __builtin_clzl(word);
}

static __always_inline unsigned int hweight32(u32 word)
{
	return __builtin_popcount(word);
}

static __always_inline unsigned int hweight_long(unsigned long word)
{
	return __builtin_popcountl(word);
}

/* Not atomic. */
static __always_inline void __set_bit(unsigned int bit, unsigned long *map)
{
	map[bit / BITS_PER_LONG] |= BIT(bit % BITS_PER_LONG);
}

static inline bool test_bit(unsigned long bit, const unsigned long *map)
{
	return map[bit / BITS_PER_LONG] >> bit % BITS_PER_LONG & 1;
}

#endif /* _NATIVE_LINUX_BITOPS_H */

/* SPDX-License-Identifier: GPL-2.0-only */
/* SipHash-2-4, as published by Aumasson and Bernstein; shim/siphash.c. */
#ifndef _NATIVE_LINUX_SIPHASH_H
#define _NATIVE_LINUX_SIPHASH_H

#include <linux/types.h>

typedef struct {
	u64 key[2];
} siphash_key_t;

u64 siphash(const void *data, size_t len, const siphash_key_t *key);

#endif /* _NATIVE_LINUX_SIPHASH_H */

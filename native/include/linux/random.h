/* SPDX-License-Identifier: GPL-2.0-only */
/* Random numbers, from the kernel or from a seed (native_random_seed()). */
#ifndef _NATIVE_LINUX_RANDOM_H
#define _NATIVE_LINUX_RANDOM_H

#include <linux/types.h>

u64 get_random_u64(void);
void get_random_bytes(void *to, size_t n);

#endif /* _NATIVE_LINUX_RANDOM_H */

/* SPDX-License-Identifier: GPL-2.0-only */
/* Strings. */
#ifndef _NATIVE_LINUX_STRING_H
#define _NATIVE_LINUX_STRING_H

#include <string.h>
#include <linux/types.h>

/* Copies as much as fits, and always a NUL. */
static inline ssize_t strscpy(char *to, const char *from, size_t size)
{
	size_t n = strnlen(from, size);

	if (n == size)
		n = size - 1;
	memcpy(to, from, n);
	to[n] = '\0';
	return n;
}

static inline void *memset64(u64 *words, u64 word, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		words[i] = word;
	return words;
}

#endif /* _NATIVE_LINUX_STRING_H */

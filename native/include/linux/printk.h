/* SPDX-License-Identifier: GPL-2.0-only */
/* Messages, to the standard error. */
#ifndef _NATIVE_LINUX_PRINTK_H
#define _NATIVE_LINUX_PRINTK_H

#include <stdio.h>

#ifndef KBUILD_MODNAME
#define KBUILD_MODNAME	"mapstat"
#endif
#ifndef pr_fmt
#define pr_fmt(fmt)	fmt
#endif

#define pr_err(fmt, ...)	fprintf(stderr, pr_fmt(fmt), ##__VA_ARGS__)
#define pr_warn(fmt, ...)	pr_err(fmt, ##__VA_ARGS__)

#define scnprintf(buf, size, fmt, ...)					\
({									\
	int __n = snprintf(buf, size, fmt, ##__VA_ARGS__);		\
									\
	__n < (int)(size) ? __n : (int)(size) - 1;			\
})

#define WARN_ON_ONCE(bad)						\
({									\
	bool __bad = !!(bad);						\
									\
	if (__builtin_expect(__bad, 0))					\
		native_warn(#bad, __FILE__, __LINE__);			\
	__bad;								\
})

/* A warning is a failure: it aborts the program. */
void native_warn(const char *what, const char *file, int line) __attribute__((__noreturn__));

#endif /* _NATIVE_LINUX_PRINTK_H */

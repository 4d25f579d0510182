/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Kernel version differences, and nothing else.  Supported: Linux 6.1 and later, 64 bit.
 */
#ifndef MAPSTAT_COMPAT_H
#define MAPSTAT_COMPAT_H

#include <linux/version.h>

#ifndef CONFIG_64BIT
#error "mapstat needs a 64-bit kernel"
#endif

#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 1, 0)
#error "mapstat needs Linux 6.1 or later"
#endif

/* 6.2: symbols that only KUnit suites may use */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 2, 0)
#include <linux/export.h>	/* visibility.h does not include it */
#include <kunit/visibility.h>
#else
#define EXPORT_SYMBOL_IF_KUNIT(symbol)
#endif

/*
 * Without perf, <linux/perf_event.h> does not declare these.  Macros, so that only their users
 * need the types.
 */
#ifndef CONFIG_PERF_EVENTS
#define perf_event_create_kernel_counter(attr, cpu, task, handler, context)	\
	((void)(attr), (void)(cpu), (struct perf_event *)ERR_PTR(-EOPNOTSUPP))
#define perf_event_read_value(event, enabled, running)				\
	((void)(event), *(enabled) = 0, *(running) = 0, 0ULL)
#endif

/* 6.13: the name of a symbol namespace is a string */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 13, 0)
#define EXPORT_SYMBOL_MAPSTAT(symbol)	EXPORT_SYMBOL_NS_GPL(symbol, "MAPSTAT")
#define MAPSTAT_IMPORT_NS(ns)	MODULE_IMPORT_NS(#ns)
#else
#define EXPORT_SYMBOL_MAPSTAT(symbol)	EXPORT_SYMBOL_NS_GPL(symbol, MAPSTAT)
#define MAPSTAT_IMPORT_NS(ns)	MODULE_IMPORT_NS(ns)
#endif

/* 6.10: __assign_str() takes the source string from __string() */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 10, 0)
#define mapstat_assign_str(dst, src)	__assign_str(dst)
#else
#define mapstat_assign_str(dst, src)	__assign_str(dst, src)
#endif

/* 6.13: hrtimer_setup() replaces hrtimer_init(), which 6.15 removed */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 13, 0)
#define hrtimer_setup(timer, callback, clock, mode)	\
	(hrtimer_init(timer, clock, mode), (void)((timer)->function = (callback)))
#endif

/* 6.16: file operations may have mmap_prepare() instead of mmap(); relay's do in 7.3 */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 16, 0)
#define HAVE_MMAP_PREPARE
#endif

/* 6.17: relay does not pass subbuf_start() the padding of the previous sub-buffer */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 17, 0)
#define RELAY_SUBBUF_START(name)						\
	int name(struct rchan_buf *buf, void *subbuf, void *prev_subbuf)
#else
#define RELAY_SUBBUF_START(name)						\
	int name(struct rchan_buf *buf, void *subbuf, void *prev_subbuf,	\
		 size_t prev_padding)
#endif

/* 6.18: KUnit parameter generators receive the test */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 18, 0)
#define KUNIT_GENERATOR(name)								\
	const void *name##_gen_params(struct kunit *test, const void *prev, char *desc)
#else
#define KUNIT_GENERATOR(name)								\
	const void *name##_gen_params(const void *prev, char *desc)
#endif

#endif /* MAPSTAT_COMPAT_H */

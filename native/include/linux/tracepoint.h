/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Tracepoints: nobody listens, and the compiler knows it.
 */
#ifndef _NATIVE_LINUX_TRACEPOINT_H
#define _NATIVE_LINUX_TRACEPOINT_H

#include <linux/types.h>

#define TP_PROTO(...)	__VA_ARGS__
#define TP_ARGS(...)	__VA_ARGS__

/* What is recorded, and how it is printed, is left out: it is never expanded. */
#define TRACE_EVENT(name, proto, ...)						\
	static inline void trace_##name(proto) { }				\
	static inline bool trace_##name##_enabled(void) { return false; }
#define TRACE_DEFINE_ENUM(value)	_Static_assert((value) >= 0, #value)

#endif /* _NATIVE_LINUX_TRACEPOINT_H */

/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Tracepoints: never enabled, which the compiler knows.
 */
#ifndef _NATIVE_LINUX_TRACEPOINT_H
#define _NATIVE_LINUX_TRACEPOINT_H

#include <linux/types.h>

#define TP_PROTO(...)	__VA_ARGS__
#define TP_ARGS(...)	__VA_ARGS__

/* The description of the record, and its format, are dropped unexpanded. */
#define TRACE_EVENT(name, proto, ...)						\
	static inline void trace_##name(proto) { }				\
	static inline bool trace_##name##_enabled(void) { return false; }
#define TRACE_DEFINE_ENUM(value)	_Static_assert((value) >= 0, #value)

#endif /* _NATIVE_LINUX_TRACEPOINT_H */

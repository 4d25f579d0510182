// SPDX-License-Identifier: GPL-2.0-only
/*
 * The tracepoints are made here.
 */
#include <linux/stddef.h>
#include <linux/string.h>
#include "../maps/maps.h"

#define CREATE_TRACE_POINTS
#include <mapstat/trace.h>

EXPORT_TRACEPOINT_SYMBOL_GPL(mem_access);

/*
 * Who reads mapstat:mem_access takes it for a struct mapstat_event behind the fields that
 * all trace events have.
 */
#define FIELD_AS_IN_RECORD(field)						\
	static_assert(offsetof(struct trace_event_raw_mem_access, field) -	\
		      sizeof(struct trace_entry) == offsetof(struct mapstat_event, field))
#ifdef CONFIG_EVENT_TRACING
FIELD_AS_IN_RECORD(time_ns);
FIELD_AS_IN_RECORD(seq);
FIELD_AS_IN_RECORD(addr);
FIELD_AS_IN_RECORD(pfn);
FIELD_AS_IN_RECORD(pid);
FIELD_AS_IN_RECORD(cpu);
FIELD_AS_IN_RECORD(map);
FIELD_AS_IN_RECORD(size);
FIELD_AS_IN_RECORD(site);
FIELD_AS_IN_RECORD(type);
FIELD_AS_IN_RECORD(flags);
FIELD_AS_IN_RECORD(l1);
FIELD_AS_IN_RECORD(op);
FIELD_AS_IN_RECORD(invalidated);
FIELD_AS_IN_RECORD(version);
FIELD_AS_IN_RECORD(pad);
FIELD_AS_IN_RECORD(seq_cpu);
FIELD_AS_IN_RECORD(reserved);
#endif

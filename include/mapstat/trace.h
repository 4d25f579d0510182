/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Tracepoints: mapstat:cmap_op, mem_access, promotion and resize.  perf, ftrace and bpftrace
 * find them by these names; a disabled tracepoint costs a static branch.
 */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM mapstat

#if !defined(MAPSTAT_TRACE_H) || defined(TRACE_HEADER_MULTI_READ)
#define MAPSTAT_TRACE_H

#include <linux/tracepoint.h>
#include <uapi/mapstat.h>

struct cmap;

/* One operation through the API.  While it is enabled, stress threads use the API, too. */
TRACE_EVENT(cmap_op,
	TP_PROTO(const struct cmap *map, const char *op, u64 hash, u64 latency_ns, int result),
	TP_ARGS(map, op, hash, latency_ns, result),
	TP_STRUCT__entry(
		__field(u32, id)
		__string(map, map->name)
		__string(op, op)
		__field(u64, hash)
		__field(u64, latency_ns)
		__field(int, result)
	),
	TP_fast_assign(
		__entry->id = map->stats.id;
		mapstat_assign_str(map, map->name);
		mapstat_assign_str(op, op);
		__entry->hash = hash;
		__entry->latency_ns = latency_ns;
		__entry->result = result;
	),
	TP_printk("map=%s op=%s hash=%016llx latency_ns=%llu result=%d",
		  __get_str(map), __get_str(op), __entry->hash, __entry->latency_ns,
		  __entry->result)
);

/* The event's format names the constants of TP_printk(); user space needs their values. */
TRACE_DEFINE_ENUM(MAPSTAT_EVENT_READ);
TRACE_DEFINE_ENUM(MAPSTAT_EVENT_ATOMIC);
TRACE_DEFINE_ENUM(MAPSTAT_EVENT_TLB_MISS);

/* The fields of struct mapstat_event in <uapi/mapstat.h>, in the same order. */
TRACE_EVENT(mem_access,
	TP_PROTO(const struct mapstat_event *event),
	TP_ARGS(event),
	TP_STRUCT__entry(
		__field(u64, time_ns)
		__field(u64, seq)
		__field(u64, addr)
		__field(u64, pfn)
		__field(u32, pid)
		__field(u32, cpu)
		__field(u32, map)
		__field(u16, size)
		__field(u16, site)
		__field(u8, type)
		__field(u8, flags)
		__field(u8, l1)
		__field(u8, op)
		__field(u8, invalidated)
		__field(u8, version)
		__array(u8, pad, 2)	/* a literal: the format file prints it verbatim */
		__field(u32, seq_cpu)
		__field(u32, reserved)
	),
	TP_fast_assign(
		__entry->time_ns = event->time_ns;
		__entry->seq = event->seq;
		__entry->addr = event->addr;
		__entry->pfn = event->pfn;
		__entry->pid = event->pid;
		__entry->cpu = event->cpu;
		__entry->map = event->map;
		__entry->size = event->size;
		__entry->site = event->site;
		__entry->type = event->type;
		__entry->flags = event->flags;
		__entry->l1 = event->l1;
		__entry->op = event->op;
		__entry->invalidated = event->invalidated;
		__entry->version = event->version;
		BUILD_BUG_ON(sizeof(__entry->pad) != sizeof(event->pad));
		memset(__entry->pad, 0, sizeof(__entry->pad));
		__entry->seq_cpu = event->seq_cpu;
		__entry->reserved = 0;
	),
	TP_printk("map=%u op=%u cpu=%u pid=%u seq=%llu addr=%llx pfn=%llx size=%u site=%u %s%s l1=%u tlb_miss=%u",
		  __entry->map, __entry->op, __entry->cpu, __entry->pid, __entry->seq,
		  __entry->addr, __entry->pfn, __entry->size, __entry->site,
		  __entry->type == MAPSTAT_EVENT_READ ? "read" : "write",
		  __entry->flags & MAPSTAT_EVENT_ATOMIC ? ",atomic" : "", __entry->l1,
		  !!(__entry->flags & MAPSTAT_EVENT_TLB_MISS))
);

/* The dirty side has become the read side. */
TRACE_EVENT(promotion,
	TP_PROTO(const struct cmap *map, u64 entries, u64 duration_ns),
	TP_ARGS(map, entries, duration_ns),
	TP_STRUCT__entry(
		__field(u32, id)
		__string(map, map->name)
		__field(u64, entries)
		__field(u64, duration_ns)
	),
	TP_fast_assign(
		__entry->id = map->stats.id;
		mapstat_assign_str(map, map->name);
		__entry->entries = entries;
		__entry->duration_ns = duration_ns;
	),
	TP_printk("map=%s entries=%llu duration_ns=%llu", __get_str(map), __entry->entries,
		  __entry->duration_ns)
);

/* The table was replaced by a larger or smaller one; its entries may still have to be moved. */
TRACE_EVENT(resize,
	TP_PROTO(const struct cmap *map, bool grows, u64 entries, u64 duration_ns),
	TP_ARGS(map, grows, entries, duration_ns),
	TP_STRUCT__entry(
		__field(u32, id)
		__string(map, map->name)
		__field(bool, grows)
		__field(u64, entries)
		__field(u64, duration_ns)
	),
	TP_fast_assign(
		__entry->id = map->stats.id;
		mapstat_assign_str(map, map->name);
		__entry->grows = grows;
		__entry->entries = entries;
		__entry->duration_ns = duration_ns;
	),
	TP_printk("map=%s %s entries=%llu duration_ns=%llu", __get_str(map),
		  __entry->grows ? "grows" : "shrinks", __entry->entries,
		  __entry->duration_ns)
);

#endif /* MAPSTAT_TRACE_H */

/* Out of tree: relative to include/, which is in the -I path. */
#undef TRACE_INCLUDE_PATH
#define TRACE_INCLUDE_PATH mapstat
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE trace
#include <trace/define_trace.h>

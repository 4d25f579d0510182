// SPDX-License-Identifier: GPL-2.0-only
/*
 * The records of mapstat:mem_access, from the tracepoint into a BPF ring buffer.
 *
 * A classic tracepoint: its arguments are the fields of the trace event, and these are the
 * record of <uapi/mapstat.h>, so nothing has to be known of the module's types.
 */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include <uapi/mapstat.h>
#include "mem_access.h"

/* What a tracepoint's program is given: the fields of all trace events, then the record. */
#define WORDS	(sizeof(struct mapstat_event) / sizeof(__u64))
struct mem_access_args {
	__u64 common;
	__u64 word[WORDS];
};

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, MEM_ACCESS_RING_BYTES);
} records SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, MEM_ACCESS_NR_COUNTS);
	__type(key, __u32);
	__type(value, __u64);
} counts SEC(".maps");

static void count(__u32 which)
{
	__u64 *n = bpf_map_lookup_elem(&counts, &which);

	if (n)
		++*n;	/* of this CPU */
}

SEC("tp/mapstat/mem_access")
int mem_access(struct mem_access_args *args)
{
	__u64 *to = bpf_ringbuf_reserve(&records, sizeof(struct mapstat_event), 0);

	count(MEM_ACCESS_PRODUCED);
	if (!to) {
		count(MEM_ACCESS_DROPPED);
		return 0;
	}
#pragma unroll
	for (unsigned int i = 0; i < WORDS; i++)
		to[i] = args->word[i];
	bpf_ringbuf_submit(to, 0);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";

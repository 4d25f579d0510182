// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copy the records of the tracepoint mapstat:mem_access into a BPF ring buffer.
 *
 * A raw tracepoint: its argument is the record of <uapi/mapstat.h> itself, so this depends neither
 * on the module's types nor on the common fields of trace events, which differ between kernels
 * (PREEMPT_RT had one more up to Linux 6.1).
 */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include <uapi/mapstat.h>
#include "mem_access.h"

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
		++*n;	/* this CPU's */
}

SEC("raw_tp/mem_access")
int mem_access(struct bpf_raw_tracepoint_args *args)
{
	const void *event = (const void *)args->args[0];
	struct mapstat_event *to = bpf_ringbuf_reserve(&records, sizeof(*to), 0);

	count(MEM_ACCESS_PRODUCED);
	if (to && !bpf_probe_read_kernel(to, sizeof(*to), event)) {
		bpf_ringbuf_submit(to, 0);
		return 0;
	}
	if (to)
		bpf_ringbuf_discard(to, 0);
	count(MEM_ACCESS_DROPPED);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";

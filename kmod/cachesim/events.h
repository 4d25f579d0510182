/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Memory-access events: records of <uapi/mapstat.h>, for the tracepoint mapstat:mem_access
 * and, while the parameter events is 1, for a relay channel per CPU.
 */
#ifndef MAPSTAT_EVENTS_H
#define MAPSTAT_EVENTS_H

#include <linux/jump_label.h>
#include <linux/types.h>

struct dentry;
struct mapstat_event;
struct mapstat_access;
struct rchan_buf;
struct rchan_callbacks;

/**
 * struct mapstat_events_config - the parameters
 * @on: records go to the relay channel
 * @shift: 1 in 2^@shift accesses becomes a record
 * @subbuf_kib: size of a sub-buffer, KiB
 * @subbufs: sub-buffers per CPU
 */
struct mapstat_events_config {
	bool on;
	unsigned int shift;
	unsigned int subbuf_kib;
	unsigned int subbufs;
};

#define MAPSTAT_EVENTS_SHIFT_MAX	20
#define MAPSTAT_EVENTS_KIB_MIN		4	/* a page */
#define MAPSTAT_EVENTS_KIB_MAX		1024
#define MAPSTAT_EVENTS_SUBBUFS_MIN	2	/* one is written while the other is read */
#define MAPSTAT_EVENTS_SUBBUFS_MAX	64

/**
 * struct mapstat_events_count - a CPU's records since the channel was opened
 * @produced: records made for the channel: read, dropped, or still in the buffer
 * @dropped: records for which there was no room
 * @read: records returned to the reader
 */
struct mapstat_events_count {
	u64 produced;
	u64 dropped;
	u64 read;
};

int mapstat_events_init(void);
void mapstat_events_exit(void);
int mapstat_events_set(const struct mapstat_events_config *config);
void mapstat_events_files(const struct rchan_callbacks *callbacks, struct dentry *dir);

bool mapstat_events_due(void);
void mapstat_events_put(struct mapstat_event *event);
void mapstat_events_make(const struct mapstat_access *t);

/* On while the channel is open. */
DECLARE_STATIC_KEY_FALSE(mapstat_events_on);

bool mapstat_events_subbuf_start(struct rchan_buf *buf);
const void *mapstat_events_peek(struct rchan_buf *buf, size_t *bytes);
void mapstat_events_consume(struct rchan_buf *buf, size_t bytes);
void mapstat_events_flush(struct rchan_buf *buf);
void mapstat_events_count(unsigned int cpu, struct mapstat_events_count *count);

#endif /* MAPSTAT_EVENTS_H */

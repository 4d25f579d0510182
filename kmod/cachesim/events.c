// SPDX-License-Identifier: GPL-2.0-only
/*
 * Memory-access events: from a record to the tracepoint, and to the relay channel.
 *
 * A CPU writes to its own buffer, with interrupts off, and never waits: if all sub-buffers are
 * full, it counts the record as dropped.  relay's own read() follows a buffer's write position
 * while it moves, and may then skip a sub-buffer; here only finished sub-buffers are read, and a
 * reader that finds none makes the CPU finish its current one.  So it is known for each record
 * whether it was read, was dropped, or is still in the buffer.
 *
 * The channel's files are created elsewhere, with relay callbacks passed in from there.
 */
#include <linux/cpu.h>
#include <linux/cpuhotplug.h>
#include <linux/lockdep.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/mutex.h>
#include <linux/percpu.h>
#include <linux/printk.h>
#include <linux/rcupdate.h>
#include <linux/relay.h>
#include <linux/smp.h>
#include <linux/timekeeping.h>
#include "kmod/memory.h"
#include "kmod/stats/counters.h"
#include "kmod/stats/hist.h"
#include "events.h"
#include <mapstat/trace.h>
#include "kmod/compat.h"

#ifndef CONFIG_RELAY
#error "mapstat needs a kernel with CONFIG_RELAY"
#endif

/**
 * struct events_cpu - a CPU's producer state; written by that CPU, interrupts off
 * @turn: accesses seen; 1 in 2^shift is recorded
 * @seq: number of the next record
 * @produced: records for the channel; read by anyone
 * @dropped: records among them for which there was no room; read by anyone
 * @ready: number of finished sub-buffers: stored with release, after their contents
 */
struct events_cpu {
	unsigned int turn;
	u64 seq;
	u64 produced;
	u64 dropped;
	size_t ready;
} ____cacheline_aligned;

/**
 * struct events_reader - reader state of a CPU's buffer
 * @read: records returned; written by the only reader, read by anyone
 */
struct events_reader {
	u64 read;
} ____cacheline_aligned;

MAPSTAT_WHOLE_LINES(struct events_cpu);
MAPSTAT_WHOLE_LINES(struct events_reader);

DEFINE_STATIC_KEY_FALSE(mapstat_events_on);

static DEFINE_PER_CPU_ALIGNED(struct events_cpu, events_cpu);
static DEFINE_PER_CPU_ALIGNED(struct events_reader, events_reader);

static DEFINE_MUTEX(events_lock);
/* Protected by events_lock. */
static struct mapstat_events_config events_config;
static const struct rchan_callbacks *events_callbacks;
static struct dentry *events_dir;
static enum cpuhp_state events_cpuhp;

/* Written under events_lock; read with interrupts off, or under RCU. */
static struct rchan __rcu *events_chan;
/* (1 << shift) - 1.  Written under events_lock, read by anyone; no ordering. */
static unsigned int events_mask;

/**
 * mapstat_events_subbuf_start - for relay's subbuf_start(): may a sub-buffer be begun?
 * @buf: of this CPU, or of one that is offline
 *
 * Context: Interrupts off, or nothing is produced.
 * Return: true; false if all are full.
 */
bool mapstat_events_subbuf_start(struct rchan_buf *buf)
{
	/* Pairs with the acquire in mapstat_events_peek(): the contents are visible. */
	smp_store_release(&per_cpu_ptr(&events_cpu, buf->cpu)->ready, buf->subbufs_produced);
	return !relay_buf_full(buf);
}

/* Finish the sub-buffer if it was begun. Interrupts off. */
static void flush_buf(void *arg)
{
	struct rchan_buf *buf = arg;

	/* If all are full, the offset is beyond the end. */
	if (buf->offset && buf->offset <= buf->chan->subbuf_size)
		relay_switch_subbuf(buf, 0);
}

/* The CPU is dead, so its buffer has no other writer. */
static int events_cpu_dead(unsigned int cpu)
{
	unsigned long flags;
	struct rchan *chan;

	rcu_read_lock();
	/* Pairs with rcu_assign_pointer() in open_channel(). */
	chan = rcu_dereference(events_chan);
	if (chan) {
		local_irq_save(flags);
		flush_buf(*per_cpu_ptr(chan->buf, cpu));
		local_irq_restore(flags);
	}
	rcu_read_unlock();
	return 0;
}

/**
 * mapstat_events_init - to be called once, before all other functions here
 *
 * Context: Process; sleeps.
 * Return: 0 or -errno.
 */
int mapstat_events_init(void)
{
	int ret = cpuhp_setup_state_nocalls(CPUHP_BP_PREPARE_DYN, "mapstat:events", NULL,
					    events_cpu_dead);

	if (ret < 0)
		return ret;
	events_cpuhp = ret;
	return 0;
}

/**
 * mapstat_events_exit - to be called last, after mapstat_events_files(NULL, NULL)
 *
 * Context: Process; sleeps.
 */
void mapstat_events_exit(void)
{
	cpuhp_remove_state_nocalls(events_cpuhp);
}

static void zero_cpu(int cpu, void *arg)
{
	struct events_cpu *c = per_cpu_ptr(&events_cpu, cpu);

	c->turn = 0;
	c->seq = 0;
	/* Pair with mapstat_events_count(); no ordering. */
	WRITE_ONCE(c->produced, 0);
	WRITE_ONCE(c->dropped, 0);
	WRITE_ONCE(per_cpu_ptr(&events_reader, cpu)->read, 0);
}

/* relay allocates page by page, and could invoke the OOM killer. */
static bool there_is_room(const struct mapstat_events_config *config)
{
	const u64 need = (u64)num_online_cpus() * config->subbufs * config->subbuf_kib << 10;

	return need <= mapstat_memory_room();
}

static int open_channel(void)
{
	const struct mapstat_events_config *config = &events_config;
	struct rchan *chan;

	lockdep_assert_held(&events_lock);
	if (!there_is_room(config))
		return -ENOMEM;
	mapstat_each_cpu(zero_cpu, NULL);
	/* Without it, relay would miss a CPU that is coming online. */
	cpus_read_lock();
	chan = relay_open("cpu", events_dir, config->subbuf_kib * 1024, config->subbufs,
			  events_callbacks, NULL);
	cpus_read_unlock();
	if (!chan)
		return -ENOMEM;
	rcu_assign_pointer(events_chan, chan);
	static_branch_enable(&mapstat_events_on);
	return 0;
}

static void close_channel(void)
{
	struct rchan *chan = rcu_dereference_protected(events_chan,
						       lockdep_is_held(&events_lock));

	static_branch_disable(&mapstat_events_on);
	rcu_assign_pointer(events_chan, NULL);
	synchronize_rcu();	/* no record is being written any more */
	relay_close(chan);
}

/* Open or close the channel as configured. Return: 0 or -ENOMEM. */
static int follow_config(void)
{
	const bool wanted = events_config.on && events_callbacks;
	const bool present = rcu_access_pointer(events_chan);

	lockdep_assert_held(&events_lock);
	if (wanted && !present)
		return open_channel();
	if (!wanted && present)
		close_channel();
	return 0;
}

/**
 * mapstat_events_set - change the parameters
 * @config: the new parameters
 *
 * Closing the channel discards what was recorded.
 *
 * Context: Process; sleeps, and takes cpus_read_lock().
 * Return: 0; -EBUSY: the buffers are in use and cannot change their size; -ENOMEM: the
 * parameters are unchanged.
 */
int mapstat_events_set(const struct mapstat_events_config *config)
{
	struct mapstat_events_config was;
	int ret = -EBUSY;

	mutex_lock(&events_lock);
	was = events_config;
	if (!config->on || !rcu_access_pointer(events_chan) ||
	    (config->subbuf_kib == was.subbuf_kib && config->subbufs == was.subbufs)) {
		events_config = *config;
		ret = follow_config();
		if (ret)
			events_config = was;
	}
	/* Pairs with mapstat_events_due(); no ordering. */
	WRITE_ONCE(events_mask, (1U << events_config.shift) - 1);
	mutex_unlock(&events_lock);
	return ret;
}
EXPORT_SYMBOL_IF_KUNIT(mapstat_events_set);

/**
 * mapstat_events_files - set how the channel's files are created
 * @callbacks: relay's; NULL: no files can be created any more, and the channel is closed
 * @dir: their directory
 *
 * Context: Process; sleeps, and takes cpus_read_lock().
 */
void mapstat_events_files(const struct rchan_callbacks *callbacks, struct dentry *dir)
{
	mutex_lock(&events_lock);
	events_callbacks = callbacks;
	events_dir = dir;
	if (follow_config()) {
		pr_err("events: no memory for %u sub-buffers of %u KiB per CPU: events=0\n",
		       events_config.subbufs, events_config.subbuf_kib);
		events_config.on = false;
	}
	mutex_unlock(&events_lock);
}

/**
 * mapstat_events_due - is an access to be recorded?
 *
 * Context: Interrupts off.
 * Return: true for 1 in 2^shift accesses on a CPU.
 */
bool mapstat_events_due(void)
{
	lockdep_assert_irqs_disabled();
	/* Pairs with mapstat_events_set(); no ordering. */
	return !(this_cpu_ptr(&events_cpu)->turn++ & READ_ONCE(events_mask));
}

static void write_record(struct rchan *chan, struct events_cpu *c,
			 const struct mapstat_event *event)
{
	struct mapstat_event *at = relay_reserve(chan, sizeof(*at));

	/* Pair with mapstat_events_count(); no ordering. */
	WRITE_ONCE(c->produced, c->produced + 1);
	if (at)
		*at = *event;
	else
		WRITE_ONCE(c->dropped, c->dropped + 1);
}

/**
 * mapstat_events_put - pass a record on to the tracepoint and the channel
 * @event: the record; its time, number, CPU and version are filled in
 *
 * Context: Interrupts off; mapstat_events_due() returned true.
 */
void mapstat_events_put(struct mapstat_event *event)
{
	struct events_cpu *c = this_cpu_ptr(&events_cpu);
	struct rchan *chan;

	lockdep_assert_irqs_disabled();
	event->time_ns = ktime_get_mono_fast_ns();
	event->seq = c->seq++;
	event->seq_cpu = smp_processor_id();
	event->version = MAPSTAT_EVENT_VERSION;
	/* Pairs with rcu_assign_pointer() in open_channel(). */
	chan = rcu_dereference_sched(events_chan);
	if (chan)
		write_record(chan, c, event);
	trace_mem_access(event);
}

/* Bytes of records in a finished sub-buffer. */
static size_t subbuf_used(const struct rchan_buf *buf, size_t subbuf)
{
	return buf->chan->subbuf_size - buf->padding[subbuf];
}

/**
 * mapstat_events_peek - the next records that can be read
 * @buf: of any CPU; the caller is its only reader
 * @bytes: receives their size
 *
 * Context: Any.
 * Return: the records, valid until mapstat_events_consume(); NULL if no sub-buffer is
 * finished.
 */
const void *mapstat_events_peek(struct rchan_buf *buf, size_t *bytes)
{
	const size_t subbuf = buf->subbufs_consumed % buf->chan->n_subbufs;

	/* Pairs with the release in mapstat_events_subbuf_start(). */
	if (smp_load_acquire(&per_cpu_ptr(&events_cpu, buf->cpu)->ready) ==
	    buf->subbufs_consumed)
		return NULL;
	*bytes = subbuf_used(buf, subbuf) - buf->bytes_consumed;
	return buf->start + subbuf * buf->chan->subbuf_size + buf->bytes_consumed;
}

/**
 * mapstat_events_consume - consume records
 * @buf: as for the preceding mapstat_events_peek()
 * @bytes: size of whole records, at most what that returned
 *
 * Context: Any.
 */
void mapstat_events_consume(struct rchan_buf *buf, size_t bytes)
{
	struct events_reader *reader = per_cpu_ptr(&events_reader, buf->cpu);

	/* Pairs with mapstat_events_count(); no ordering. */
	WRITE_ONCE(reader->read, reader->read + bytes / sizeof(struct mapstat_event));
	buf->bytes_consumed += bytes;
	if (buf->bytes_consumed < subbuf_used(buf, buf->subbufs_consumed % buf->chan->n_subbufs))
		return;
	buf->bytes_consumed = 0;
	/*
	 * The records were copied before the sub-buffer may be rewritten: pairs with the control
	 * dependency of the writer, which checks that not all are full before it begins one.
	 */
	smp_mb();
	relay_subbufs_consumed(buf->chan, buf->cpu, 1);
}

/**
 * mapstat_events_flush - finish a CPU's current sub-buffer, so that it can be read
 * @buf: of any CPU
 *
 * If that CPU is offline, this was done when it went offline.
 *
 * Context: Process; interrupts on.
 */
void mapstat_events_flush(struct rchan_buf *buf)
{
	smp_call_function_single(buf->cpu, flush_buf, buf, 1);
}

/**
 * mapstat_events_count - a CPU's counts
 * @cpu: a possible CPU
 * @count: receives the counts
 *
 * Once nothing is produced any more, produced = dropped + read + records still in the buffer.
 *
 * Context: Any.
 */
void mapstat_events_count(unsigned int cpu, struct mapstat_events_count *count)
{
	const struct events_cpu *c = per_cpu_ptr(&events_cpu, cpu);

	/* Pair with the WRITE_ONCE()s of the CPU and of the reader: no ordering. */
	count->produced = READ_ONCE(c->produced);
	count->dropped = READ_ONCE(c->dropped);
	count->read = READ_ONCE(per_cpu_ptr(&events_reader, cpu)->read);
}

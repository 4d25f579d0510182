// SPDX-License-Identifier: GPL-2.0-only
/*
 * Records from the files events/cpuN of the kernel's relay channel.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "events.h"

#define READ_RECORDS	1024

struct relay_cpu {
	char *file;
	int fd;
};

/* A line of events/stats: a CPU's counts of records since the channel was opened. */
struct cpu_count {
	uint64_t cpu;
	uint64_t produced;
	uint64_t dropped;
	uint64_t read;
};

struct counts {
	struct cpu_count *cpu;
	size_t n;
};

struct relay {
	struct relay_cpu *cpu;
	struct pollfd *poll;
	size_t n;
	bool turned_on;		/* by us: disable it on close */
	struct counts before;	/* to subtract from the kernel's counts */
	struct mapstat_event records[READ_RECORDS];
};

static bool is_open(const struct relay *r, const char *file)
{
	for (size_t i = 0; i < r->n; i++)
		if (!strcmp(r->cpu[i].file, file))
			return true;
	return false;
}

static int open_fail(const struct tree *t, const char *file, int err)
{
	if (err == EBUSY)
		return fail(ST_BUSY, "a file of events allows one reader at a time: end the other",
			    "%s/%s is being read by another process", t->path, file);
	return tree_fail(t, file, err);
}

static int add_cpu(struct relay *r, const struct tree *t, const char *file)
{
	int fd = openat(t->fd, file, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return open_fail(t, file, errno);
	r->cpu = xrealloc(r->cpu, r->n + 1, sizeof(*r->cpu));
	r->poll = xrealloc(r->poll, r->n + 1, sizeof(*r->poll));
	r->cpu[r->n] = (struct relay_cpu){ .file = xstrdup(file), .fd = fd };
	r->poll[r->n++] = (struct pollfd){ .fd = fd, .events = POLLIN };
	return ST_OK;
}

/* Open the files that are not open yet: a CPU that comes online adds one. */
static int open_cpus(struct relay *r, const struct tree *t)
{
	struct names names;
	int ret = tree_list(t, "events", &names);
	char file[64];

	for (size_t i = 0; !ret && i < names.n; i++) {
		if (strncmp(names.name[i], "cpu", 3))
			continue;
		snprintf(file, sizeof(file), "events/%s", names.name[i]);
		if (!is_open(r, file))
			ret = add_cpu(r, t, file);
	}
	names_free(&names);
	return ret;
}

static int parse_counts(struct counts *c, const struct lines *l)
{
	struct cpu_count cpu;

	if (l->nfields != 4 || !parse_u64(l->field[0], &cpu.cpu) ||
	    !parse_u64(l->field[1], &cpu.produced) || !parse_u64(l->field[2], &cpu.dropped) ||
	    !parse_u64(l->field[3], &cpu.read))
		return lines_fail(l, "not a CPU and three counts of records");
	c->cpu = xrealloc(c->cpu, c->n + 1, sizeof(*c->cpu));
	c->cpu[c->n++] = cpu;
	return ST_OK;
}

/* The caller frees @c->cpu, also on failure. */
static int read_counts(const struct tree *t, struct counts *c)
{
	struct lines l;
	int more, ret = lines_open(&l, t, "events/stats");

	*c = (struct counts){ 0 };
	while (!ret && (more = lines_next(&l)) != 0) {
		if (more < 0)
			ret = -more;
		else if (*l.field[0] != '#')
			ret = parse_counts(c, &l);
	}
	lines_close(&l);
	return ret;
}

/* The kernel reads @produced first, so concurrent records may make the other two larger: then 0. */
static uint64_t unread(const struct cpu_count *c)
{
	return c->produced > c->dropped + c->read ? c->produced - c->dropped - c->read : 0;
}

/*
 * The counts of earlier readers, to subtract from those at the end.  If all of a CPU's records were
 * read before, that is everything counted so far.  Otherwise dropped records are missing among
 * those that we are going to read, so only the records already read are subtracted.  A copy holds
 * complete files, whatever its count of read records is: nothing is subtracted.
 */
static int read_counts_before(const struct tree *t, struct counts *c)
{
	const bool live = tree_is_live(t);
	int ret = read_counts(t, c);

	for (size_t i = 0; i < c->n; i++) {
		struct cpu_count *cpu = &c->cpu[i];

		if (!live)
			*cpu = (struct cpu_count){ .cpu = cpu->cpu };
		else if (unread(cpu))
			*cpu = (struct cpu_count){ .cpu = cpu->cpu, .produced = cpu->read };
	}
	return ret;
}

static const struct cpu_count *find_count(const struct counts *c, uint64_t cpu)
{
	for (size_t i = 0; i < c->n; i++)
		if (c->cpu[i].cpu == cpu)
			return &c->cpu[i];
	return NULL;
}

static int read_cpu(struct relay *r, struct event_source *s, size_t i, struct event_sink *sink,
		    bool *any)
{
	ssize_t got = read(r->cpu[i].fd, r->records, sizeof(r->records));
	int ret = ST_OK;

	if (got < 0)
		return errno == EINTR ? ST_OK : tree_fail(s->tree, r->cpu[i].file, errno);
	if ((size_t)got % sizeof(*r->records))
		return fail(ST_MALFORMED, NULL, "%s/%s: ends within a record", s->tree->path,
			    r->cpu[i].file);
	for (size_t at = 0; !ret && at < (size_t)got / sizeof(*r->records); at++) {
		*any = true;
		if (r->records[at].version != MAPSTAT_EVENT_VERSION)
			return fail(ST_ABI, "use the mapstat(1) that came with the module",
				    "%s/%s: records of version %u, this program supports %u",
				    s->tree->path, r->cpu[i].file, r->records[at].version,
				    MAPSTAT_EVENT_VERSION);
		ret = sink->take(sink, &r->records[at]);
	}
	return ret;
}

/*
 * The kernel wakes a reader only when a sub-buffer is full, but read() also returns records of a
 * partial one: so read whether poll() reported data or not.
 */
static int relay_poll(struct event_source *s, struct event_sink *sink, int ms, bool *any)
{
	struct relay *r = s->private;
	int ret = open_cpus(r, s->tree);

	if (!ret && poll(r->poll, r->n, ms) < 0 && errno != EINTR)
		ret = fail(ST_SYSTEM, NULL, "poll: %s", strerror(errno));
	for (size_t i = 0; !ret && i < r->n; i++)
		ret = read_cpu(r, s, i, sink, any);
	return ret;
}

static int relay_count(struct event_source *s, struct event_count *c)
{
	const struct relay *r = s->private;
	struct counts now;
	int ret = read_counts(s->tree, &now);

	for (size_t i = 0; !ret && i < now.n; i++) {
		const struct cpu_count *cpu = &now.cpu[i], *was = find_count(&r->before, cpu->cpu);

		/* The channel has been reopened and counts from 0. */
		if (was && (was->produced > cpu->produced || was->dropped > cpu->dropped))
			was = NULL;
		c->produced += cpu->produced - (was ? was->produced : 0);
		c->dropped += cpu->dropped - (was ? was->dropped : 0);
	}
	free(now.cpu);
	return ret;
}

static int relay_close(struct event_source *s, const sigset_t *caught)
{
	struct relay *r = s->private;
	int sig = 0;

	for (size_t i = 0; i < r->n; i++) {
		close(r->cpu[i].fd);
		free(r->cpu[i].file);
	}
	if (r->turned_on)
		sig = setting_restore(s->tree, "stress/events", "0", caught);
	free(r->before.cpu);
	free(r->cpu);
	free(r->poll);
	free(r);
	return sig;
}

/* Is there no other reader?  Each file can be opened once at a time. */
static bool is_free(const struct tree *t)
{
	struct names names;
	bool ret = true;
	char file[64];

	if (tree_list(t, "events", &names))
		return false;
	for (size_t i = 0; ret && i < names.n; i++) {
		int fd;

		if (strncmp(names.name[i], "cpu", 3))
			continue;
		snprintf(file, sizeof(file), "events/%s", names.name[i]);
		fd = openat(t->fd, file, O_RDONLY | O_CLOEXEC);
		ret = fd >= 0;
		if (ret)
			close(fd);
	}
	names_free(&names);
	return ret;
}

bool relay_has_records(const struct tree *t)
{
	struct counts c;
	uint64_t n = 0;
	char *word;
	bool on;

	if (faccessat(t->fd, "stress/events", R_OK, 0) ||
	    faccessat(t->fd, "events/stats", R_OK, 0) ||
	    tree_read_word(t, "stress/events", &word))
		return false;
	on = !strcmp(word, "1");
	free(word);
	if (!on)
		return false;
	if (!read_counts(t, &c))
		for (size_t i = 0; i < c.n; i++)
			n += unread(&c.cpu[i]);
	free(c.cpu);
	return n && is_free(t);
}

/* Enable events if they are off. */
static int turn_on(struct relay *r, const struct tree *t)
{
	char *word;
	int err, ret = tree_read_word(t, "stress/events", &word);

	if (ret)
		return ret;
	r->turned_on = strcmp(word, "1");
	free(word);
	if (!r->turned_on)
		return ST_OK;
	err = tree_write(t, "stress/events", "1\n");
	if (!err)
		return ST_OK;
	r->turned_on = false;
	if (err == EBUSY)
		return fail(ST_BUSY, "enable them before the run: mapstat run -p events=1",
			    "events are off, and cannot be enabled during a run");
	return tree_refused(t, "stress/events", "events=1", NULL, err);
}

int relay_open(struct event_source *s, const struct tree *t, const sigset_t *caught)
{
	struct relay *r = xrealloc(NULL, 1, sizeof(*r));
	int ret;

	memset(r, 0, sizeof(*r));
	*s = (struct event_source){
		.name = "relay", .tree = t, .private = r, .poll = relay_poll,
		.count = relay_count, .close = relay_close,
	};
	ret = turn_on(r, t);
	if (!ret)
		ret = open_cpus(r, t);
	if (!ret && !r->n)
		ret = fail(ST_VANISHED, "write 0, then 1 to stress/events, and see the kernel log",
			   "%s/events has no files of CPUs", t->path);
	if (!ret)
		ret = read_counts_before(t, &r->before);
	if (ret)
		relay_close(s, caught);
	return ret;
}

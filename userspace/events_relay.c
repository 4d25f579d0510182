// SPDX-License-Identifier: GPL-2.0-only
/*
 * Records from the files events/cpuN, of the kernel's relay channel.
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

struct relay {
	struct relay_cpu *cpu;
	struct pollfd *poll;
	size_t n;
	bool turned_on;		/* by us: turn it off again */
	uint64_t dropped;	/* before we came */
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
		return fail(ST_BUSY, "a file of events has one reader at a time: end the other one",
			    "%s/%s is being read by somebody else", t->path, file);
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

/* Open what is not open yet: CPUs come. */
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

static int sum_dropped(const struct tree *t, uint64_t *dropped)
{
	struct lines l;
	int more, ret = lines_open(&l, t, "events/stats");
	uint64_t n;

	*dropped = 0;
	while (!ret && (more = lines_next(&l)) != 0) {
		if (more < 0)
			ret = -more;
		else if (*l.field[0] == '#')
			continue;
		else if (l.nfields < 3 || !parse_u64(l.field[2], &n))
			ret = lines_fail(&l, "no count of dropped records");
		else
			*dropped += n;
	}
	lines_close(&l);
	return ret;
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
				    "%s/%s: records of version %u, this program knows %u",
				    s->tree->path, r->cpu[i].file, r->records[at].version,
				    MAPSTAT_EVENT_VERSION);
		ret = sink->take(sink, &r->records[at]);
	}
	return ret;
}

/*
 * The kernel wakes us when a sub-buffer is full, and hands out one that is not when it is
 * asked: so ask whether it woke us or not.
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

static uint64_t relay_dropped(struct event_source *s)
{
	struct relay *r = s->private;
	uint64_t now;

	return sum_dropped(s->tree, &now) ? 0 : now - r->dropped;
}

static void relay_close(struct event_source *s)
{
	struct relay *r = s->private;

	for (size_t i = 0; i < r->n; i++) {
		close(r->cpu[i].fd);
		free(r->cpu[i].file);
	}
	if (r->turned_on)
		tree_write(s->tree, "stress/events", "0\n");
	free(r->cpu);
	free(r->poll);
	free(r);
}

/* Have the kernel record events, where it does not. */
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
		return fail(ST_BUSY, "have them on before it begins: mapstat run -p events=1",
			    "events are off, and cannot be turned on during a run");
	return tree_refused(t, "stress/events", "events=1", NULL, err);
}

int relay_open(struct event_source *s, const struct tree *t)
{
	struct relay *r = xrealloc(NULL, 1, sizeof(*r));
	int ret;

	memset(r, 0, sizeof(*r));
	*s = (struct event_source){
		.name = "relay", .tree = t, .private = r, .poll = relay_poll,
		.dropped = relay_dropped, .close = relay_close,
	};
	ret = turn_on(r, t);
	if (!ret)
		ret = open_cpus(r, t);
	if (!ret && !r->n)
		ret = fail(ST_VANISHED, "write 0, then 1 to stress/events, and see the log",
			   "%s/events has no files of CPUs", t->path);
	if (!ret)
		ret = sum_dropped(t, &r->dropped);
	if (ret)
		relay_close(s);
	return ret;
}

// SPDX-License-Identifier: GPL-2.0-only
/*
 * Records from the tracepoint mapstat:mem_access, through BPF.
 *
 * The BPF object is embedded in this program.  It is attached as a raw tracepoint, which needs
 * no type information of the kernel or the module.
 */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include "bpf/mem_access.h"
#include "events.h"

/* The compiled BPF object. */
__asm__(".section .rodata\n"
	".balign 8\n"
	"mem_access_object:\n"
	".incbin \"" MEM_ACCESS_OBJECT "\"\n"
	"mem_access_object_end:\n"
	".previous\n");

struct bpf {
	struct bpf_object *object;
	struct bpf_link *link;
	struct ring_buffer *ring;
	int counts;		/* the map's file descriptor */
	struct event_sink *sink;
	int ret;		/* the sink's last return value; if not 0, it takes no more */
};

/* libbpf's last warning, often the only explanation of an error. */
static char said[256];

__attribute__((format(printf, 2, 0)))
static int keep_complaint(enum libbpf_print_level level, const char *format, va_list ap)
{
	if (level == LIBBPF_WARN)
		vsnprintf(said, sizeof(said), format, ap);
	return 0;
}

static int take_record(void *ctx, void *data, size_t size)
{
	const struct mapstat_event *event = data;
	struct bpf *b = ctx;

	if (b->ret)
		return -ECANCELED;
	if (size != sizeof(*event) || event->version != MAPSTAT_EVENT_VERSION)
		b->ret = fail(ST_ABI, "use the mapstat(1) that came with the module",
			      "the tracepoint's records have another version");
	else
		b->ret = b->sink->take(b->sink, event);
	return b->ret ? -ECANCELED : 0;
}

static int bpf_poll(struct event_source *s, struct event_sink *sink, int ms, bool *any)
{
	struct bpf *b = s->private;
	int n;

	b->sink = sink;
	b->ret = ST_OK;
	n = ring_buffer__poll(b->ring, ms);
	if (b->ret)
		return b->ret;
	if (n < 0 && n != -EINTR)
		return fail(ST_SYSTEM, NULL, "BPF ring buffer: %s", strerror(-n));
	*any = n > 0;
	return ST_OK;
}

static int sum_count(const struct bpf *b, __u32 which, __u64 *sum)
{
	const int cpus = libbpf_num_possible_cpus();
	uint64_t *value = xrealloc(NULL, cpus > 0 ? (size_t)cpus : 1, sizeof(*value));
	int ret = ST_OK;

	if (cpus <= 0 || bpf_map_lookup_elem(b->counts, &which, value))
		ret = fail(ST_SYSTEM, NULL, "BPF: the counts of records cannot be read");
	for (int i = 0; !ret && i < cpus; i++)
		*sum += value[i];
	free(value);
	return ret;
}

/* Read @dropped first: the program counts a record as produced before it can be read or dropped. */
static int bpf_count(struct event_source *s, struct event_count *c)
{
	struct bpf *b = s->private;
	int ret = sum_count(b, MEM_ACCESS_DROPPED, &c->dropped);

	return ret ? ret : sum_count(b, MEM_ACCESS_PRODUCED, &c->produced);
}

static int bpf_close(struct event_source *s, const sigset_t *caught)
{
	struct bpf *b = s->private;

	(void)caught;
	bpf_link__destroy(b->link);
	ring_buffer__free(b->ring);
	bpf_object__close(b->object);
	free(b);
	return 0;
}

/* Return: NULL, or the step that failed. */
static const char *set_up(struct bpf *b)
{
	const size_t size = (size_t)(mem_access_object_end - mem_access_object);
	struct bpf_program *program;

	b->object = bpf_object__open_mem(mem_access_object, size, NULL);
	if (!b->object)
		return "open its object";
	if (bpf_object__load(b->object))
		return "load it";
	program = bpf_object__find_program_by_name(b->object, "mem_access");
	b->link = program ? bpf_program__attach(program) : NULL;
	if (!b->link)
		return "attach it to mapstat:mem_access";
	b->counts = bpf_object__find_map_fd_by_name(b->object, "counts");
	b->ring = ring_buffer__new(bpf_object__find_map_fd_by_name(b->object, "records"),
				   take_record, b, NULL);
	return b->ring ? NULL : "map its ring buffer";
}

int bpf_open(struct event_source *s, const struct tree *t, char *why, size_t size)
{
	struct bpf *b = xrealloc(NULL, 1, sizeof(*b));
	const char *failed;
	int err;

	memset(b, 0, sizeof(*b));
	*s = (struct event_source){
		.name = "bpf", .tree = t, .private = b, .poll = bpf_poll,
		.count = bpf_count, .close = bpf_close,
	};
	*said = '\0';
	libbpf_set_print(keep_complaint);
	failed = set_up(b);
	if (!failed)
		return ST_OK;
	err = errno;
	said[strcspn(said, "\n")] = '\0';
	snprintf(why, size, "cannot %s: %s%s%s%s", failed, strerror(err), *said ? " (" : "",
		 said, *said ? ")" : "");
	bpf_close(s, NULL);
	return ST_SYSTEM;
}

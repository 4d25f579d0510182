// SPDX-License-Identifier: GPL-2.0-only
#define _GNU_SOURCE
#include <errno.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "external.h"

#define DESIGNS		8	/* most processes at a time: one per design */
#define LINE_SIZE	512
#define ANSWER_MS	30000	/* long enough for a busy machine */

/* A process, if pid is not 0, and the map that it holds, if n is not 0. */
struct process {
	char design[32];
	pid_t pid;
	int fd;
	uint64_t n;
	uint64_t seed;
	uint64_t bytes;
};

static struct process processes[DESIGNS];
static cpu_set_t home;
static char program[4096];
static char settings[LINE_SIZE];
static char error[2 * LINE_SIZE];

const char *external_settings(void)
{
	return settings;
}

const char *external_error(void)
{
	return error;
}

__attribute__((format(printf, 2, 3)))
static int failed(int err, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(error, sizeof(error), format, args);
	va_end(args);
	return err;
}

static int64_t now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000LL + ts.tv_nsec / 1000000;
}

/* The process holds no state that needs an orderly end. */
static void process_end(struct process *p)
{
	if (!p->pid)
		return;
	close(p->fd);
	kill(p->pid, SIGKILL);
	while (waitpid(p->pid, NULL, 0) < 0 && errno == EINTR)
		;
	memset(p, 0, sizeof(*p));
}

/* A socket instead of two pipes: send() can avoid SIGPIPE. */
static int process_begin(struct process *p, const char *design)
{
	char *const argv[] = { program, NULL };
	posix_spawn_file_actions_t files;
	cpu_set_t here;
	int fds[2], err;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds))
		return failed(-errno, "socketpair: %s", strerror(errno));
	posix_spawn_file_actions_init(&files);
	posix_spawn_file_actions_adddup2(&files, fds[1], STDIN_FILENO);
	posix_spawn_file_actions_adddup2(&files, fds[1], STDOUT_FILENO);
	/* The process inherits the affinity. */
	sched_getaffinity(0, sizeof(here), &here);
	sched_setaffinity(0, sizeof(home), &home);
	err = posix_spawn(&p->pid, program, &files, NULL, argv, environ);
	sched_setaffinity(0, sizeof(here), &here);
	posix_spawn_file_actions_destroy(&files);
	close(fds[1]);
	if (err) {
		close(fds[0]);
		p->pid = 0;
		return failed(-err, "%s: %s", program, strerror(err));
	}
	p->fd = fds[0];
	snprintf(p->design, sizeof(p->design), "%s", design);
	return 0;
}

static int send_line(struct process *p, const char *line)
{
	size_t length = strlen(line), done = 0;
	ssize_t n;

	while (done < length) {
		n = send(p->fd, line + done, length - done, MSG_NOSIGNAL);
		if (n < 0 && errno != EINTR)
			return failed(-EPIPE, "%s: process died: %s", p->design, strerror(errno));
		if (n > 0)
			done += n;
	}
	return 0;
}

static int read_line(struct process *p, char *line, int64_t deadline)
{
	struct pollfd pollfd = { .fd = p->fd, .events = POLLIN };
	size_t length = 0;
	int64_t left;
	ssize_t n;

	while (length < LINE_SIZE - 1) {
		left = deadline - now_ms();
		if (left <= 0)
			return failed(-ETIMEDOUT, "%s: no answer in time", p->design);
		if (poll(&pollfd, 1, left) <= 0)
			continue;
		n = read(p->fd, line + length, LINE_SIZE - 1 - length);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return failed(-EPIPE, "%s: process died", p->design);
		length += n;
		line[length] = '\0';
		if (line[length - 1] == '\n') {
			line[length - 1] = '\0';
			return 0;
		}
	}
	return failed(-EPROTO, "%s: its answer is too long", p->design);
}

/* Kill a process that failed to answer: its next line would answer an earlier command. */
__attribute__((format(printf, 4, 5)))
static int ask(struct process *p, char *line, int64_t ms, const char *format, ...)
{
	va_list args;
	int err;

	va_start(args, format);
	vsnprintf(line, LINE_SIZE, format, args);
	va_end(args);
	err = send_line(p, line);
	if (!err)
		err = read_line(p, line, now_ms() + ms);
	if (err) {
		process_end(p);
		return err;
	}
	if (!strncmp(line, "error ", 6))
		return failed(-EINVAL, "%s: %s", p->design, line + 6);
	return 0;
}

static int not_understood(struct process *p, const char *line)
{
	failed(-EPROTO, "%s: invalid answer: %s", p->design, line);
	process_end(p);
	return -EPROTO;
}

int external_start(const char *path)
{
	struct process p = { 0 };
	char line[LINE_SIZE];
	int err;

	settings[0] = '\0';
	if (snprintf(program, sizeof(program), "%s", path) >= (int)sizeof(program))
		return failed(-ENAMETOOLONG, "%s: too long", path);
	if (access(program, X_OK)) {
		err = -errno;
		return failed(err, "%s: %s: building it needs a Go compiler (golang-go)",
			      path, strerror(-err));
	}
	sched_getaffinity(0, sizeof(home), &home);
	err = process_begin(&p, "version");
	if (err)
		return err;
	err = ask(&p, line, ANSWER_MS, "version\n");
	process_end(&p);
	if (!err)
		strcpy(settings, line);
	return err;
}

static int process_of(const char *design, struct process **found)
{
	struct process *p, *free = NULL;

	if (!settings[0])
		return failed(-ENOENT, "%s: not started", design);
	if (strlen(design) >= sizeof(p->design))
		return failed(-EINVAL, "%s: too long", design);
	for (p = processes; p < processes + DESIGNS; p++) {
		if (!p->pid) {
			free = p;
		} else if (!strcmp(p->design, design)) {
			*found = p;
			return 0;
		}
	}
	if (!free)
		return failed(-EMFILE, "%s: too many designs", design);
	*found = free;
	return process_begin(free, design);
}

/* Get the process of a design, with its map filled. */
static int filled(const char *design, uint64_t n, uint64_t seed, struct process **found)
{
	char line[LINE_SIZE], rest;
	unsigned long long bytes;
	struct process *p;
	int err;

	err = process_of(design, found);
	if (err)
		return err;
	p = *found;
	if (p->n == n && p->seed == seed)
		return 0;
	p->n = 0;
	/* Ten times what a slow machine needs. */
	err = ask(p, line, ANSWER_MS + n / 50, "create %s %llu %llu\n", design,
		  (unsigned long long)n, (unsigned long long)seed);
	if (err)
		return err;
	if (sscanf(line, "ok %llu%c", &bytes, &rest) != 1)
		return not_understood(p, line);
	p->bytes = bytes;
	p->n = n;
	p->seed = seed;
	return 0;
}

int external_run(const char *design, const struct cell *c, uint64_t seed,
		 struct external_result *r)
{
	unsigned long long ops, ns, found, sum_ok, min_ops, max_ops, wall_ns;
	char line[LINE_SIZE], rest;
	struct process *p;
	int err;

	if (c->mix == MIX_BULK)
		return failed(-EOPNOTSUPP, "%s: it has no bulk lookup", design);
	err = filled(design, c->keys->n, seed, &p);
	if (err)
		return err;
	/* The first zipf and the first chase of a map process all entries first. */
	err = ask(p, line, ANSWER_MS + 20LL * c->ms + c->keys->n / 50, "run %u %s %s %u %llu\n",
		  c->threads, mix_names[c->mix], dist_names[c->dist], c->ms,
		  (unsigned long long)c->warm);
	if (err)
		return err;
	if (sscanf(line, "%llu %llu %llu %llu %llu %llu %llu%c", &ops, &ns, &found, &sum_ok,
		   &min_ops, &max_ops, &wall_ns, &rest) != 7 || !ops || !ns || !wall_ns)
		return not_understood(p, line);
	if (!sum_ok)
		return failed(-EBADMSG, "%s: a wrong value was found", design);
	r->ops = ops;
	r->ns = ns;
	r->wall_ns = wall_ns;
	r->min_ops = min_ops;
	r->max_ops = max_ops;
	return 0;
}

int external_cell(const char *design, const struct cell *c, uint64_t seed, double *mops,
		  double *ns_per_op)
{
	struct external_result r;
	int err;

	err = external_run(design, c, seed, &r);
	if (err)
		return err;
	*ns_per_op = (double)r.ns / r.ops;
	*mops = c->threads * 1e3 / *ns_per_op;
	return 0;
}

int external_bytes(const char *design, uint64_t n, uint64_t seed, uint64_t *bytes)
{
	struct process *p;
	int err;

	err = filled(design, n, seed, &p);
	if (!err)
		*bytes = p->bytes;
	return err;
}

void external_stop(void)
{
	struct process *p;

	for (p = processes; p < processes + DESIGNS; p++)
		process_end(p);
}

/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * mapstat(1): reads the files described in docs/debugfs.md and prints them.
 *
 * The data's way: read.c brings a file into memory; results.c, latency.c, maps.c and misses.c
 * turn text into structures, refusing whatever is not as documented; show.c, explain.c, json.c
 * and run.c print.  A command writes its output into memory first, so that standard output
 * gets all of it or nothing.
 */
#ifndef MAPSTAT_H
#define MAPSTAT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <uapi/mapstat.h>
#include "rank_test.h"

#define MAPSTAT_VERSION	"0.1.0"
#define DEFAULT_ROOT	"/sys/kernel/debug/mapstat"

/* Exit statuses; the man page lists them.  128 + n: ended by signal n. */
enum exit_status {
	ST_OK,
	ST_FAILURE,		/* the run's verdict is FAILURE, or it did not finish */
	ST_USAGE,
	ST_NO_DEBUGFS,
	ST_PERMISSION,
	ST_NO_MODULE,
	ST_ABI,
	ST_BUSY,
	ST_NO_MAP,
	ST_PARAMETER,
	ST_OUTPUT,
	ST_MALFORMED,
	ST_VANISHED,
	ST_SYSTEM,
};

struct options {
	const char *root;	/* directory to read */
	const char *op;		/* operation whose latency is shown */
	bool hist;
	bool answer;		/* and nothing below it */
	bool wait_only;
	const char *source;	/* of events: "auto", "bpf" or "relay" */
	bool json;		/* events as JSON lines, explain as a document */
	const char *count;	/* of events; NULL: no limit */
	const char *seconds;
	const char *map;	/* heat: of this one only */
	const char *svg;	/* heat: a file to draw into */
	bool folded;
	bool last;		/* show the last run, run nothing */
	char **args;		/* map names, or name=value of "run" */
	size_t nargs;
};

/* How to print: found once, in main(). */
struct term {
	unsigned int width;
	bool utf8;
	bool colour;
};

/* -- errors (main.c) -- */

/* Print "mapstat: …" and, with @hint, what to do.  Return: @status. */
int fail(enum exit_status status, const char *hint, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* -- memory (read.c): end the program with ST_SYSTEM when there is none -- */

void *xrealloc(void *p, size_t n, size_t size);
FILE *xmemstream(char **text, size_t *len);
char *xstrdup(const char *s);

/* -- files (read.c) -- */

struct tree {
	int fd;
	const char *path;
};

struct text {
	char *data;		/* NUL-terminated */
	size_t len;
};

/* Names in a directory, sorted. */
struct names {
	char **name;
	size_t n;
};

int tree_open(struct tree *t, const char *path);
void tree_close(struct tree *t);
int tree_read(const struct tree *t, const char *file, struct text *text);
int tree_read_word(const struct tree *t, const char *file, char **word);
int tree_write(const struct tree *t, const char *file, const char *value);
int tree_list(const struct tree *t, const char *dir, struct names *names);
void names_free(struct names *names);
bool names_have(const struct names *names, const char *name);
/* What a failed read of @file means.  Return: an exit status, told to the user. */
int tree_fail(const struct tree *t, const char *file, int err);

/* -- lines of tab-separated fields (text.c) -- */

struct lines {
	const char *file;	/* for messages */
	struct text text;	/* fields point into it */
	char *next;
	unsigned int number;	/* of the current line, from 1 */
	char **field;
	size_t nfields;
	size_t room;
};

int lines_open(struct lines *l, const struct tree *t, const char *file);
void lines_close(struct lines *l);
/* Return: 1 with a line in @l->field, 0 at the end, a negative exit status if truncated. */
int lines_next(struct lines *l);
int lines_fail(const struct lines *l, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

bool is_number(const char *s);		/* as in JSON */
bool parse_u64(const char *s, uint64_t *value);
bool parse_bucket(char **field, unsigned int *index, uint64_t *count);

/* A list of name and value, in the file's order. */
struct pairs {
	char **name;
	char **value;
	size_t n;
};

void pairs_add(struct pairs *p, const char *name, const char *value);
const char *pairs_get(const struct pairs *p, const char *name);
/* Take fields @from… of the form name=value.  Return: false if one is not. */
bool pairs_of_fields(struct pairs *p, const struct lines *l, size_t from);
int pairs_read(const struct tree *t, const char *file, struct pairs *p);
void pairs_free(struct pairs *p);

/* -- version, control, results (results.c) -- */

int version_read(const struct tree *t, struct pairs *p);
/* Only whether the module speaks what this program knows. */
int version_check(const struct tree *t);

enum control_state {
	CONTROL_IDLE,
	CONTROL_RUNNING,
	CONTROL_FAILED,
	CONTROL_STARTING,	/* "start" still stands there: only in a plain file */
};

struct control {
	enum control_state state;
	unsigned int round;
	unsigned int rounds;
	int error;		/* negative errno */
};

int control_read(const struct tree *t, struct control *c);

/* -- emulated or not (accel.c) -- */

enum accel { ACCEL_UNKNOWN, ACCEL_NATIVE, ACCEL_KVM, ACCEL_TCG };

/*
 * Of live files: this machine's, by MAPSTAT_ACCEL, CPUID and /proc/cpuinfo.  Of a saved copy:
 * what its file "accel" says.
 */
int accel_read(const struct tree *t, enum accel *accel);
const char *accel_name(enum accel accel);	/* NULL: unknown */

struct row {
	char **cell;
};

struct results {
	char **column;
	size_t ncolumns;
	struct row *row;
	size_t nrows;
	char *source;		/* NULL if the file has none */
	char *misses;		/* who counted cache misses; NULL as above */
	char *primitives;	/* what the kernel's cost; NULL as above */
	char *verdict;		/* "SUCCESS", "FAILURE", "RUNNING" or "NONE" */
	char *reason;		/* text between that and the parameters */
	struct pairs parameters;
	enum accel accel;
};

int results_read(const struct tree *t, struct results *r);
void results_free(struct results *r);
bool row_is_median(const struct row *row);
/* Return: false if there is no such column, or "-" in it. */
bool row_value(const struct results *r, const struct row *row, const char *column,
	       double *value);
/* A round, during which threads were not on their CPUs: it does not count. */
bool row_is_disturbed(const struct results *r, const struct row *row);
/* A sentence: how many rounds of which maps were.  Return: false if none, and no sentence. */
bool results_disturbed(const struct results *r, FILE *out);
/* How many there were, as text; "-": not known. */
const char *results_threads(const struct results *r);
/* The range of a map's ns_per_op over the rounds that count.  Return: number of rounds. */
unsigned int results_spread(const struct results *r, const char *map, double *min,
			    double *max);
/* Sum of a map's errors, of all its rows: a median may hide the one bad round.
 * Return: false if none was counted.
 */
bool results_errors(const struct results *r, const char *map, double *errors);
/* Return: why the figures of such a run decide nothing; NULL: they do. */
const char *results_undecided(const struct results *r);
/* Return: why no time of it can be used; NULL: they can. */
const char *results_untimed(const struct results *r);

/* -- latency (latency.c) -- */

struct latency_op {
	char *name;
	struct pairs summary;
	uint64_t count;
	uint64_t max_ns;
	uint64_t bucket[MAPSTAT_HIST_BUCKETS];
};

struct latency {
	char *source;
	struct latency_op *op;
	size_t n;
};

int latency_read(const struct tree *t, const char *map, struct latency *lat);
void latency_free(struct latency *lat);
const struct latency_op *latency_find(const struct latency *lat, const char *op);
/* Return: the bucket that holds the quantile; @op has at least one observation. */
unsigned int latency_quantile(const struct latency_op *op, unsigned int per_mille);

/* -- live maps (maps.c) -- */

struct pause_event {
	uint64_t end_ns;
	uint64_t duration_ns;
	uint64_t entries;
	char *kind;
};

struct pause_kind {
	char *name;
	struct pairs summary;
};

struct pauses {
	struct pause_kind *kind;
	size_t nkinds;
	struct pause_event *event;
	size_t nevents;
	uint64_t bucket[MAPSTAT_HIST_BUCKETS];
};

int stats_read(const struct tree *t, const char *map, struct pairs *stats);
int pauses_read(const struct tree *t, const char *map, struct pauses *p);
void pauses_free(struct pauses *p);
int maps_list(const struct tree *t, struct names *names);

/* -- lines that CPUs take from each other (shared.c) -- */

struct shared_line {
	char *address;
	uint64_t misses;	/* coherence misses */
	uint64_t invalidated;
	char *sharing;		/* "true" or "false" */
	char *writers;		/* CPUs, or "-" */
	char *readers;
	char *what;		/* lies there, and who reads and writes it */
};

struct shared {
	char *source;
	struct pairs summary;	/* none where nobody counts coherence misses */
	struct shared_line *line;
	size_t n;
};

int shared_read(const struct tree *t, const char *map, struct shared *s);
void shared_free(struct shared *s);

/* -- cache misses of a live map (misses.c) -- */

struct misses_hist {
	char *name;		/* "l1d", … */
	uint64_t bucket[MAPSTAT_HIST_BUCKETS];	/* thousandths of a miss, all CPUs together */
};

struct misses {
	char *source;		/* NULL: the module has no such file */
	struct pairs total;	/* "ops_total", "load_lines_total", … */
	struct misses_hist *hist;
	size_t nhists;
};

int misses_read(const struct tree *t, const char *map, struct misses *m);
void misses_free(struct misses *m);

/* -- parameters that the documentation knows (params.c) -- */

bool param_is_text(const char *name);
const char *param_range(const char *name);	/* NULL if unknown */

/* -- JSON (json.c) -- */

void json_string(FILE *out, const char *text);
void json_key(FILE *out, const char *name, bool first);
void json_pairs(FILE *out, const struct pairs *p);
/* Not finite: null. */
void json_double(FILE *out, double v);
void json_accel(FILE *out, enum accel accel);
/* "exact" or "normal"; null if there was no test. */
void json_method(FILE *out, const struct rank_test *test);

/* -- terminal (term.c) -- */

void term_init(struct term *term);
/* A terminal that knows escape sequences? */
bool term_moves(int fd);

enum align { LEFT, RIGHT };
enum style { PLAIN, BOLD, DIM, GOOD, BAD };

void style_on(FILE *out, const struct term *term, enum style style);
void style_off(FILE *out, const struct term *term, enum style style);
/* Print @s in @width cells; bytes that are not printable become '?'. */
void put_cell(FILE *out, const char *s, unsigned int width,
	      enum align align);
unsigned int cells(const char *s);
void put_safe(FILE *out, const char *s);

#define HUMAN_LEN	32
char *human_ns(char *buf, const struct term *term, double ns);
char *human_count(char *buf, double n);
char *human_fixed(char *buf, double v, unsigned int decimals);

/* -- commands; Return: an exit status -- */

int show(const struct tree *t, const struct options *opt, const struct term *term, FILE *out);
int json(const struct tree *t, FILE *out);
int events(const struct tree *t, const struct options *opt, FILE *out);
/* @t may be NULL where the records come from a file. */
int heat(const struct tree *t, const struct options *opt, const struct term *term, FILE *out);
int list(const struct tree *t, FILE *out);
int explain(const struct tree *t, const struct options *opt, const struct term *term,
	    FILE *out);
int run(const struct tree *t, const struct options *opt, const struct term *term, FILE *out);
int falseshare(const struct tree *t, const struct options *opt, const struct term *term,
	       FILE *out);
int wait_idle(const struct tree *t);
/*
 * Set @own (NULL at its end) and then what @opt says, run, and wait for the end; @own is put
 * back then.  @verdict receives the exit status that the run deserves.
 */
int run_with(const struct tree *t, const struct options *opt, const char *const *own,
	     int *verdict);

/* -- the ranking (ranking.c) -- */

/* Of each map: with 4, p is 0.029 at best, and two others cannot both be beaten. */
#define ROUNDS_LEAST	5
#define P_MOST		0.05	/* what is as probable by chance alone is noise */

struct ranked {
	const struct row *row;
	const char *map;
	double ns;		/* median of ns_per_op; NaN if not measured */
	double min, max;	/* over the rounds */
	unsigned int rounds;
	struct rank_test test;	/* the best against this one; p is NaN if there was none */
	double p_holm;		/* corrected for the number of comparisons */
	bool wrong;		/* its answers were checked and found wrong */
	bool shown;		/* selected by the arguments */
};

/* All maps of the run: the best is the best of them, whatever is shown. */
struct ranking {
	struct ranked *at;	/* fastest first, wrong ones last; the run's order without times */
	size_t n;
	size_t nshown;
};

/* Do the arguments name this map, or none? */
bool map_selected(const struct options *opt, const char *map);
void ranking_make(struct ranking *k, const struct results *r, const struct options *opt);
const struct ranked *ranking_best(const struct ranking *k);
/* How many were measured and gave right answers; they come first. */
size_t ranking_contenders(const struct ranking *k);
/* Does the best beat this one? */
bool ranked_beaten(const struct ranked *other);
/* Return: why no winner is named; NULL: the best is the winner. */
const char *ranking_undecided(const struct ranking *k);
/*
 * The rounds' times of two maps, one comparison alone.  Return: false without enough rounds, or
 * without times.
 */
bool rounds_compare(const struct results *r, const char *a, const char *b, struct rank_test *test);

/* -- parts of "show" (table.c, histogram.c, answer.c) -- */

/* The ranking alone: times.  The details: all else. */
void table_ranking(const struct results *r, const struct ranking *k, const struct term *term,
		   FILE *out);
void table_details(const struct results *r, const struct ranking *k, const struct options *opt,
		   const struct term *term, FILE *out);
void histogram_show(const char *map, const struct latency_op *op,
		    const struct term *term, FILE *out);
void answer_show(const struct results *r, const struct ranking *k, const struct term *term,
		 FILE *out);
void mix_describe(const struct results *r, FILE *out);
/* Print @s, breaking lines between words. */
void put_wrapped(FILE *out, const struct term *term, const char *s);

#endif /* MAPSTAT_H */

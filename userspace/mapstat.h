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

#include <signal.h>
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
	const char *op;		/* operation whose latency is shown; NULL: not chosen */
	bool hist;
	bool per_cpu;
	bool answer;		/* and nothing below it */
	bool wait_only;
	const char *source;	/* of events: "auto", "bpf" or "relay" */
	bool json;		/* events as JSON lines, others as a document */
	const char *count;	/* of events; NULL: no limit */
	const char *seconds;
	const char *map;	/* heat: of this one only */
	const char *svg;	/* heat: a file to draw into */
	bool folded;
	bool last;		/* show the last run, run nothing */
	bool keep;		/* run: what is not named stays as it is */
	char **args;		/* map names, or name=value of "run" */
	size_t nargs;
};

/* How to print: found once, in main(). */
struct term {
	unsigned int width;
	bool utf8;
	bool colour;
};

/* -- errors (error.c) -- */

/* Print "mapstat: …" and, with @hint, what to do.  Return: @status. */
int fail(enum exit_status status, const char *hint, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/* A write to standard output has failed; errno says why.  Return: an exit status */
int output_failed(void);

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
/* The kernel's files, and not a copy of them? */
bool tree_is_live(const struct tree *t);
void tree_close(struct tree *t);
int tree_read(const struct tree *t, const char *file, struct text *text);
int tree_read_word(const struct tree *t, const char *file, char **word);
int tree_write(const struct tree *t, const char *file, const char *value);
int tree_list(const struct tree *t, const char *dir, struct names *names);
/* Is there such a file?  Another module, or a saved copy, may have none. */
bool tree_has(const struct tree *t, const char *file);
void names_free(struct names *names);
bool names_have(const struct names *names, const char *name);
/* What a failed read of @file means.  Return: an exit status, told to the user. */
int tree_fail(const struct tree *t, const char *file, int err);
/*
 * Of a file that can be written: the one that says the same and can be read when the kernel is
 * locked down; of a module that has none, that file itself.
 */
const char *tree_twin(const struct tree *t, const char *twin, const char *file);

/* -- what a refused write means (write_error.c); Return: an exit status, with its message printed -- */

/* A run does not let it. */
int refused_busy(void);
/* @what was to be: "keys=5", "to start"; @hint may be NULL. */
int tree_refused(const struct tree *t, const char *file, const char *what, const char *hint,
		 int err);

/* -- settings that are put back (restore.c) -- */

/* Block the signals that end the program, to be waited for; ignore SIGPIPE. */
void signals_catch(sigset_t *caught, sigset_t *before);
/* Wait @ms.  Return: the signal that came, or 0. */
int signal_wait(const sigset_t *caught, long ms);
/*
 * Write @value; during a run, which refuses it, wait for the run's end.  What stays as it is,
 * is printed.  Return: the signal of @caught that ended the wait, or 0.
 */
int setting_restore(const struct tree *t, const char *file, const char *value,
		    const sigset_t *caught);

/* -- lines of tab-separated fields (tsv.c) -- */

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
	CONTROL_STARTING,	/* the word written still stands there: only in a plain file */
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
/* How many loads were one call; 1: each by itself. */
uint64_t results_batch(const struct results *r);
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
/* That operation; NULL for @op: load, or load_many if no single load was timed. */
const struct latency_op *latency_choose(const struct latency *lat, const char *op);
/* Return: the bucket that holds the quantile; @op has at least one observation. */
unsigned int latency_quantile(const struct latency_op *op, unsigned int per_mille);

/* Of each CPU that timed something. */
struct latency_cpus {
	char *source;
	struct latency_cpu {
		unsigned int cpu;
		struct latency lat;
	} *at;
	size_t n;
};

int latency_percpu_read(const struct tree *t, const char *map, struct latency_cpus *cpus);
void latency_percpu_free(struct latency_cpus *cpus);

/* -- counters of each CPU (percpu.c) -- */

struct percpu_counter {
	char *name;
	char **value;		/* of each CPU: a number, or "-" */
};

struct percpu {
	unsigned int *cpu;
	size_t ncpus;
	struct percpu_counter *counter;
	size_t n;
};

bool parse_cpu(const char *text, unsigned int *cpu);	/* "cpu3" */
int percpu_read(const struct tree *t, const char *map, struct percpu *p);
void percpu_free(struct percpu *p);
const struct percpu_counter *percpu_find(const struct percpu *p, const char *name);
/* Did CPU @p->cpu[@at] count anything? */
bool percpu_counted(const struct percpu *p, size_t at);

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

/* -- lines that CPUs take from each other (shared_lines.c) -- */

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
/* What lies on a line, with what is of one kind put together (shared_parts.c). */
void put_shared_parts(FILE *out, const char *what);

/* -- cache misses of a live map (misses.c) -- */

struct misses_hist {
	char *who;		/* "all", or "cpu0" */
	char *name;		/* "l1d", … */
	struct pairs summary;
	uint64_t bucket[MAPSTAT_HIST_BUCKETS];	/* thousandths of a miss */
};

struct misses {
	char *source;		/* NULL: the module has no such file */
	struct pairs total;	/* "ops_total", "load_lines_total", … */
	struct misses_hist *hist;
	size_t nhists;
};

int misses_read(const struct tree *t, const char *map, struct misses *m);
void misses_free(struct misses *m);
/* What a source says, with words in the place of an errno.  Return: to be freed. */
char *source_in_words(const char *source);

/* -- parameters (params.c) -- */

/* All but name and value are NULL where the module does not publish them. */
struct param {
	char *name;
	char *kind;		/* number, decimal, word, list or cpus */
	char *fallback;		/* its default */
	char *range;
	char *help;
	char *value;
};

struct params {
	struct param *at;
	size_t n;
};

int params_read(const struct tree *t, struct params *p);
const struct param *params_find(const struct params *p, const char *name);
void params_free(struct params *p);
char *param_file(const char *name);	/* to write it; to be freed */

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
void put_heading(FILE *out, const struct term *term, const char *name, const char *what);

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
int list(const struct tree *t, const struct options *opt, FILE *out);
int parameters(const struct tree *t, const struct options *opt, const struct term *term,
	       FILE *out);
int explain(const struct tree *t, const struct options *opt, const struct term *term,
	    FILE *out);
int run(const struct tree *t, const struct options *opt, const struct term *term, FILE *out);
int falseshare(const struct tree *t, const struct options *opt, const struct term *term,
	       FILE *out);
int wait_idle(const struct tree *t);
int stop(const struct tree *t);
int reset(const struct tree *t);
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

/* What "show" reads before it prints a line. */
struct view {
	struct pairs version;
	struct results results;
	struct names live;
	struct ranking ranking;
};

bool view_has_ranked(const struct view *v, const char *map);
int show_json(const struct tree *t, const struct view *v, const struct options *opt,
	      const struct term *term, FILE *out);

/* -- parts of "show" (table.c, histogram.c, percpu_show.c, ranking_text.c) -- */

/* The ranking alone: times.  The details: all else. */
void table_ranking(const struct results *r, const struct ranking *k, const struct term *term,
		   FILE *out);
void table_details(const struct results *r, const struct ranking *k, const struct options *opt,
		   const struct term *term, FILE *out);
void histogram_show(const char *map, const struct latency_op *op,
		    const struct term *term, FILE *out);
/* The sentence alone, not wrapped.  To be freed. */
char *answer_text(const struct results *r, const struct ranking *k, const struct term *term);
void answer_show(const struct results *r, const struct ranking *k, const struct term *term,
		 FILE *out);
int percpu_show(const struct tree *t, const char *map, const struct options *opt, bool timed,
		const struct term *term, FILE *out);
void mix_describe(const struct results *r, FILE *out);
/*
 * Print @s, breaking lines between words, and within those that are wider than a line.  The output
 * is at @column, and further lines begin at @indent; or both at 0.
 */
void put_hanging(FILE *out, const struct term *term, unsigned int column, unsigned int indent,
		 const char *s);
void put_wrapped(FILE *out, const struct term *term, const char *s);

#endif /* MAPSTAT_H */

/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * mapstat(1): reads the files described in docs/debugfs.md and prints them.
 *
 * Data flow: read.c reads a file into memory; results.c, latency.c, maps.c, misses.c and the
 * like parse it into structures and reject anything undocumented; show.c, explain.c, json.c and
 * run.c print.  A command (except events) writes its output to memory first, so that standard
 * output receives all of it or nothing.
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

/* Exit statuses, listed in the man page.  128 + n: ended by signal n. */
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
	const char *op;		/* operation whose latency is shown; NULL: the default */
	bool hist;
	bool per_cpu;
	bool answer;		/* show: only the ranking and the answer */
	bool wait_only;
	const char *source;	/* of events: "auto", "bpf" or "relay" */
	bool json;		/* one document; events: one line per record */
	const char *count;	/* of events; NULL: no limit */
	const char *seconds;	/* of events; NULL: no limit */
	const char *map;	/* heat: only this map */
	const char *svg;	/* heat: output file */
	bool folded;
	bool last;		/* falseshare: show the last run, start none */
	bool keep;		/* run: parameters not given keep their values */
	char **args;		/* map names, or name=value for "run" */
	size_t nargs;
};

/* Properties of the terminal, determined once per command by term_init(). */
struct term {
	unsigned int width;
	bool utf8;
	bool colour;
};

/* -- errors (error.c) -- */

/* Print "mapstat: …" on standard error and, unless NULL, @hint.  Return: @status */
int fail(enum exit_status status, const char *hint, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/* Report a failed write to standard output; errno holds the reason.  Return: ST_OUTPUT */
int output_failed(void);

/* -- memory (read.c): exit with ST_SYSTEM if out of memory -- */

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
/* Is this debugfs, rather than a copy? */
bool tree_is_live(const struct tree *t);
void tree_close(struct tree *t);
int tree_read(const struct tree *t, const char *file, struct text *text);
int tree_read_word(const struct tree *t, const char *file, char **word);
int tree_write(const struct tree *t, const char *file, const char *value);
int tree_list(const struct tree *t, const char *dir, struct names *names);
/* Does the file exist?  Maps of other modules and saved copies may lack some. */
bool tree_has(const struct tree *t, const char *file);
void names_free(struct names *names);
bool names_have(const struct names *names, const char *name);
/* Report a failed access to @file.  Return: an exit status */
int tree_fail(const struct tree *t, const char *file, int err);
/*
 * @twin is the read-only file with the content of the writable @file: it stays readable under
 * lockdown.  Return: @twin if it exists, otherwise @file
 */
const char *tree_twin(const struct tree *t, const char *twin, const char *file);

/* -- report a refused write (write_error.c); Return: an exit status -- */

/* Refused because of a run. */
int refused_busy(void);
/* @what was refused: "keys=5", "to start"; @hint may be NULL; @err: the errno. */
int tree_refused(const struct tree *t, const char *file, const char *what, const char *hint,
		 int err);

/* -- signals, and restoring settings (restore.c) -- */

/*
 * Block the signals that end the program, to be fetched with signal_wait(), and ignore SIGPIPE.
 * @caught receives them, @before the previous mask.
 */
void signals_catch(sigset_t *caught, sigset_t *before);
/* Wait up to @ms for a signal of @caught.  Return: that signal, or 0 */
int signal_wait(const sigset_t *caught, long ms);
/*
 * Write @value.  During a run, which refuses the write, wait for the end of the run.  Reports a
 * setting that could not be restored.  Return: the signal of @caught that ended the wait, or 0
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
/* Return: 1 with a line in @l->field, 0 at the end, a negated exit status if truncated */
int lines_next(struct lines *l);
/* Report @l's file and line as malformed.  Return: ST_MALFORMED */
int lines_fail(const struct lines *l, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

bool is_number(const char *s);		/* as in JSON */
bool parse_u64(const char *s, uint64_t *value);
bool parse_bucket(char **field, unsigned int *index, uint64_t *count);

/* Names and values, in the order of the file. */
struct pairs {
	char **name;
	char **value;
	size_t n;
};

void pairs_add(struct pairs *p, const char *name, const char *value);
const char *pairs_get(const struct pairs *p, const char *name);
/* Add the fields from @from on.  Return: false if one is not name=value, or a name repeats */
bool pairs_of_fields(struct pairs *p, const struct lines *l, size_t from);
int pairs_read(const struct tree *t, const char *file, struct pairs *p);
void pairs_free(struct pairs *p);

/* -- version, control, results (results.c) -- */

int version_read(const struct tree *t, struct pairs *p);
/* Only check that this program supports the module's ABI version. */
int version_check(const struct tree *t);

enum control_state {
	CONTROL_IDLE,
	CONTROL_RUNNING,
	CONTROL_FAILED,
	CONTROL_STARTING,	/* still holds the command written to it: a plain file */
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
 * Of live files: this machine's, from MAPSTAT_ACCEL, or CPUID and /proc/cpuinfo.  Of a saved
 * copy: from its file "accel".
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
	char *misses;		/* source of cache misses; NULL as above */
	char *primitives;	/* cost of the kernel's primitives; NULL as above */
	char *verdict;		/* "SUCCESS", "FAILURE", "RUNNING" or "NONE" */
	char *reason;		/* text between the verdict and the parameters */
	struct pairs parameters;
	enum accel accel;
};

int results_read(const struct tree *t, struct results *r);
void results_free(struct results *r);
bool row_is_median(const struct row *row);
/* Return: false if there is no such column, or "-" in it. */
bool row_value(const struct results *r, const struct row *row, const char *column,
	       double *value);
/* Loads per call; 1: single loads. */
uint64_t results_batch(const struct results *r);
/* Is it a round that does not count, because threads were off their CPUs? */
bool row_is_disturbed(const struct results *r, const struct row *row);
/* Print how many rounds of which maps were disturbed.  Return: false if none, nothing printed */
bool results_disturbed(const struct results *r, FILE *out);
/* The number of threads, as text; "-": unknown. */
const char *results_threads(const struct results *r);
/* The range of a map's ns_per_op over the undisturbed rounds.  Return: number of rounds */
unsigned int results_spread(const struct results *r, const char *map, double *min,
			    double *max);
/*
 * Sum of a map's errors over all rows: the median alone may hide a single bad round.
 * Return: false if no row has a count of errors
 */
bool results_errors(const struct results *r, const char *map, double *errors);
/* Return: why the run's figures are not conclusive; NULL: they are */
const char *results_undecided(const struct results *r);
/* Return: why the run's times cannot be used; NULL: they can */
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
/* Find @op; NULL: load, or load_many if only that was timed. */
const struct latency_op *latency_choose(const struct latency *lat, const char *op);
/* Return: the bucket that holds the quantile; @op must have at least one observation */
unsigned int latency_quantile(const struct latency_op *op, unsigned int per_mille);

/* Per CPU; only CPUs with observations. */
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

/* -- per-CPU counters (percpu.c) -- */

struct percpu_counter {
	char *name;
	char **value;		/* one per CPU: a number, or "-" */
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

/* -- contended cache lines (shared_lines.c) -- */

struct shared_line {
	char *address;
	uint64_t misses;	/* coherence misses */
	uint64_t invalidated;
	char *sharing;		/* "true" or "false" */
	char *writers;		/* CPUs, or "-" */
	char *readers;
	char *what;		/* the objects on it, and the CPUs that access each */
};

struct shared {
	char *source;
	struct pairs summary;	/* empty if coherence misses are not counted */
	struct shared_line *line;
	size_t n;
};

int shared_read(const struct tree *t, const char *map, struct shared *s);
void shared_free(struct shared *s);
/* Print the objects on a line, those of one kind combined (shared_parts.c). */
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
/* A source line with error names replaced by words.  Return: text for the caller to free */
char *source_in_words(const char *source);

/* -- parameters (params.c) -- */

/* All but name and value are NULL if the module does not publish them. */
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
char *param_file(const char *name);	/* its file; the caller frees the text */

/* -- terminal (term.c) -- */

void term_init(struct term *term);
/* Does the terminal support escape sequences? */
bool term_moves(int fd);

enum align { LEFT, RIGHT };
enum style { PLAIN, BOLD, DIM, GOOD, BAD };

void style_on(FILE *out, const struct term *term, enum style style);
void style_off(FILE *out, const struct term *term, enum style style);
/* Print @s padded to @width cells. */
void put_cell(FILE *out, const char *s, unsigned int width,
	      enum align align);
unsigned int cells(const char *s);
/* Print @s with '?' for everything but printable ASCII. */
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
/* @t may be NULL if the records come from a file. */
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
 * Set the parameters of @own (NULL-terminated), then those of @opt, run, and wait for the end;
 * then restore those of @own.  @verdict receives the exit status that matches the run's verdict.
 */
int run_with(const struct tree *t, const struct options *opt, const char *const *own,
	     int *verdict);

/* -- the ranking (ranking.c) -- */

/* Per map: with 4 rounds p is at least 0.029, too much to beat two other maps. */
#define ROUNDS_LEAST	5
#define P_MOST		0.05	/* from this p on, a difference is noise */

struct ranked {
	const struct row *row;
	const char *map;
	double ns;		/* median of ns_per_op; NaN if not measured */
	double min, max;	/* over the rounds */
	unsigned int rounds;
	struct rank_test test;	/* the best against this one; p is NaN if not tested */
	double p_holm;		/* corrected for the number of comparisons */
	bool wrong;		/* it returned wrong results */
	bool shown;		/* selected by the arguments */
};

/* All maps of the run, whether shown or not. */
struct ranking {
	struct ranked *at;	/* fastest first, wrong ones last; without times in run order */
	size_t n;
	size_t nshown;
};

/* Do the arguments name this map, or no map at all? */
bool map_selected(const struct options *opt, const char *map);
void ranking_make(struct ranking *k, const struct results *r, const struct options *opt);
const struct ranked *ranking_best(const struct ranking *k);
/* Number of maps that were timed and returned right results; they come first in @k->at. */
size_t ranking_contenders(const struct ranking *k);
/* Do the rounds show that the best map is faster than this one? */
bool ranked_beaten(const struct ranked *other);
/* Return: why no winner is named; NULL: the best is the winner */
const char *ranking_undecided(const struct ranking *k);
/*
 * Test the round times of two maps, not corrected for other comparisons.  Return: false if there
 * are too few rounds or no usable times
 */
bool rounds_compare(const struct results *r, const char *a, const char *b, struct rank_test *test);

/* Everything "show" reads before it prints. */
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

/* table_ranking() prints the times, table_details() the other figures. */
void table_ranking(const struct results *r, const struct ranking *k, const struct term *term,
		   FILE *out);
void table_details(const struct results *r, const struct ranking *k, const struct options *opt,
		   const struct term *term, FILE *out);
void histogram_show(const char *map, const struct latency_op *op,
		    const struct term *term, FILE *out);
/* The answer as one unwrapped line; the caller frees it. */
char *answer_text(const struct results *r, const struct ranking *k, const struct term *term);
void answer_show(const struct results *r, const struct ranking *k, const struct term *term,
		 FILE *out);
int percpu_show(const struct tree *t, const char *map, const struct options *opt, bool timed,
		const struct term *term, FILE *out);
void mix_describe(const struct results *r, FILE *out);
/*
 * Print @s, breaking lines between words, and within words that are wider than a line.  The
 * output is at @column; further lines are indented by @indent.
 */
void put_hanging(FILE *out, const struct term *term, unsigned int column, unsigned int indent,
		 const char *s);
void put_wrapped(FILE *out, const struct term *term, const char *s);

#endif /* MAPSTAT_H */

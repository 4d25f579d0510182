// SPDX-License-Identifier: GPL-2.0-only
/*
 * The files version, control and results.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "mapstat.h"

static int check_abi(const struct tree *t, const struct pairs *p)
{
	const char *abi = pairs_get(p, "abi");
	uint64_t found;

	if (!p->n)
		return fail(ST_MALFORMED, "copy with cp -r, which reads files to the end: "
			    "cp -r " DEFAULT_ROOT " saved",
			    "%s/version is empty: a copy by tar or rsync? They make empty copies "
			    "of files in debugfs, whose size is 0", t->path);
	if (!abi || !parse_u64(abi, &found))
		return fail(ST_MALFORMED, NULL, "%s/version: no number after 'abi'", t->path);
	if (found == MAPSTAT_ABI_VERSION)
		return ST_OK;
	return fail(ST_ABI, "use the mapstat(1) that came with the loaded module",
		    "the module has ABI version %s, this program supports version %d", abi,
		    MAPSTAT_ABI_VERSION);
}

int version_read(const struct tree *t, struct pairs *p)
{
	int ret = pairs_read(t, "version", p);

	if (ret)
		return ret;
	ret = check_abi(t, p);
	if (ret)
		pairs_free(p);
	return ret;
}

int version_check(const struct tree *t)
{
	struct pairs version;
	int ret = version_read(t, &version);

	if (!ret)
		pairs_free(&version);
	return ret;
}

int control_read(const struct tree *t, struct control *c)
{
	char *word, rest;
	int ret;

	*c = (struct control){ 0 };
	ret = tree_read_word(t, tree_twin(t, "state", "control"), &word);
	if (ret)
		return ret;
	if (!strcmp(word, "idle"))
		c->state = CONTROL_IDLE;
	else if (!strcmp(word, "start") || !strcmp(word, "stop") || !strcmp(word, "reset"))
		c->state = CONTROL_STARTING;
	else if (sscanf(word, "running %9u/%9u%c", &c->round, &c->rounds, &rest) == 2)
		c->state = CONTROL_RUNNING;
	else if (sscanf(word, "failed %9d%c", &c->error, &rest) == 1 && c->error < 0)
		c->state = CONTROL_FAILED;
	else
		ret = fail(ST_MALFORMED, NULL, "%s/control: '%.60s' is not a state", t->path, word);
	free(word);
	return ret;
}

static bool have_column(const struct results *r, const char *name)
{
	for (size_t i = 0; i < r->ncolumns; i++)
		if (!strcmp(r->column[i], name))
			return true;
	return false;
}

static int parse_header(struct results *r, const struct lines *l)
{
	if (r->ncolumns)
		return lines_fail(l, "a second header");
	if (l->nfields < 3 || strcmp(l->field[1], "round"))
		return lines_fail(l, "the header does not begin with map, round");
	r->column = xrealloc(NULL, l->nfields, sizeof(*r->column));
	for (size_t i = 0; i < l->nfields; i++) {
		const char *name = l->field[i] + (i ? 0 : strlen("# "));

		if (have_column(r, name))
			return lines_fail(l, "column '%s' appears twice", name);
		r->column[r->ncolumns++] = xstrdup(name);
	}
	return ST_OK;
}

static int check_row(const struct results *r, const struct lines *l)
{
	uint64_t round;

	if (!r->ncolumns)
		return lines_fail(l, "a row before the header");
	if (l->nfields != r->ncolumns)
		return lines_fail(l, "%zu columns, not %zu", l->nfields, r->ncolumns);
	if (!*l->field[0])
		return lines_fail(l, "no name of a map");
	if (strcmp(l->field[1], "median") && !parse_u64(l->field[1], &round))
		return lines_fail(l, "round '%s' is neither a number nor 'median'", l->field[1]);
	for (size_t i = 2; i < l->nfields; i++)
		if (strcmp(l->field[i], "-") && !is_number(l->field[i]))
			return lines_fail(l, "%s is '%s': neither a number nor '-'",
					  r->column[i], l->field[i]);
	return ST_OK;
}

static int parse_row(struct results *r, const struct lines *l)
{
	int ret = check_row(r, l);
	struct row *row;

	if (ret)
		return ret;
	r->row = xrealloc(r->row, r->nrows + 1, sizeof(*r->row));
	row = &r->row[r->nrows++];
	row->cell = xrealloc(NULL, l->nfields, sizeof(*row->cell));
	for (size_t i = 0; i < l->nfields; i++)
		row->cell[i] = xstrdup(l->field[i]);
	return ST_OK;
}

/* Return: the '=' of a token name=value, or NULL.  One that ends with ':' belongs to the reason. */
static char *as_parameter(char *token)
{
	char *equals = strchr(token, '=');
	size_t len = strlen(token);

	if (!equals || equals == token || token[len - 1] == ':')
		return NULL;
	if (strspn(token, "abcdefghijklmnopqrstuvwxyz_") != (size_t)(equals - token))
		return NULL;
	return equals;
}

/* "SUCCESS name=value …", "FAILURE why: name=value …": take the parameters from the end. */
static void parse_verdict(struct results *r, char *text)
{
	char *space = strchr(text, ' '), *tail = text + strlen(text), *token, *equals;
	size_t len;

	if (space) {
		*space = '\0';
		text = space + 1;
	} else {
		text = tail;
	}
	for (;;) {
		while (tail > text && tail[-1] == ' ')
			*--tail = '\0';
		for (token = tail; token > text && token[-1] != ' '; token--)
			;
		equals = as_parameter(token);
		if (!equals)
			break;
		*equals = '\0';
		pairs_add(&r->parameters, token, equals + 1);
		*token = '\0';
		tail = token;
	}
	len = strlen(text);
	if (len && text[len - 1] == ':')
		text[len - 1] = '\0';
	r->reason = xstrdup(text);
}

/* The parameters were added from the last to the first. */
static void reverse(struct pairs *p)
{
	for (size_t i = 0; i < p->n / 2; i++) {
		size_t j = p->n - 1 - i;
		char *name = p->name[i], *value = p->value[i];

		p->name[i] = p->name[j];
		p->value[i] = p->value[j];
		p->name[j] = name;
		p->value[j] = value;
	}
}

static bool is_verdict(const char *line)
{
	static const char *const words[] = { "SUCCESS", "FAILURE", "RUNNING", "NONE" };

	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++) {
		size_t len = strlen(words[i]);

		if (!strncmp(line, words[i], len) && (!line[len] || line[len] == ' '))
			return true;
	}
	return false;
}

static int parse_comment(struct results *r, const struct lines *l)
{
	char *text = l->field[0] + strspn(l->field[0], "# ");

	if (!strcmp(l->field[0], "# map"))
		return parse_header(r, l);
	if (!strcmp(l->field[0], "# source")) {
		if (l->nfields != 2 || r->source)
			return lines_fail(l, "source: one text, once");
		r->source = xstrdup(l->field[1]);
	} else if (!strcmp(l->field[0], "# misses")) {
		if (l->nfields != 2 || r->misses)
			return lines_fail(l, "misses: one text, once");
		r->misses = xstrdup(l->field[1]);
	} else if (!strcmp(l->field[0], "# primitives")) {
		if (l->nfields != 2 || r->primitives)
			return lines_fail(l, "primitives: one text, once");
		r->primitives = xstrdup(l->field[1]);
	} else if (l->nfields == 1 && is_verdict(text)) {
		parse_verdict(r, text);
		r->verdict = xstrdup(text);
		reverse(&r->parameters);
	}
	return ST_OK;
}

static int parse_results(struct results *r, struct lines *l)
{
	int more, ret = ST_OK;

	while (!ret && (more = lines_next(l)) != 0) {
		if (more < 0)
			ret = -more;
		else if (r->verdict)
			ret = lines_fail(l, "a line after the verdict");
		else if (*l->field[0] == '#')
			ret = parse_comment(r, l);
		else
			ret = parse_row(r, l);
	}
	if (!ret && !r->verdict)
		ret = lines_fail(l, "truncated: no verdict at the end");
	if (!ret && !r->ncolumns && r->nrows)
		ret = lines_fail(l, "no header");
	return ret;
}

int results_read(const struct tree *t, struct results *r)
{
	struct lines l;
	int ret;

	*r = (struct results){ 0 };
	ret = accel_read(t, &r->accel);
	if (ret)
		return ret;
	ret = lines_open(&l, t, "results");
	if (ret)
		return ret;
	ret = parse_results(r, &l);
	lines_close(&l);
	if (ret)
		results_free(r);
	return ret;
}

void results_free(struct results *r)
{
	for (size_t i = 0; i < r->nrows; i++) {
		for (size_t j = 0; j < r->ncolumns; j++)
			free(r->row[i].cell[j]);
		free(r->row[i].cell);
	}
	for (size_t i = 0; i < r->ncolumns; i++)
		free(r->column[i]);
	free(r->row);
	free(r->column);
	free(r->source);
	free(r->misses);
	free(r->primitives);
	free(r->verdict);
	free(r->reason);
	pairs_free(&r->parameters);
	*r = (struct results){ 0 };
}

bool row_is_median(const struct row *row)
{
	return !strcmp(row->cell[1], "median");
}

bool row_value(const struct results *r, const struct row *row, const char *column,
	       double *value)
{
	for (size_t i = 2; i < r->ncolumns; i++) {
		if (strcmp(r->column[i], column))
			continue;
		if (!strcmp(row->cell[i], "-"))
			return false;
		*value = strtod(row->cell[i], NULL);
		return isfinite(*value);
	}
	return false;
}

bool row_is_disturbed(const struct results *r, const struct row *row)
{
	double away;

	return !row_is_median(row) && row_value(r, row, "threads_away", &away) && away > 0;
}

bool results_disturbed(const struct results *r, FILE *out)
{
	size_t maps = 0;

	for (size_t i = 0; i < r->nrows; i++) {
		const char *map = r->row[i].cell[0];
		unsigned int n = 0;

		if (!row_is_median(&r->row[i]))
			continue;
		for (size_t j = 0; j < r->nrows; j++)
			n += !strcmp(r->row[j].cell[0], map) && row_is_disturbed(r, &r->row[j]);
		if (!n)
			continue;
		fputs(maps++ ? ", " : "Left out, as threads were not on their CPUs: ", out);
		fprintf(out, "%u round%s of ", n, n == 1 ? "" : "s");
		put_safe(out, map);
	}
	fputs(maps ? "." : "", out);
	return maps;
}

/* From the rows: the parameter may be 0, for one per CPU. */
const char *results_threads(const struct results *r)
{
	for (size_t j = 2; j < r->ncolumns && r->nrows; j++)
		if (!strcmp(r->column[j], "threads"))
			return r->row[0].cell[j];
	return "-";
}

uint64_t results_batch(const struct results *r)
{
	const char *batch = pairs_get(&r->parameters, "batch");
	uint64_t n;

	return batch && parse_u64(batch, &n) ? n : 1;
}

unsigned int results_spread(const struct results *r, const char *map, double *min,
			    double *max)
{
	unsigned int rounds = 0;
	double ns;

	for (size_t i = 0; i < r->nrows; i++) {
		if (row_is_median(&r->row[i]) || row_is_disturbed(r, &r->row[i]) ||
		    strcmp(r->row[i].cell[0], map) ||
		    !row_value(r, &r->row[i], "ns_per_op", &ns))
			continue;
		if (!rounds || ns < *min)
			*min = ns;
		if (!rounds || ns > *max)
			*max = ns;
		rounds++;
	}
	return rounds;
}

bool results_errors(const struct results *r, const char *map, double *errors)
{
	bool counted = false;
	double n;

	*errors = 0;
	for (size_t i = 0; i < r->nrows; i++) {
		if (strcmp(r->row[i].cell[0], map) || !row_value(r, &r->row[i], "errors", &n))
			continue;
		*errors += n;
		counted = true;
	}
	return counted;
}

const char *results_undecided(const struct results *r)
{
	if (!strcmp(r->verdict, "NONE") && r->nrows)
		return "The run was stopped before its end: its rounds so far are not conclusive.";
	if (!strcmp(r->verdict, "NONE"))
		return "No run yet. Start one with: mapstat run";
	if (!strcmp(r->verdict, "RUNNING"))
		return "The run is not over, the figures will still change. Wait for it with: "
		       "mapstat wait";
	if (strcmp(r->verdict, "SUCCESS"))
		return "The run failed: its figures are not conclusive.";
	return NULL;
}

const char *results_untimed(const struct results *r)
{
	return r->accel == ACCEL_TCG ? "Emulated CPU (QEMU TCG): times are the emulator's, so "
				       "there is no ranking." : NULL;
}

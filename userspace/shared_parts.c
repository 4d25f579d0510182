// SPDX-License-Identifier: GPL-2.0-only
/*
 * The objects on a cache line, for people: objects that differ only in a number, such as the
 * shards of a packed map, are combined, with their numbers as ranges and their CPUs merged.
 */
#include <stdlib.h>
#include <string.h>
#include "mapstat.h"

#define MANY		4	/* up to this many of a kind are listed one by one */
#define RANGES_MAX	4	/* of numbers; with more, only the first and the last */
#define CPUS_MAX	8192

/* "shard 3 lock r:1 w:0-1" */
struct part {
	char *text;
	char *name;		/* of its kind: "shard # lock r: w:" */
	size_t at;		/* offset of the number in @name; SIZE_MAX: no number */
	uint64_t number;
	char *cpus[2];		/* readers, writers; NULL: none */
	bool shown;
};

static const char *const uses[2] = { "r:", "w:" };

/* Move " r:…" and " w:…" from the end of @text to @p->cpus. */
static void cut_cpus(struct part *p, char *text)
{
	for (size_t i = 2; i--; ) {
		char *last = strrchr(text, ' ');

		if (!last || strncmp(last + 1, uses[i], 2))
			continue;
		p->cpus[i] = xstrdup(last + 3);
		*last = '\0';
	}
}

/* Find the first number that is a word of its own, or follows "cpu". */
static bool find_number(const char *text, size_t *at, size_t *len)
{
	for (*at = 1; text[*at]; ++*at) {
		*len = strspn(text + *at, "0123456789");
		if (*len && (!text[*at + *len] || text[*at + *len] == ' ') &&
		    (text[*at - 1] == ' ' || (*at >= 3 && !strncmp(text + *at - 3, "cpu", 3))))
			return true;
	}
	return false;
}

static void parse_part(struct part *p, const char *text, size_t len)
{
	size_t digits;
	char *name;

	*p = (struct part){ .text = strndup(text, len), .at = SIZE_MAX };
	if (!p->text)
		exit(fail(ST_SYSTEM, NULL, "out of memory"));
	name = xstrdup(p->text);
	cut_cpus(p, name);
	if (find_number(name, &p->at, &digits)) {
		p->number = strtoull(name + p->at, NULL, 10);
		memmove(name + p->at, name + p->at + digits, strlen(name + p->at + digits) + 1);
	} else {
		p->at = SIZE_MAX;
	}
	p->name = name;
}

static bool of_a_kind(const struct part *a, const struct part *b)
{
	return a->at != SIZE_MAX && a->at == b->at && !strcmp(a->name, b->name) &&
	       !a->cpus[0] == !b->cpus[0] && !a->cpus[1] == !b->cpus[1];
}

static void put_range(FILE *out, bool first, uint64_t lo, uint64_t hi)
{
	fprintf(out, lo == hi ? "%s%llu" : "%s%llu-%llu", first ? "" : ",",
		(unsigned long long)lo, (unsigned long long)hi);
}

/* The set bits, as a list of CPUs. */
static void put_bits(FILE *out, const bool *bit, size_t n)
{
	bool first = true;

	for (size_t i = 0, end; i < n; i = end) {
		end = i + 1;
		if (!bit[i])
			continue;
		while (end < n && bit[end])
			end++;
		put_range(out, first, i, end - 1);
		first = false;
	}
}

/* Set the CPUs of @list in @cpu.  Return: false if it is not a list of CPUs */
static bool add_cpus(bool *cpu, const char *list)
{
	while (*list) {
		char *end;
		unsigned long lo = strtoul(list, &end, 10), hi = lo;

		if (end == list)
			return false;
		list = end;
		if (*list == '-') {
			hi = strtoul(list + 1, &end, 10);
			list = end;
		}
		if (hi >= CPUS_MAX || (*list && *list != ','))
			return false;
		for (; lo <= hi; lo++)
			cpu[lo] = true;
		list += *list == ',';
	}
	return true;
}

static int by_number(const void *a, const void *b)
{
	const uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

/* "0-3,8", or "0-15 (9 of them)" if there are too many ranges. */
static void put_numbers(FILE *out, uint64_t *number, size_t n)
{
	size_t ranges = 1;

	qsort(number, n, sizeof(*number), by_number);
	for (size_t i = 1; i < n; i++)
		ranges += number[i] > number[i - 1] + 1;
	if (ranges > RANGES_MAX) {
		put_range(out, true, number[0], number[n - 1]);
		fprintf(out, " (%zu of them)", n);
		return;
	}
	for (size_t i = 0, end; i < n; i = end) {
		for (end = i + 1; end < n && number[end] <= number[end - 1] + 1; end++)
			;
		put_range(out, !i, number[i], number[end - 1]);
	}
}

static void put_all_cpus(FILE *out, const struct part *part, size_t n, size_t first, size_t use)
{
	static bool cpu[CPUS_MAX];

	memset(cpu, 0, sizeof(cpu));
	for (size_t i = first; i < n; i++)
		if (of_a_kind(&part[first], &part[i]) && !add_cpus(cpu, part[i].cpus[use]))
			return;
	fprintf(out, " %s", uses[use]);
	put_bits(out, cpu, CPUS_MAX);
}

/* All parts of the kind of part[first], combined. */
static void put_kind(FILE *out, struct part *part, size_t n, size_t first)
{
	const struct part *p = &part[first];
	uint64_t *number = xrealloc(NULL, n, sizeof(*number));
	size_t count = 0;

	for (size_t i = first; i < n; i++) {
		if (!of_a_kind(p, &part[i]))
			continue;
		number[count++] = part[i].number;
		part[i].shown = true;
	}
	fprintf(out, "%.*s", (int)p->at, p->name);
	put_numbers(out, number, count);
	fputs(p->name + p->at, out);
	for (size_t use = 0; use < 2; use++)
		if (p->cpus[use])
			put_all_cpus(out, part, n, first, use);
	free(number);
}

static size_t count_kind(const struct part *part, size_t n, size_t first)
{
	size_t count = 0;

	for (size_t i = first; i < n; i++)
		count += of_a_kind(&part[first], &part[i]);
	return count;
}

/* @what: parts, separated by "; " */
void put_shared_parts(FILE *out, const char *what)
{
	struct part *part = NULL;
	bool first = true;
	size_t n = 0;

	for (const char *s = what, *end; *s; s = end + (*end ? 2 : 0)) {
		end = strstr(s, "; ");
		end = end ? end : s + strlen(s);
		part = xrealloc(part, n + 1, sizeof(*part));
		parse_part(&part[n++], s, (size_t)(end - s));
	}
	for (size_t i = 0; i < n; i++) {
		if (part[i].shown)
			continue;
		fputs(first ? "" : "; ", out);
		first = false;
		if (count_kind(part, n, i) > MANY)
			put_kind(out, part, n, i);
		else
			fputs(part[i].text, out);
	}
	for (size_t i = 0; i < n; i++) {
		free(part[i].text);
		free(part[i].name);
		free(part[i].cpus[0]);
		free(part[i].cpus[1]);
	}
	free(part);
}

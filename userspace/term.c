// SPDX-License-Identifier: GPL-2.0-only
/*
 * The terminal: width, character set, colour; formatting of cells and numbers.
 */
#include <langinfo.h>
#include <locale.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include "mapstat.h"

#define WIDTH_DEFAULT	80
#define WIDTH_MIN	30	/* narrower terminals wrap the lines */
#define WIDTH_MAX	160	/* longer lines are harder to read */

static unsigned int find_width(void)
{
	const char *columns = getenv("COLUMNS");
	uint64_t width = 0;
	struct winsize size;

	if (!ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) && size.ws_col)
		width = size.ws_col;
	else if (!columns || !parse_u64(columns, &width) || !width)
		width = WIDTH_DEFAULT;
	if (width < WIDTH_MIN)
		return WIDTH_MIN;
	return width > WIDTH_MAX ? WIDTH_MAX : (unsigned int)width;
}

bool term_moves(int fd)
{
	const char *type = getenv("TERM");

	return isatty(fd) && type && strcmp(type, "dumb");
}

void term_init(struct term *term)
{
	const char *no_color = getenv("NO_COLOR");

	setlocale(LC_CTYPE, "");
	term->width = find_width();
	term->utf8 = !strcmp(nl_langinfo(CODESET), "UTF-8");
	term->colour = term_moves(STDOUT_FILENO) && !(no_color && *no_color);
}

static const char *style_code(enum style style)
{
	static const char *const codes[] = {
		[PLAIN] = "", [BOLD] = "\033[1m", [DIM] = "\033[2m",
		[GOOD] = "\033[1;32m", [BAD] = "\033[31m",
	};

	return codes[style];
}

void style_on(FILE *out, const struct term *term, enum style style)
{
	if (term->colour)
		fputs(style_code(style), out);
}

void style_off(FILE *out, const struct term *term, enum style style)
{
	if (term->colour && style != PLAIN)
		fputs("\033[0m", out);
}

/* Does this byte begin a character?  All characters printed here are one column wide. */
static bool is_cell(char c)
{
	return ((unsigned char)c & 0xc0) != 0x80;
}

unsigned int cells(const char *s)
{
	unsigned int n = 0;

	for (; *s; s++)
		n += is_cell(*s);
	return n;
}

/* Text from a file must not contain control sequences for the terminal. */
void put_safe(FILE *out, const char *s)
{
	for (; *s; s++)
		putc(*s >= ' ' && *s < 0x7f ? *s : '?', out);
}

void put_cell(FILE *out, const char *s, unsigned int width,
	      enum align align)
{
	int pad = (int)width - (int)cells(s);

	if (align == RIGHT && pad > 0)
		fprintf(out, "%*s", pad, "");
	fputs(s, out);
	if (align == LEFT && pad > 0)
		fprintf(out, "%*s", pad, "");
}

/* A name from a file and a description, on one line if they fit. */
void put_heading(FILE *out, const struct term *term, const char *name, const char *what)
{
	style_on(out, term, BOLD);
	put_safe(out, name);
	style_off(out, term, BOLD);
	if (cells(name) + 2 + cells(what) <= term->width) {
		fprintf(out, "  %s\n", what);
	} else {
		putc('\n', out);
		put_wrapped(out, term, what);
	}
}

static bool is_whole(double v)
{
	return fabs(v) < 1e15 && v == (double)(int64_t)v;
}

/* Three significant digits. */
static void three_digits(char *buf, double v, const char *unit)
{
	int decimals = v < 9.995 ? 2 : v < 99.95 ? 1 : 0;

	snprintf(buf, HUMAN_LEN, "%.*f%s", decimals, v, unit);
}

char *human_ns(char *buf, const struct term *term, double ns)
{
	if (ns < 999.5 && is_whole(ns))
		snprintf(buf, HUMAN_LEN, "%.0f ns", ns);
	else if (ns < 999.5)
		three_digits(buf, ns, " ns");
	else if (ns < 999.5e3)
		three_digits(buf, ns / 1e3, term->utf8 ? " µs" : " us");
	else if (ns < 999.5e6)
		three_digits(buf, ns / 1e6, " ms");
	else if (ns < 1e15)
		three_digits(buf, ns / 1e9, " s");
	else
		snprintf(buf, HUMAN_LEN, "%.3g s", ns / 1e9);
	return buf;
}

char *human_count(char *buf, double n)
{
	if (n < 9999.5)
		human_fixed(buf, n, is_whole(n) ? 0 : 1);
	else if (n < 999.5e3)
		three_digits(buf, n / 1e3, " k");
	else if (n < 999.5e6)
		three_digits(buf, n / 1e6, " M");
	else if (n < 999.5e9)
		three_digits(buf, n / 1e9, " G");
	else
		snprintf(buf, HUMAN_LEN, "%.3g", n);
	return buf;
}

char *human_fixed(char *buf, double v, unsigned int decimals)
{
	if (fabs(v) < 1e15)
		snprintf(buf, HUMAN_LEN, "%.*f", (int)decimals, v);
	else
		snprintf(buf, HUMAN_LEN, "%.3g", v);
	return buf;
}

/* Return: the new column */
static unsigned int new_line(FILE *out, unsigned int indent)
{
	fprintf(out, "\n%*s", (int)indent, "");
	return indent;
}

void put_hanging(FILE *out, const struct term *term, unsigned int column, unsigned int indent,
		 const char *s)
{
	size_t len;

	for (const char *word = s; *word; word += len + strspn(word + len, " ")) {
		const bool gap = word > s;
		unsigned int width = gap;

		len = strcspn(word, " ");
		for (size_t i = 0; i < len; i++)
			width += is_cell(word[i]);
		if (gap && column + width <= term->width) {
			putc(' ', out);
			column++;
		} else if (column > indent && column + width > term->width) {
			column = new_line(out, indent);
		}
		for (size_t i = 0; i < len; i++) {
			if (is_cell(word[i]) && column >= term->width && column > indent)
				column = new_line(out, indent);
			putc(word[i], out);
			column += is_cell(word[i]);
		}
	}
	putc('\n', out);
}

void put_wrapped(FILE *out, const struct term *term, const char *s)
{
	put_hanging(out, term, 0, 0, s);
}

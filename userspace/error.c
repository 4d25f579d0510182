// SPDX-License-Identifier: GPL-2.0-only
/*
 * Error messages on standard error.
 */
#include <errno.h>
#include <stdarg.h>
#include <string.h>
#include "mapstat.h"

int fail(enum exit_status status, const char *hint, const char *fmt, ...)
{
	va_list ap;

	fputs("mapstat: ", stderr);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	putc('\n', stderr);
	if (hint)
		fprintf(stderr, "  hint: %s\n", hint);
	return status;
}

int output_failed(void)
{
	return fail(ST_OUTPUT, NULL, "cannot write to standard output: %s", strerror(errno));
}

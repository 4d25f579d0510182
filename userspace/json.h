/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * JSON, with json-c: a command builds its document, and writes it when it is complete; after an
 * error it only frees it.  Functions that read a file return an exit status.
 */
#ifndef MAPSTAT_JSON_H
#define MAPSTAT_JSON_H

#include <json-c/json.h>
#include "mapstat.h"

/* -- json.c -- */

/*
 * Add a member, or with NULL for @name an element of an array.  Ends the program if there is no
 * memory: a new @value is NULL then, too.  Return: @value
 */
struct json_object *json_add(struct json_object *to, const char *name,
			     struct json_object *value);
/* NULL: null.  Bytes that are no UTF-8 become U+FFFD, as they do in @name. */
struct json_object *json_add_text(struct json_object *to, const char *name, const char *text);
void json_set_text(struct json_object *value, const char *text);
/* Not finite: null. */
void json_add_double(struct json_object *to, const char *name, double v);
/* A field of a file: a number with the digits that it has there, null for "-", else text. */
void json_add_figure(struct json_object *to, const char *name, const char *field);
/*
 * Write @document as a line, unless @status is an error, and free it.  Return: @status, or that
 * of a write that failed
 */
int json_write(FILE *out, struct json_object *document, int status);

void json_add_pairs(struct json_object *to, const char *name, const struct pairs *p);
/* "exact" or "normal"; null if there was no test. */
void json_add_method(struct json_object *to, const struct rank_test *test);
/* Of the rows, those of the maps that @opt selects; none with "answer". */
void json_add_results(struct json_object *to, const struct results *r, const struct options *opt);
int json_add_accel(struct json_object *to, const struct tree *t);
/* [[lo, hi, count], …] of the occupied buckets; the last one has no hi. */
void json_add_buckets(struct json_object *to, const char *name, const uint64_t *bucket);

/* -- objects of a live map's files, null if the module has no such file (json_map.c) -- */

/* @op: this one only, NULL: all */
int json_add_latency(struct json_object *to, const struct tree *t, const char *map,
		     const char *op);
int json_add_percpu(struct json_object *to, const struct tree *t, const char *map);
int json_add_latency_percpu(struct json_object *to, const struct tree *t, const char *map,
			    const char *op);
void json_add_shared(struct json_object *to, const struct shared *s);
int json_add_maps(struct json_object *to, const struct tree *t);

#endif /* MAPSTAT_JSON_H */

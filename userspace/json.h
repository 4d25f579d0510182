/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * JSON, with json-c.  A command builds its document and writes it when it is complete; after an
 * error the document is only freed.  Functions that read a file return an exit status.
 */
#ifndef MAPSTAT_JSON_H
#define MAPSTAT_JSON_H

#include <json-c/json.h>
#include "mapstat.h"

/* -- json.c -- */

/*
 * Add a member to an object, or, with NULL for @name, an element to an array.  Exits with
 * ST_SYSTEM if out of memory, which includes NULL for @value.  Return: @value
 */
struct json_object *json_add(struct json_object *to, const char *name,
			     struct json_object *value);
/* NULL for @text: null.  Invalid UTF-8 becomes U+FFFD, also in names. */
struct json_object *json_add_text(struct json_object *to, const char *name, const char *text);
void json_set_text(struct json_object *value, const char *text);
/* A value that is not finite becomes null. */
void json_add_double(struct json_object *to, const char *name, double v);
/* A field of a file: null for "-", a number with exactly its digits in the file, else a string. */
void json_add_figure(struct json_object *to, const char *name, const char *field);
/*
 * Write @document as one line, unless @status is an error, and free it.  Return: @status, or
 * ST_OUTPUT if the write failed
 */
int json_write(FILE *out, struct json_object *document, int status);

void json_add_pairs(struct json_object *to, const char *name, const struct pairs *p);
/* "method": "exact" or "normal"; null if there was no test. */
void json_add_method(struct json_object *to, const struct rank_test *test);
/* Rows only of the maps that @opt selects; no rows with --answer. */
void json_add_results(struct json_object *to, const struct results *r, const struct options *opt);
int json_add_accel(struct json_object *to, const struct tree *t);
/* [[lo, hi, count], …] of the occupied buckets; hi is null for the open one. */
void json_add_buckets(struct json_object *to, const char *name, const uint64_t *bucket);

/* -- the files of a live map; null if the module has no such file (json_map.c) -- */

/* @op: only this operation; NULL: all */
int json_add_latency(struct json_object *to, const struct tree *t, const char *map,
		     const char *op);
int json_add_percpu(struct json_object *to, const struct tree *t, const char *map);
int json_add_latency_percpu(struct json_object *to, const struct tree *t, const char *map,
			    const char *op);
void json_add_shared(struct json_object *to, const struct shared *s);
int json_add_maps(struct json_object *to, const struct tree *t);

#endif /* MAPSTAT_JSON_H */

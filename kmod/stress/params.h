/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The parameters: one table, from which the module's parameters, the files under stress/ and
 * the file parameters are made.
 */
#ifndef MAPSTAT_PARAMS_H
#define MAPSTAT_PARAMS_H

#include <linux/errno.h>
#include <linux/limits.h>
#include <linux/types.h>
#include "kmod/refusal.h"

#define STRESS_KEYS_MAX		U32_MAX

struct mapstat_geometry;
struct seq_file;
struct stress_config;

/**
 * struct mapstat_param - one parameter
 * @name: of the module parameter and of the file
 * @help: a line
 * @kind: how its text is to be read: number, decimal, word, list (of words), cpus
 * @set: parse @val (trimmed) into the config; leave it alone where that fails
 * @show: the value as text, no newline; returns its length, at most @size - 1
 * @choices: for @set and @show of words: the words
 * @offset: of the field in struct stress_config
 * @size: of the field
 * @lo: for numbers: the range
 * @hi: for numbers: the range
 * @power_of_2: for numbers: of those, only 0 and powers of two
 * @range: what is allowed, in words; NULL: @choices, or @lo and @hi, say it
 */
struct mapstat_param {
	const char *name;
	const char *help;
	const char *kind;
	int (*set)(const struct mapstat_param *p, struct stress_config *config,
		   const char *val);
	int (*show)(const struct mapstat_param *p, const struct stress_config *config,
		    char *buf, size_t size);
	const char *const *choices;
	size_t offset;
	size_t size;
	u64 lo;
	u64 hi;
	bool power_of_2;
	const char *range;
};

/* In the order of docs/debugfs.md; ends with a NULL name. */
extern const struct mapstat_param mapstat_params[];

/* One line that names the parameter, the value and what it should be. */
#define mapstat_param_refuse(p, val, fmt, ...)					\
	mapstat_refuse(-EINVAL, "parameter %s=%.128s: " fmt, (p)->name, val, ##__VA_ARGS__)

const struct mapstat_param *mapstat_param_find(const char *name);
int mapstat_param_set(const struct mapstat_param *p, const char *str);
int mapstat_param_show(const struct mapstat_param *p, char *buf, size_t size);

void mapstat_params_snapshot(struct stress_config *config);
int mapstat_params_geometry(struct mapstat_geometry *g);
int mapstat_params_resolve(struct stress_config *config);
int mapstat_params_print(struct seq_file *m, const struct stress_config *config);
bool mapstat_param_is_default(const struct mapstat_param *p, const struct stress_config *config);
int mapstat_params_table(struct seq_file *m);
bool mapstat_params_autostart(void);

#endif /* MAPSTAT_PARAMS_H */

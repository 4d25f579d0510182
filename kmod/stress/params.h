/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The parameters: one table that defines the module parameters, the files under stress/ and
 * the contents of the file "parameters".
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
 * @name: name of the module parameter and of the file
 * @help: one line
 * @kind: format of the text: number, decimal, word, list (of words), cpus
 * @set: parse @val (trimmed) into the config; leaves the config unchanged on failure
 * @show: print the value without a newline; returns the length, at most @size - 1
 * @choices: for words and lists: the allowed words
 * @offset: offset of the field in struct stress_config
 * @size: size of the field
 * @lo: for numbers and decimals: minimum
 * @hi: for numbers and decimals: maximum
 * @power_of_2: for numbers: allow only 0 and powers of two within the range
 * @range: allowed values, in words; NULL: derived from @choices, or @lo and @hi
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

/* In the order of docs/debugfs.md; terminated by a NULL name. */
extern const struct mapstat_param mapstat_params[];

/* Log one line with the parameter, the value and what is allowed.  Evaluates to -EINVAL. */
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

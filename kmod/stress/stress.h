/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The stress run: start, stop, show.  All functions except stress_calibrate() and
 * stress_exit(), which are for module init and exit, may be called concurrently at any time.
 */
#ifndef MAPSTAT_STRESS_H
#define MAPSTAT_STRESS_H

#include <linux/init.h>
#include <linux/types.h>

struct seq_file;

int stress_start(void);
int stress_stop(void);
int stress_reset(void);
bool stress_busy(void);
void stress_exit(void);

void stress_state_show(struct seq_file *m);
int stress_results_show(struct seq_file *m);

int __init stress_calibrate(void);

#endif /* MAPSTAT_STRESS_H */

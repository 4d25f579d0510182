/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The mix of operations.
 */
#ifndef MAPSTAT_STRESS_MIX_H
#define MAPSTAT_STRESS_MIX_H

#include <linux/types.h>
#include "kmod/designs/loop.h"
#include "config.h"
#include "random.h"

/**
 * struct stress_mix - thresholds for a 32-bit draw; constant after stress_mix_init()
 * @load: below this: a load
 * @delete: else below this: a delete; else a store
 */
struct stress_mix {
	u64 load;
	u64 delete;
};

void stress_mix_init(struct stress_mix *mix, unsigned int read_permille,
		     unsigned int delete_permille);
enum stress_op stress_mix_draw(const struct stress_mix *mix, struct stress_random *random);

#endif /* MAPSTAT_STRESS_MIX_H */

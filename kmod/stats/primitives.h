/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Cost of the kernel's primitives on this machine: maps are built from them, so a map's times on
 * this kernel apply to another one as far as these costs do.
 */
#ifndef MAPSTAT_PRIMITIVES_H
#define MAPSTAT_PRIMITIVES_H

#include <linux/types.h>

/**
 * struct mapstat_primitive - one primitive, measured at load; constant afterwards
 * @name: its key in the version file, without the unit
 * @ps: cost of one use, picoseconds (median of many), without the loop around it
 */
struct mapstat_primitive {
	const char *name;
	u32 ps;
};

#define MAPSTAT_PRIMITIVES	6

extern struct mapstat_primitive mapstat_primitives[MAPSTAT_PRIMITIVES];

void mapstat_primitives_init(void);

#endif /* MAPSTAT_PRIMITIVES_H */

/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the kernel's own primitives cost here: a map is made of them, so its times on this kernel
 * hold for another one as far as these do.
 */
#ifndef MAPSTAT_PRIMITIVES_H
#define MAPSTAT_PRIMITIVES_H

#include <linux/types.h>

/**
 * struct mapstat_primitive - one of them, measured at load; constant afterwards
 * @name: as a key of the version file, without its unit
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

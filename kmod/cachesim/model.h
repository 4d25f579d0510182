/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The model of first-level data caches and TLBs: what an access would have missed on CPUs
 * of a given geometry; exact and reproducible.
 */
#ifndef MAPSTAT_MODEL_H
#define MAPSTAT_MODEL_H

#include <linux/types.h>
#include "access.h"

/**
 * struct mapstat_geometry - cache and TLB of each CPU; 0 in a request: as on this CPU
 * @l1d_kib: size of the first-level data cache, KiB
 * @l1d_ways: its associativity
 * @line_bytes: size of a line, bytes
 * @dtlb_entries: entries of the first-level data TLB
 * @dtlb_ways: its associativity
 * @page_kib: size of a page, KiB; 0 stays 0: as memory is actually mapped, if that is known
 */
struct mapstat_geometry {
	unsigned int l1d_kib;
	unsigned int l1d_ways;
	unsigned int line_bytes;
	unsigned int dtlb_entries;
	unsigned int dtlb_ways;
	unsigned int page_kib;
};

struct mapstat_model;

/* kmod/cachesim/geometry.c */
void mapstat_geometry_fill(struct mapstat_geometry *g);
bool mapstat_geometry_cache_fits(const struct mapstat_geometry *g);
bool mapstat_geometry_tlb_fits(const struct mapstat_geometry *g);
bool mapstat_geometry_check(const struct mapstat_geometry *g);
int mapstat_geometry_print(const struct mapstat_geometry *g, char *buf, size_t size);
unsigned int mapstat_page_shift(const void *addr);

/* kmod/cachesim/model.c */
u64 mapstat_model_bytes(const struct mapstat_geometry *g, unsigned int own);
struct mapstat_model *mapstat_model_alloc(const struct mapstat_geometry *g,
					  const unsigned long *own, unsigned int cpus);
void mapstat_model_free(struct mapstat_model *model);
void mapstat_model_access(struct mapstat_model *model, struct mapstat_access *t);
unsigned int mapstat_model_line_bytes(const struct mapstat_model *model);

#endif /* MAPSTAT_MODEL_H */

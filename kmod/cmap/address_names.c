// SPDX-License-Identifier: GPL-2.0-only
/*
 * Names for addresses within a map.
 */
#include <linux/kernel.h>
#include "kmod/designs/design.h"

/* The map's per-CPU counters.  Return: length of the text, or 0. */
static int where_percpu(const struct cmap *m, const void *addr, char *buf, size_t size)
{
	int cpu;

	for_each_possible_cpu(cpu) {
		const struct cmap_pcpu *pcpu = per_cpu_ptr(m->stats.pcpu, cpu);

		if (addr >= (const void *)pcpu && addr < (const void *)(pcpu + 1))
			return scnprintf(buf, size, "counts of cpu%d", cpu);
	}
	return 0;
}

/**
 * cmap_where - name what lies at an address of a map
 * @m: the map; may be in use
 * @addr: the address; not dereferenced
 * @buf: receives the text: the design's, or the CPU whose operation counters lie there
 * @size: of @buf
 *
 * Context: Process; may sleep.
 * Return: length of the text; 0 if unknown.
 */
int cmap_where(struct cmap *m, const void *addr, char *buf, size_t size)
{
	int n = m->ops->where ? m->ops->where(m, addr, buf, size) : 0;

	return n ?: where_percpu(m, addr, buf, size);
}
EXPORT_SYMBOL_IF_KUNIT(cmap_where);

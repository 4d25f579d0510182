// SPDX-License-Identifier: GPL-2.0-only
/*
 * From an address to the name of what lies there.
 */
#include <linux/kernel.h>
#include "kmod/designs/design.h"

/* The share of one CPU in what is per CPU.  Return: length of the text, or 0. */
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
 * cmap_where - what of a map lies at an address?
 * @m: the map; others may use it meanwhile
 * @addr: the address; it is not dereferenced
 * @buf: receives the text: as the design says, or whose counts of
 *	operations they are
 * @size: of @buf
 *
 * Context: Process; may sleep.
 * Return: length of the text; 0 where it is not known.
 */
int cmap_where(struct cmap *m, const void *addr, char *buf, size_t size)
{
	int n = m->ops->where ? m->ops->where(m, addr, buf, size) : 0;

	return n ?: where_percpu(m, addr, buf, size);
}
EXPORT_SYMBOL_IF_KUNIT(cmap_where);

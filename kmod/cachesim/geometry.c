// SPDX-License-Identifier: GPL-2.0-only
/*
 * Geometry of this CPU's first-level data cache and TLB, as far as CPUID reports it.
 */
#include <linux/kernel.h>
#include <linux/log2.h>
#include <linux/mm.h>
#include <linux/string.h>
#include "kmod/compat.h"
#include "model.h"

/* A recent x86, for what the CPU does not report. */
static const struct mapstat_geometry defaults = {
	.l1d_kib	= 48,
	.l1d_ways	= 12,
	.line_bytes	= 64,
	.dtlb_entries	= 64,
	.dtlb_ways	= 4,
};

#ifdef __x86_64__

struct leaf {
	u32 a, b, c, d;
};

static struct leaf cpu_leaf(u32 leaf, u32 sub)
{
	struct leaf l;

	asm volatile("cpuid" : "=a" (l.a), "=b" (l.b), "=c" (l.c), "=d" (l.d)
		     : "a" (leaf), "c" (sub));
	return l;
}

static bool cpu_has_leaf(u32 leaf)
{
	return cpu_leaf(leaf & 0x80000000, 0).a >= leaf;
}

/* Intel's leaf 4 and AMD's leaf 0x8000001d have the same format. */
static bool cache_of(u32 leaf, struct mapstat_geometry *g)
{
	u32 i;

	for (i = 0; cpu_has_leaf(leaf) && i < 8; i++) {
		const struct leaf l = cpu_leaf(leaf, i);
		const u32 type = l.a & 31, level = l.a >> 5 & 7;

		if (!type)
			break;
		if (type != 1 || level != 1)	/* first-level data cache */
			continue;
		g->l1d_ways = (l.b >> 22) + 1;
		g->line_bytes = (l.b & 0xfff) + 1;
		g->l1d_kib = g->l1d_ways * g->line_bytes * (l.c + 1) / 1024;
		return true;
	}
	return false;
}

/* Intel's list of TLBs: find a first-level data TLB for 4 KiB pages. */
static bool tlb_of_intel(struct mapstat_geometry *g)
{
	u32 i, last;

	if (!cpu_has_leaf(0x18))
		return false;
	last = cpu_leaf(0x18, 0).a;
	for (i = 0; i <= last && i < 16; i++) {
		const struct leaf l = cpu_leaf(0x18, i);
		const u32 type = l.d & 31, level = l.d >> 5 & 7;

		if ((type != 1 && type != 4) || level != 1 || !(l.b & 1))
			continue;
		g->dtlb_ways = l.b >> 16;
		g->dtlb_entries = g->dtlb_ways * l.c;
		return g->dtlb_entries;
	}
	return false;
}

static bool tlb_of_amd(struct mapstat_geometry *g)
{
	u32 b;

	if (!cpu_has_leaf(0x80000005))
		return false;
	b = cpu_leaf(0x80000005, 0).b;
	g->dtlb_entries = b >> 16 & 0xff;
	g->dtlb_ways = b >> 24 == 0xff ? g->dtlb_entries : b >> 24;
	return g->dtlb_entries && g->dtlb_ways;
}

static void ask_cpu(struct mapstat_geometry *g)
{
	struct mapstat_geometry has = defaults;

	if (cache_of(4, &has) || cache_of(0x8000001d, &has)) {
		g->l1d_kib = has.l1d_kib;
		g->l1d_ways = has.l1d_ways;
		g->line_bytes = has.line_bytes;
	}
	if (tlb_of_intel(&has) || tlb_of_amd(&has)) {
		g->dtlb_entries = has.dtlb_entries;
		g->dtlb_ways = has.dtlb_ways;
	}
}

#else

static void ask_cpu(struct mapstat_geometry *g)
{
}

#endif

/**
 * mapstat_geometry_fill - fill in unspecified fields
 * @g: fields that are 0 are set to this CPU's, or to those of a recent x86 if it does not report
 *	them or the model cannot represent them
 *
 * Context: Any.
 */
void mapstat_geometry_fill(struct mapstat_geometry *g)
{
	struct mapstat_geometry has = defaults;

	ask_cpu(&has);
	if (!mapstat_geometry_check(&has))
		has = defaults;
	g->l1d_kib = g->l1d_kib ?: has.l1d_kib;
	g->l1d_ways = g->l1d_ways ?: has.l1d_ways;
	g->line_bytes = g->line_bytes ?: has.line_bytes;
	g->dtlb_entries = g->dtlb_entries ?: has.dtlb_entries;
	g->dtlb_ways = g->dtlb_ways ?: has.dtlb_ways;
}
EXPORT_SYMBOL_IF_KUNIT(mapstat_geometry_fill);

/**
 * mapstat_geometry_cache_fits - does the cache have a power of two of sets?
 * @g: filled in
 *
 * Context: Any.
 * Return: whether it does.
 */
bool mapstat_geometry_cache_fits(const struct mapstat_geometry *g)
{
	const unsigned int way = g->l1d_ways * g->line_bytes;

	return way && !(g->l1d_kib * 1024 % way) && is_power_of_2(g->l1d_kib * 1024 / way);
}

/**
 * mapstat_geometry_tlb_fits - does the TLB have a power of two of sets?
 * @g: filled in
 *
 * Context: Any.
 * Return: whether it does.
 */
bool mapstat_geometry_tlb_fits(const struct mapstat_geometry *g)
{
	return g->dtlb_ways && !(g->dtlb_entries % g->dtlb_ways) &&
	       is_power_of_2(g->dtlb_entries / g->dtlb_ways);
}

/**
 * mapstat_geometry_check - can the model represent a geometry?
 * @g: filled in
 *
 * Context: Any.
 * Return: whether it can.
 */
bool mapstat_geometry_check(const struct mapstat_geometry *g)
{
	return is_power_of_2(g->line_bytes) && mapstat_geometry_cache_fits(g) &&
	       mapstat_geometry_tlb_fits(g) && (!g->page_kib || is_power_of_2(g->page_kib));
}
EXPORT_SYMBOL_IF_KUNIT(mapstat_geometry_check);

/**
 * mapstat_geometry_print - describe a geometry
 * @g: filled in
 * @buf: receives the text
 * @size: of @buf
 *
 * Context: Any.
 * Return: length of the text.
 */
int mapstat_geometry_print(const struct mapstat_geometry *g, char *buf, size_t size)
{
	int n = scnprintf(buf, size,
			  "model L1D %u KiB %u-way %u B, dTLB %u entries %u-way, pages ",
			  g->l1d_kib, g->l1d_ways, g->line_bytes, g->dtlb_entries,
			  g->dtlb_ways);

	if (g->page_kib)
		n += scnprintf(buf + n, size - n, "%u KiB", g->page_kib);
	else
		n += scnprintf(buf + n, size - n, "as mapped");
	return n + scnprintf(buf + n, size - n, ", LRU, no prefetcher");
}

#if defined(CONFIG_X86_64) && !defined(CONFIG_UML)

#include <linux/pgtable.h>

/**
 * mapstat_page_shift - log2 of the size of the page that maps an address
 * @addr: the address
 *
 * Context: Any.
 * Return: log2 of bytes; PAGE_SHIFT if it is not known.
 */
unsigned int mapstat_page_shift(const void *addr)
{
	unsigned int level = PG_LEVEL_4K;

	if (!lookup_address((unsigned long)addr, &level))
		return PAGE_SHIFT;
	return level == PG_LEVEL_1G ? PUD_SHIFT : level == PG_LEVEL_2M ? PMD_SHIFT : PAGE_SHIFT;
}

#else

unsigned int mapstat_page_shift(const void *addr)
{
	return PAGE_SHIFT;
}

#endif

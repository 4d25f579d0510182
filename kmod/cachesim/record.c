// SPDX-License-Identifier: GPL-2.0-only
/*
 * Memory-access events: from an access to a record.
 */
#include <linux/io.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/pfn.h>
#include <linux/vmalloc.h>
#include "kmod/compat.h"
#include "kmod/stats/counters.h"
#include "events.h"
#include "access.h"

/* The values in a record are those of access.h. */
static_assert((int)MAPSTAT_EVENT_L1_HIT == (int)MAPSTAT_L1_HIT);
static_assert((int)MAPSTAT_EVENT_L1_COLD == (int)MAPSTAT_L1_COLD);
static_assert((int)MAPSTAT_EVENT_L1_CAPACITY == (int)MAPSTAT_L1_CAPACITY);
static_assert((int)MAPSTAT_EVENT_L1_CONFLICT == (int)MAPSTAT_L1_CONFLICT);
static_assert((int)MAPSTAT_EVENT_L1_COHERENCE == (int)MAPSTAT_L1_COHERENCE);
static_assert((int)MAPSTAT_EVENT_OP_NONE == (int)MAPSTAT_OP_NONE);
static_assert((int)MAPSTAT_EVENT_OP_LOAD == (int)MAPSTAT_OP_LOAD);
static_assert((int)MAPSTAT_EVENT_OP_STORE == (int)MAPSTAT_OP_STORE);
static_assert((int)MAPSTAT_EVENT_OP_DELETE == (int)MAPSTAT_OP_DELETE);
static_assert((int)MAPSTAT_EVENT_OP_RMW == (int)MAPSTAT_OP_RMW);
static_assert((int)MAPSTAT_EVENT_OP_RANGE == (int)MAPSTAT_OP_RANGE);
static_assert((int)MAPSTAT_EVENT_OP_LOAD_MANY == (int)MAPSTAT_OP_LOAD_MANY);

/*
 * Maps are in the linear mapping and in vmalloc areas; per-CPU memory is in either.  By the time
 * the model is fed, a table may have been freed, and its mapping with it.
 */
static u64 pfn_of(const void *addr)
{
	if (is_vmalloc_addr(addr)) {
		const struct page *page = vmalloc_to_page(addr);

		return page ? page_to_pfn(page) : MAPSTAT_EVENT_NO_PFN;
	}
	if (virt_addr_valid(addr))
		return PHYS_PFN(virt_to_phys((void *)addr));
	return MAPSTAT_EVENT_NO_PFN;
}

/**
 * mapstat_events_make - record an access, if it is due
 * @t: the access
 *
 * Context: Interrupts off.
 */
void mapstat_events_make(const struct mapstat_access *t)
{
	struct mapstat_event event;

	if (!mapstat_events_due())
		return;
	event = (struct mapstat_event){
		.addr		= (unsigned long)t->addr,
		.pfn		= pfn_of(t->addr),
		.pid		= t->pid,
		.cpu		= t->cpu,
		.map		= t->map->id,
		.size		= t->size,
		.site		= mapstat_access_site_id(t->site),
		.type		= t->access == MAPSTAT_READ ? MAPSTAT_EVENT_READ :
							      MAPSTAT_EVENT_WRITE,
		.l1		= t->l1,
		.op		= t->op ? t->op->kind : MAPSTAT_EVENT_OP_NONE,
		.invalidated	= min(t->invalidated, 255U),
	};
	if (t->access == MAPSTAT_ATOMIC)
		event.flags |= MAPSTAT_EVENT_ATOMIC;
	if (t->l1 != MAPSTAT_L1_HIT)
		event.flags |= MAPSTAT_EVENT_L1_MISS;
	if (t->tlb_miss)
		event.flags |= MAPSTAT_EVENT_TLB_MISS;
	mapstat_events_put(&event);
}
EXPORT_SYMBOL_IF_KUNIT(mapstat_events_make);

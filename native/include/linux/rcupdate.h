/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * RCU, by liburcu's QSBR flavour: read-side sections cost nothing, as in a kernel without
 * preemption; each thread reports when it is in none (shim/rcu.c).
 */
#ifndef _NATIVE_LINUX_RCUPDATE_H
#define _NATIVE_LINUX_RCUPDATE_H

#include <linux/kernel.h>

#define rcu_read_lock()		barrier()
#define rcu_read_unlock()	barrier()

/* The dependency orders accesses through the pointer. */
#define rcu_dereference(p)	native_load_dependent(p)
#define rcu_dereference_raw(p)	native_load_dependent(p)
#define rcu_dereference_sched(p)	native_load_dependent(p)
#define rcu_dereference_protected(p, held)	({ (void)(held); (p); })
#define rcu_access_pointer(p)	READ_ONCE(p)
/* Pairs with rcu_dereference(): publishes what was written before. */
#define rcu_assign_pointer(p, v)	smp_store_release(&(p), v)
#define RCU_INIT_POINTER(p, v)	WRITE_ONCE(p, v)

void native_synchronize_rcu(void);
void native_rcu_barrier(void);
void native_free_rcu(struct rcu_head *head, size_t offset);

/* These names are used by liburcu. */
#define synchronize_rcu()	native_synchronize_rcu()
#define rcu_barrier()		native_rcu_barrier()

#define kfree_rcu(ptr, field)							\
	native_free_rcu(&(ptr)->field, offsetof(__typeof__(*(ptr)), field))
#define kvfree_rcu(ptr, field)	kfree_rcu(ptr, field)

#endif /* _NATIVE_LINUX_RCUPDATE_H */

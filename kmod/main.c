// SPDX-License-Identifier: GPL-2.0-only
/*
 * Module init and exit: the only file that depends on all parts.
 */
#include <linux/module.h>
#include <linux/printk.h>
#include <linux/rcupdate.h>
#include <linux/workqueue.h>
#include "debugfs/debugfs.h"
#include "kmod/cachesim/events.h"
#include "kmod/designs/design.h"
#include "kmod/stats/clock.h"
#include "kmod/stats/primitives.h"
#include "kmod/stress/params.h"
#include "kmod/stress/stress.h"

/*
 * Growth, promotion and reclaim of all maps.  Unbound, because the work runs long and would
 * delay a CPU's other work items; high priority, so that writers do not outrun it; and
 * WQ_MEM_RECLAIM, because it frees memory and must make progress when memory is short.
 */
struct workqueue_struct *mapstat_wq;

static int __init mapstat_init(void)
{
	int ret;

	ret = mapstat_clock_init() ?: stress_calibrate() ?: mapstat_access_init();
	if (ret)
		return ret;
	mapstat_primitives_init();
	mapstat_wq = alloc_workqueue("mapstat", WQ_UNBOUND | WQ_HIGHPRI | WQ_MEM_RECLAIM, 0);
	if (!mapstat_wq) {
		mapstat_access_exit();
		return -ENOMEM;
	}
	ret = mapstat_events_init();
	if (ret)
		goto fail_events;
	if (mapstat_params_autostart()) {
		ret = stress_start();
		if (ret)
			goto fail;
	}
	/*
	 * Last: a file that is held open outlives a module whose init fails, and its release()
	 * would then be in freed code.
	 */
	ret = mapstat_debugfs_init();
	if (ret)	/* not fatal: the maps work without it */
		pr_warn("no debugfs: %d\n", ret);
	return 0;

fail:
	stress_exit();
	mapstat_events_exit();
fail_events:
	destroy_workqueue(mapstat_wq);
	rcu_barrier();
	mapstat_access_exit();
	return ret;
}

/*
 * No other module has a live map: each holds a reference to this one.  The files go first, so
 * that no run can be started after the last one was stopped.
 */
static void __exit mapstat_exit(void)
{
	mapstat_debugfs_exit();
	stress_exit();
	mapstat_events_exit();
	destroy_workqueue(mapstat_wq);
	rcu_barrier();	/* the maps' RCU callbacks are in this module */
	mapstat_access_exit();
}

module_init(mapstat_init);
module_exit(mapstat_exit);

MODULE_DESCRIPTION("Concurrent maps for read-mostly data, measured");
MODULE_AUTHOR("the mapstat developers");
MODULE_VERSION("0.1.0");
MODULE_LICENSE("GPL");

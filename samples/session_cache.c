// SPDX-License-Identifier: GPL-2.0-only
/*
 * Sample: a cache of login sessions in another module, on a map of mapstat.
 *
 * A session is found by a random token of 32 bytes; every request looks its token up, and
 * occasionally a user logs in or out, or is inactive for so long that the session expires.  A
 * thread of this module plays all the users.  While it runs,
 *
 *	cat /sys/kernel/debug/mapstat/maps/session_cache/stats
 *
 * shows the map's statistics, as for any other live map.
 *
 * To use a map in your own module you need what is marked with a number below, and in its
 * Kbuild: ccflags-y += -I<mapstat>/include, and KBUILD_EXTRA_SYMBOLS=<mapstat>/Module.symvers.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/delay.h>
#include <linux/err.h>
#include <linux/jiffies.h>
#include <linux/kthread.h>
#include <linux/module.h>
#include <linux/random.h>
#include <linux/slab.h>
#include <mapstat/cmap.h>	/* 1. the API; it begins with its guarantees */

#define TOKEN_BYTES	32
#define REQUESTS	100	/* between two pauses of the thread */
#define PAUSE_MS	5
#define LIFETIME	(2 * HZ)

/*
 * 2. A value is a struct of fixed size that is copied in and out: no caller holds a pointer
 * into the map.  Values are compared byte by byte, so the struct has no padding.
 */
struct session {
	u64 user;
	u64 requests;
	unsigned long last_seen;	/* jiffies */
};

static char *design = "readdirty";
module_param(design, charp, 0444);
MODULE_PARM_DESC(design, "rwlock, sharded, readdirty, seqlock, rhashtable or hlist (readdirty)");

static unsigned int sessions = 1000;
module_param(sessions, uint, 0444);
MODULE_PARM_DESC(sessions, "number of users, 1..1000000 (1000)");

static struct cmap *cache;		/* constant while the thread runs */
static struct task_struct *users;
static u8 (*tokens)[TOKEN_BYTES];	/* a user's token; written before the thread starts */

/*
 * 3. Any operation on one key is atomic, on any number of CPUs, without a lock of the caller.
 * If it returns -ENOMEM, nothing has changed; a cache can ignore that.
 */
static void login(unsigned int user)
{
	const struct session new = { .user = user, .last_seen = jiffies, .requests = 1 };

	if (cmap_store(cache, tokens[user], &new))
		pr_warn_once("no memory: the session of user %u is not cached\n", user);
}

/*
 * 4. To change a value that others may change concurrently: load, compute, compare and swap.
 * -EAGAIN: the value has changed since the load; -ENOENT: the session has expired since then.
 */
static int request(unsigned int user)
{
	struct session old, new;
	int ret;

	do {
		ret = cmap_load(cache, tokens[user], &old);
		if (ret)
			return ret;
		new = old;
		new.last_seen = jiffies;
		new.requests++;
		ret = cmap_compare_and_swap(cache, tokens[user], &old, &new);
	} while (ret == -EAGAIN);
	return ret;
}

/* 5. Range copies each entry out, so the callback may sleep, and may change the map. */
static bool expire(const void *token, const void *value, void *unused)
{
	const struct session *s = value;

	/* Fails with -EAGAIN, as it should, if a request has just renewed the session. */
	if (time_after(jiffies, s->last_seen + LIFETIME))
		cmap_compare_and_delete(cache, token, value);
	return !kthread_should_stop();
}

static int users_thread(void *unused)
{
	unsigned long next_expiry = jiffies + LIFETIME;
	unsigned int i, user;

	while (!kthread_should_stop()) {
		for (i = 0; i < REQUESTS; i++) {
			/* Few users are active, most rarely: the smaller of two draws. */
			user = min(get_random_u32() % sessions, get_random_u32() % sessions);
			if (request(user) == -ENOENT)
				login(user);
			else if (!(get_random_u32() % 64))
				cmap_delete(cache, tokens[user]);	/* logs out */
		}
		if (time_after(jiffies, next_expiry)) {
			cmap_range(cache, expire, NULL);
			next_expiry = jiffies + LIFETIME;
		}
		msleep(PAUSE_MS);
	}
	return 0;
}

static int __init session_cache_init(void)
{
	/* 6. The name is that of the directory in debugfs.  Without a capacity the map grows. */
	const struct cmap_params params = {
		.name		= KBUILD_MODNAME,
		.design		= design,
		.key_size	= TOKEN_BYTES,
		.value_size	= sizeof(struct session),
		.capacity	= sessions,
	};
	int ret;

	if (!sessions || sessions > 1000000) {
		pr_err("parameter sessions=%u: not in 1..1000000\n", sessions);
		return -EINVAL;
	}
	/* The size depends on a parameter: fail, instead of invoking the OOM killer. */
	tokens = kvmalloc_array(sessions, sizeof(*tokens), GFP_KERNEL | __GFP_RETRY_MAYFAIL);
	if (!tokens)
		return -ENOMEM;
	get_random_bytes(tokens, (size_t)sessions * sizeof(*tokens));

	cache = cmap_create(&params);
	if (IS_ERR(cache)) {
		ret = PTR_ERR(cache);	/* -EINVAL: the log names the parameter and the reason */
		goto free_tokens;
	}
	users = kthread_run(users_thread, NULL, KBUILD_MODNAME);
	if (IS_ERR(users)) {
		ret = PTR_ERR(users);
		goto destroy;
	}
	return 0;

destroy:
	cmap_destroy(cache);
free_tokens:
	kvfree(tokens);
	return ret;
}

/* 7. No operation may be in flight when the map is destroyed: stop its users first. */
static void __exit session_cache_exit(void)
{
	kthread_stop(users);
	cmap_destroy(cache);
	kvfree(tokens);
}

module_init(session_cache_init);
module_exit(session_cache_exit);

MODULE_DESCRIPTION("Sample: a session cache on a map of mapstat");
MODULE_LICENSE("GPL");
/* 8. The symbols' namespace; MODULE_IMPORT_NS() takes a string only since 6.13. */
MODULE_INFO(import_ns, "MAPSTAT");

/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Static keys.  A kernel patches its code, so that a key costs no load and no test; here each key
 * is a constant of the build, and the program is built once with statistics and once without.
 * With NATIVE_PATCHED, the code contains the jump or no-op that a kernel patches in.  Setting a
 * key to its present state does nothing; it cannot be changed.
 */
#ifndef _NATIVE_LINUX_JUMP_LABEL_H
#define _NATIVE_LINUX_JUMP_LABEL_H

#include <assert.h>
#include <linux/compiler.h>
#include <linux/types.h>

struct static_key {
	bool on;
};

#ifndef NATIVE_STATS
#define NATIVE_STATS	0
#endif
#define NATIVE_KEY_mapstat_stats_on	NATIVE_STATS
/* A build of its own reports accesses to the cache model. */
#ifndef NATIVE_ACCESS
#define NATIVE_ACCESS	0
#endif
#define NATIVE_KEY_mapstat_observing	NATIVE_ACCESS
#define NATIVE_KEY_mapstat_events_on	0
/* The bench calls the front or a design directly; bench/calls.c does not. */
#ifndef NATIVE_FRONT
#define NATIVE_FRONT	1
#endif
#define NATIVE_KEY_front_in_use		NATIVE_FRONT
#ifdef __x86_64__
#define NATIVE_KEY_mapstat_clock_is_tsc	1
#else
#define NATIVE_KEY_mapstat_clock_is_tsc	0
#endif

#define DECLARE_STATIC_KEY_TRUE(name)						\
	static const struct static_key name __maybe_unused = { NATIVE_KEY_##name }
#define DECLARE_STATIC_KEY_FALSE(name)	DECLARE_STATIC_KEY_TRUE(name)
/* The declaration has defined it. */
#define DEFINE_STATIC_KEY_TRUE(name)						\
	static_assert(sizeof(name) == sizeof(struct static_key), "declared before")

#define DEFINE_STATIC_KEY_FALSE(name)	DEFINE_STATIC_KEY_TRUE(name)

#ifdef NATIVE_PATCHED

#ifdef __x86_64__
#define NATIVE_NOP	".byte 0x0f, 0x1f, 0x44, 0x00, 0x00"	/* as long as a jump */
#define NATIVE_JUMP	".byte 0xe9; .long %l[away] - . - 4"
#elif defined(__aarch64__)
#define NATIVE_NOP	"nop"
#define NATIVE_JUMP	"b %l[away]"
#else
#error "static keys: the instructions of this architecture are unknown"
#endif

/* @on: a constant.  The likely path is in line, the unlikely one out of line. */
static __always_inline bool native_branch_likely(bool on)
{
	if (on)
		__asm__ goto(NATIVE_NOP : : : : away);
	else
		__asm__ goto(NATIVE_JUMP : : : : away);
	return true;
away:
	return false;
}

static __always_inline bool native_branch_unlikely(bool on)
{
	if (on)
		__asm__ goto(NATIVE_JUMP : : : : away);
	else
		__asm__ goto(NATIVE_NOP : : : : away);
	return false;
away:
	return true;
}

#define static_branch_likely(key)	likely(native_branch_likely((key)->on))
#define static_branch_unlikely(key)	unlikely(native_branch_unlikely((key)->on))

#else

#define static_branch_likely(key)	likely((key)->on)
#define static_branch_unlikely(key)	unlikely((key)->on)

#endif

#define static_branch_enable(key)	native_static_key_set(key, true)
#define static_branch_disable(key)	native_static_key_set(key, false)

/* Not counted: a key stays as it was built. */
#define static_branch_inc(key)		do { } while (0)
#define static_branch_dec(key)		do { } while (0)

void native_static_key_set(const struct static_key *key, bool on);

#endif /* _NATIVE_LINUX_JUMP_LABEL_H */

#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# What one CPU writes while others read something else has a cache line of its own: the build checks
# it (MAPSTAT_BEGINS_LINE, MAPSTAT_WHOLE_LINES). This breaks each check on purpose, in a copy: fails
# when one of them cannot fail.
# shellcheck source=tests/lib/host.sh
. "$(dirname -- "$0")/../lib/host.sh"

DIR=$(mktemp -d)
readonly DIR
trap 'rm -rf -- "$DIR" "$CASE_LOG"' EXIT

# The shims of native/ replace the kernel's headers: only the layout matters.
compile() {
	(cd -- "$DIR" && gcc -std=gnu11 -fsyntax-only -w -I. -Inative/include -Iinclude \
		-include native/shim/loop.h "$1" 2>&1)
}

copy() {
	rm -rf -- "${DIR:?}"/*
	cp -r include kmod native "$DIR"
}

as_it_is() {
	copy
	local file
	for file in cmap/front.c designs/{readdirty/readdirty,readdirty/classic,rwlock,seqlock/seqlock}.c; do
		compile "kmod/$file"
	done
}

# broken HEADER LINE-PATTERN FILE: without that alignment FILE does not compile, for that reason
broken() {
	local said
	copy
	grep -q "$2" "$DIR/$1" || fail "$1 has no line like '$2'"
	# An additional field, so that the alignment is not right by chance.
	[[ -z ${4:-} ]] || sed -i "/$2/i\\	u8 one_more;" "$DIR/$1"
	sed -i "/$2/s/ *____cacheline_aligned//" "$DIR/$1"
	if said=$(compile "kmod/$3"); then
		fail "it compiles"
	fi
	[[ $said == *"cache line"* ]] || fail "it prints: $said"
}

# between HEADER LINE-PATTERN FILE: with another line before that one FILE does not compile
between() {
	local said
	copy
	grep -q "$2" "$DIR/$1" || fail "$1 has no line like '$2'"
	sed -i "/$2/i\\	u8 one_line_more[SMP_CACHE_BYTES];" "$DIR/$1"
	if said=$(compile "kmod/$3"); then
		fail "it compiles"
	fi
	[[ $said == *"has to be in the cache line of"* ]] || fail "it prints: $said"
}

# pahole shows what is asserted; this needs a module with debug information.
shown() {
	make -s layout >"$DIR/layout" 2>"$DIR/said" || fail "$(<"$DIR/said")"
	for name in cmap cmap_pcpu rwlock_map readdirty readdirty_classic sqm_stripe front_cpu; do
		grep -q "^struct $name {" "$DIR/layout" || fail "no struct $name"
	done
	grep -q 'cacheline 1 boundary' "$DIR/layout" || fail "no boundaries are shown"
}

test_case "everything compiles unchanged" as_it_is
test_case "struct cmap: work" broken kmod/designs/design.h 'struct work_struct work ____' designs/rwlock.c more
test_case "struct cmap: observed" between kmod/designs/design.h 'struct cmap_shape shape;' designs/rwlock.c
test_case "struct cmap: front" between kmod/designs/design.h 'struct front __rcu .front;' designs/rwlock.c
test_case "struct cmap_pcpu" broken kmod/stats/counters.h '^} ____cacheline_aligned' designs/rwlock.c
test_case "struct rwlock_map: lock" broken kmod/designs/rwlock.c 'rwlock_t lock ____' designs/rwlock.c more
test_case "struct readdirty: lock" broken kmod/designs/readdirty/readdirty.h 'spinlock_t lock ____' designs/readdirty/readdirty.c more
test_case "struct rd_pcpu" broken kmod/designs/readdirty/readdirty.h '^} ____cacheline_aligned' designs/readdirty/readdirty.c
test_case "struct readdirty_classic: lock" broken kmod/designs/readdirty/classic.c 'spinlock_t lock ____' designs/readdirty/classic.c more
test_case "struct sqm_table: slots" broken kmod/designs/seqlock/seqlock.h 'u64 slots\[\] ____' designs/seqlock/seqlock.c
test_case "struct sqm_map: counts" broken kmod/designs/seqlock/seqlock.h 'struct sqm_count counts' designs/seqlock/seqlock.c more
test_case "make layout shows it" shown
run_cases

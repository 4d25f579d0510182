#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Cache misses: their source, what the files show of it, and windows on a live map.
. "$MAPSTAT_SOURCE/tests/lib/guest.sh"

CPUS=$(nproc)

miss_of() {
	awk -v key="$2" '$1 == key { print $2 }' "$FILES/maps/$1/cache_miss"
}

source_of() {
	head -n 1 "$FILES/maps/$1/cache_miss"
}

# Fails when a design reports no access, or figures are not from the source named.
model_counts() {
	local map
	succeeds maps="$ALL_MAPS" cache=model rounds=2 duration_ms=400 keys=1000 cache_kib=32 cache_ways=8 \
		line_bytes=64 tlb_entries=64 tlb_ways=4 page_kib=4
	grep -qx $'# misses\tmodel L1D 32 KiB 8-way 64 B, dTLB 64 entries 4-way, pages 4 KiB, LRU, no prefetcher' /tmp/results ||
		fail "$(grep '^# misses' /tmp/results)"
	for map in "${DESIGNS[@]}"; do
		formats cache_miss "$FILES/maps/$map/cache_miss"
		[[ $(source_of "$map") == $'# source\tmodel L1D 32 KiB 8-way 64 B, '* ]] || fail "$map: $(source_of "$map")"
		grep -q '^all.l1d' "$FILES/maps/$map/cache_miss" || fail "$map: no histogram"
		(($(miss_of "$map" load_lines_total) >= 2 * $(miss_of "$map" load_ops_total))) ||
			fail "$map: fewer than two lines per load"
	done
	equal "pmu's columns" "$(results_column pmu_l1d_misses_per_op | sort -u)" -
}

results_column() {
	awk -F '\t' -v name="$1" '
		/^# map/ { for (i = 1; i <= NF; i++) if ($i == name) column = i }
		!/^#/ { print $column }' /tmp/results
}

# Each load writes the rwlock's word, each CPU in turn: one coherence miss per operation. Fails when
# the operations of the threads are not interleaved, however busy the host is.
lock_word_changes_hands() {
	local ops coherence
	((CPUS > 1)) || skip "one CPU"
	succeeds maps=rwlock,readdirty cache=model rounds=1 duration_ms=1000 keys=100 read_permille=1000
	ops=$(miss_of rwlock ops_total)
	coherence=$(miss_of rwlock coherence_misses_total)
	((coherence * 10 >= ops * 9 && coherence * 10 <= ops * 11)) || fail "$coherence coherence misses, $ops operations"
	equal "atomics of readdirty" "$(miss_of readdirty atomics_total)" 0
	equal "coherence misses of readdirty" "$(miss_of readdirty coherence_misses_total)" 0
}

# Fails when a missing PMU counts, stops the run, or is not reported.
pmu_is_told_of() {
	succeeds maps=rwlock cache=pmu rounds=1 duration_ms=100
	[[ $(source_of rwlock) =~ ^"# source"$'\t'(pmu|none)" " ]] || fail "$(source_of rwlock)"
	formats cache_miss "$FILES/maps/rwlock/cache_miss"
	equal "model's columns" "$(results_column model_l1d_misses_per_op | sort -u)" -
	[[ $(source_of rwlock) != *none* ]] || equal "operations" "$(miss_of rwlock ops_total)" ""
}

# Fails when auto finds no source, or does not report why the PMU is not used.
auto_counts() {
	succeeds maps=rwlock cache=auto rounds=1 duration_ms=200
	[[ $(source_of rwlock) =~ ^"# source"$'\t'(pmu|model)" " ]] || fail "$(source_of rwlock)"
	[[ $(source_of rwlock) != *$'\t'model* || $(source_of rwlock) == *"; pmu: none -E"* ]] ||
		fail "why not the PMU? $(source_of rwlock)"
	(($(miss_of rwlock ops_total) > 0)) || fail "nothing was counted"
}

off_counts_nothing() {
	succeeds maps=rwlock cache=off rounds=1 duration_ms=100
	equal source "$(source_of rwlock)" $'# source\tnone -ENODATA (not measured so far)'
	grep -qx $'# misses\tnone ENODATA (cache=off)\|# misses\tnone -ENODATA (cache=off)' /tmp/results ||
		fail "$(grep '^# misses' /tmp/results)"
}

reset_forgets() {
	echo reset >"$FILES/control"
	equal operations "$(miss_of rwlock ops_total)" 0
}

# write_says TEXT ERROR
write_says() {
	printf %s "$1" >/tmp/text
	refused_with "$2" dd if=/tmp/text of="$FILES/maps/rwlock/cache_miss" bs=4096 status=none
}

# Fails when a window opens with a bad number, or during another one; or when it does not end.
windows() {
	local word
	for word in window 'window ' 'window 0' 'window 10001' 'window x' 'Window 5' 5 ''; do
		[[ -z $word ]] || write_says "$word" "Invalid argument"
	done
	echo "window 200" >"$FILES/maps/rwlock/cache_miss"
	[[ $(source_of rwlock) == $'# source\tmodel '* ]] || fail "$(source_of rwlock)"
	formats cache_miss "$FILES/maps/rwlock/cache_miss"
	# One at a time.
	echo "window 3000" >"$FILES/maps/rwlock/cache_miss" &
	sleep 0.5
	write_says "window 10" "Device or resource busy"
	wait
	equal "another start after it" "$(state)" idle
}

# While a run counts or is timed, no window may enable the hook.
no_window_in_a_run() {
	fresh
	insmod mapstat.ko maps=rwlock rounds=50 duration_ms=1000
	wait_running
	sleep 1
	write_says "window 10" "Device or resource busy"
	echo stop >"$FILES/control"
	wait_run 60
	echo "window 10" >"$FILES/maps/rwlock/cache_miss"
}

# Fails when what the hook uses is freed before the hook is disabled.
unload_in_the_middle() {
	local i
	for i in 1 2 3; do
		fresh
		insmod mapstat.ko maps=rwlock,readdirty,sharded rounds=50 duration_ms=60 cache=model
		wait_running
		sleep "0.$i"
		unload
	done
}

# A map whose accesses were counted frees everything.
memory_comes_back() {
	run_once
	keeps_nothing 64 run_once
}

run_once() {
	stress maps=rwlock,readdirty cache=model rounds=1 duration_ms=100 keys=100
	unload
}

bad_geometry() {
	fresh
	kernel_log_mark
	refused_with "Invalid parameters" insmod mapstat.ko cache_kib=48 cache_ways=13
	kernel_log | grep -q '^mapstat: parameter cache_kib=48: .*cache_ways=13.*no power of two$' || fail "$(kernel_log)"
	fresh
	insmod mapstat.ko autostart=0 cache_kib=48 cache_ways=12 maps=rwlock
	echo 1024 >"$FILES/stress/line_bytes"
	echo 1 >"$FILES/stress/cache_kib"
	refused_with "Invalid argument" dd if=<(echo start) of="$FILES/control" status=none
}

test_case "the model counts each design" model_counts
test_case "a lock's word changes CPUs at each operation" lock_word_changes_hands
test_case "reset forgets" reset_forgets
test_case "a window of a live map" windows
test_case "no window while a run is on" no_window_in_a_run
test_case "cache=pmu: counted, or the reason" pmu_is_told_of
test_case "cache=auto" auto_counts
test_case "cache=off" off_counts_nothing
test_case "an impossible geometry" bad_geometry
test_case "unload in the middle of a run" unload_in_the_middle
test_case "memory is freed" memory_comes_back
test_case "unload" unload
run_cases

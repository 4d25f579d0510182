#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# experiment=falseshare: packed and padded differ in the lines that CPUs take from each other. Times
# of emulated CPUs mean nothing, so only counts are checked. (With lockdep, locks are larger than a
# line: packed ones share none.)
. "$MAPSTAT_SOURCE/tests/lib/guest.sh"

VARIANTS=(counters_packed counters_padded sharded_packed sharded_padded)

# of VARIANT NAME: a number from the second line of its shared_lines
of() {
	sed -n "2s/.*\t$2=\([0-9]*\).*/\1/p" "$FILES/maps/$1/shared_lines"
}

# Emulated CPUs run concurrently only if the host has time for both: try again.
enough_misses() {
	(($(of counters_packed coherence_misses) >= 20 && $(of sharded_packed coherence_misses) >= 20))
}

experiment() {
	local i
	for i in 1 2 3 4 5; do
		succeeds experiment=falseshare cache=model rounds=5 duration_ms=400
		! enough_misses && (($(nproc) > 1)) || return 0
	done
	fail "packed: $(of counters_packed coherence_misses), $(of sharded_packed coherence_misses) coherence misses"
}

of_two_cpus() {
	(($(nproc) > 1)) || skip "with one CPU no line is shared"
}

# Fails when packed has lines of its own, padded does not, or threads share more than lines.
packed_misses_more() {
	local case packed padded
	of_two_cpus
	for case in counters sharded; do
		packed=$(of "${case}_packed" coherence_misses)
		padded=$(of "${case}_padded" coherence_misses)
		echo "$case: packed $packed in $(of "${case}_packed" ops) operations, padded $padded in $(of "${case}_padded" ops)"
		((packed * $(of "${case}_padded" ops) >= 5 * padded * $(of "${case}_packed" ops))) ||
			fail "$case: packed has less than five times the misses of padded"
	done
}

# Fails when the table of lines and the sums of cache_miss are not of the same operations.
agrees_with_cache_miss() {
	local variant
	for variant in "${VARIANTS[@]}"; do
		formats shared_lines "$FILES/maps/$variant/shared_lines"
		equal "$variant: coherence misses" "$(of "$variant" coherence_misses)" \
			"$(awk '$1 == "coherence_misses_total" { print $2 }' "$FILES/maps/$variant/cache_miss")"
		equal "$variant: operations" "$(of "$variant" ops)" \
			"$(awk '$1 == "ops_total" { print $2 }' "$FILES/maps/$variant/cache_miss")"
	done
}

# Fails when the contended line is missing, or what lies on it is not named.
lines_are_named() {
	local lines
	of_two_cpus
	lines=$(sed 1,3d "$FILES/maps/counters_packed/shared_lines")
	equal "lines of packed counters" "$(wc -l <<<"$lines")" 1
	[[ $lines == *$'\tfalse\t0-1\t-\tcounter 0 w:0; counter 1 w:1' ]] || fail "$lines"
	lines=$(sed 1,3d "$FILES/maps/sharded_packed/shared_lines")
	[[ $lines == *$'\tfalse\t0-1\t'*"shard "*" lock w:"* ]] || fail "$lines"
	! grep -q $'\tfalse\t.*\tshard' "$FILES/maps/sharded_padded/shared_lines" || fail "padded shards share a line"
}

# A line that two CPUs write is not due to the layout, and reported as true sharing.
true_sharing_is_told() {
	succeeds maps=rwlock cache=model rounds=3 duration_ms=400
	formats shared_lines "$FILES/maps/rwlock/shared_lines"
	(($(of rwlock coherence_misses) > 0)) || skip "no line was contended"
	sed -n 4p "$FILES/maps/rwlock/shared_lines" | grep -q $'\ttrue\t.*lock ' || fail "$(<"$FILES/maps/rwlock/shared_lines")"
}

# Fails when a design does not report the expression by which it accesses what it shares.
designs_name_theirs() {
	local map
	of_two_cpus
	succeeds maps="$ALL_MAPS" cache=model keys=200 read_permille=500 rounds=3 duration_ms=200
	for map in ${ALL_MAPS//,/ }; do
		(($(of "$map" coherence_misses) > 0)) || fail "$map: no line was contended"
		! sed 1,3d "$FILES/maps/$map/shared_lines" | grep -P '\t\+[0-9]|; \+[0-9]' ||
			fail "$map: an access without a name"
	done
	sed 1,3d "$FILES/maps/seqlock/shared_lines" | grep -q '&s->lock w:' || fail "no lock of seqlock"
	sed 1,3d "$FILES/maps/readdirty/shared_lines" | grep -q '&e->state ' || fail "no state of readdirty"
}

without_the_model() {
	stress experiment=falseshare cache=off rounds=1 duration_ms=50
	[[ $verdict == "# SUCCESS "* ]] || fail "$verdict"
	[[ $(<"$FILES/maps/counters_packed/shared_lines") == $'# source\tnone -'* ]] ||
		fail "$(<"$FILES/maps/counters_packed/shared_lines")"
	formats shared_lines "$FILES/maps/counters_packed/shared_lines"
}

too_few_keys() {
	fresh
	insmod mapstat.ko experiment=falseshare keys=1 threads=2
	local deadline=$((SECONDS + 20))
	until [[ $(state) != running* ]]; do ((SECONDS < deadline)) || fail "it goes on"; done
	equal control "$(state)" "failed -22"
	dmesg | tail -n 3 | grep -q 'owns none in its shards' || fail "$(dmesg | tail -n 3)"
}

no_front_before_counters() {
	fresh
	insmod mapstat.ko experiment=falseshare rounds=1 duration_ms=50
	wait_run
	refused_with "not supported" dd if=/dev/stdin of="$FILES/maps/counters_packed/front" status=none <<<on
}

unload_beneath_it() {
	local i
	for i in 1 2 3; do
		fresh
		insmod mapstat.ko experiment=falseshare cache=model rounds=100 duration_ms=200
		wait_running
		cat "$FILES"/maps/*/shared_lines >/dev/null
		sleep "0.$i"
		unload
	done
}

# Fails when the reader leaves the experiment set for the next run.
reader() {
	fresh
	insmod mapstat.ko autostart=0 cache=auto
	mapstat falseshare -p rounds=2 -p duration_ms=200 >/tmp/out 2>/dev/null || fail "status $?"
	cat /tmp/out
	grep -q '^counters  packed  *[0-9]' /tmp/out || fail "no row of packed counters"
	grep -q '^Published by others' /tmp/out || fail "the published pair is not labelled"
	equal experiment "$(<"$FILES/stress/experiment")" maps
	equal cache "$(<"$FILES/stress/cache")" auto
	mapstat falseshare --last >/tmp/again
	diff /tmp/out /tmp/again
}

test_case "four variants, all values right" experiment
test_case "packed has five times the coherence misses of padded" packed_misses_more
test_case "shared_lines and cache_miss are of the same operations" agrees_with_cache_miss
test_case "the contended lines are named" lines_are_named
test_case "true and false sharing are distinguished" true_sharing_is_told
test_case "each design names what it shares" designs_name_theirs
test_case "without the model, a reason" without_the_model
test_case "too few keys are refused" too_few_keys
test_case "counters cannot have a front" no_front_before_counters
test_case "unload in the middle of a run" unload_beneath_it
test_case "mapstat falseshare" reader
test_case "five threads on two CPUs" succeeds experiment=falseshare rounds=1 duration_ms=200 threads=5
test_case "bulk loads, long keys" succeeds experiment=falseshare rounds=1 duration_ms=200 batch=16 key_size=32
test_case "unload" unload
run_cases

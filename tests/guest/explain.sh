#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# mapstat explain on a live run with the model: each figure is the one in the files, which are read
# here a second time, and what was not measured has its reason. (tests/reader has recorded trees.)
. "$MAPSTAT_SOURCE/tests/lib/guest.sh"

CHECK=$MAPSTAT_SOURCE/tests/reader/check_explain.py

# Fails when a figure is from the wrong file, map or operation, or the order is not by size.
figures_are_those_of_the_files() {
	local pair
	succeeds maps=rwlock,sharded,readdirty_classic threads=2 keys=500 cache=model rounds=5 duration_ms=60
	for pair in "readdirty_classic rwlock" "rwlock readdirty_classic" "sharded rwlock"; do
		# shellcheck disable=SC2086 # two names
		mapstat explain --json $pair >/tmp/explained
		python3 "$CHECK" "$FILES" /tmp/explained || fail "$pair"
		# The times as well, which are omitted under emulation.
		# shellcheck disable=SC2086 # two names
		MAPSTAT_ACCEL=native mapstat explain --json $pair >/tmp/explained
		MAPSTAT_ACCEL=native python3 "$CHECK" "$FILES" /tmp/explained || fail "$pair, native"
	done
}

# Two CPUs take one lock: the model must see its line move between them, and explain must report
# it. Fails when the kinds of misses are mixed up, or the source is not named.
misses_are_told() {
	local source
	source=$(sed -n '1s/^# source\t//p' "$FILES/maps/rwlock/cache_miss")
	COLUMNS=160 mapstat explain rwlock readdirty_classic | tee /tmp/said
	grep -qF "accesses and misses: $source" /tmp/said || fail "the source is not named"
	awk '$1 == "L1D" && $2 == "coherence" { found = $3 > 0 } END { exit !found }' /tmp/said ||
		fail "no coherence misses of a lock that two CPUs take"
	awk '$1 == "locked" && $2 == "instructions" { found = $3 >= 1 } END { exit !found }' /tmp/said ||
		fail "a lock is taken without a locked instruction"
}

# Fails when a figure that was not measured is shown as 0.
without_misses() {
	succeeds maps=rwlock,seqlock threads=2 keys=500 cache=off rounds=2 duration_ms=50
	COLUMNS=160 mapstat explain seqlock rwlock | tee /tmp/said
	grep -q "^- of seqlock, accesses per operation: none (" /tmp/said || fail "no reason"
	awk '$1 == "lines" && $2 == "accessed" { found = $3 == "-" && $4 == "-" } END { exit !found }' /tmp/said ||
		fail "a figure for lines that were not counted"
}

# Nothing is decided before the run is over, but its figures can be read.
while_it_runs() {
	fresh
	insmod mapstat.ko maps=rwlock,seqlock threads=2 keys=500 cache=off rounds=100 duration_ms=100
	until grep -q $'^seqlock\tmedian' "$FILES/results"; do
		[[ $(state) == running* ]] || fail "the run has ended"
	done
	COLUMNS=160 mapstat explain seqlock rwlock >/tmp/said
	echo stop >"$FILES/control"
	grep -q "The run is not over" /tmp/said || fail "it decides before the run is over"
}

test_case "its figures are those in the files" figures_are_those_of_the_files
test_case "misses, with their source" misses_are_told
test_case "a run that is not over" while_it_runs
test_case "what was not counted is -, with the reason" without_misses
test_case "unload" unload
run_cases

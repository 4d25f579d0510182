#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# usage: cycles.sh CYCLES. insmod and rmmod repeatedly, with a run each, while four readers cat
# every file in a loop: no report on the console (vm/run checks), no memory leaked.
. "$MAPSTAT_SOURCE/tests/lib/guest.sh"

cycles=${1:?}

reader() {
	while [[ ! -e /tmp/enough ]]; do
		# Files may vanish at any time: that is the test. Of the output, the end is enough.
		find "$FILES" -type f -exec cat {} + 2>/dev/null | tail -c 100 >"/tmp/now.$1" || true
		[[ ! -s /tmp/now.$1 ]] || mv "/tmp/now.$1" "/tmp/read.$1"
	done
}

cycle() {
	insmod mapstat.ko maps="$ALL_MAPS" rounds=1 duration_ms=30 keys=500 threads="$(nproc)"
	# Alternately in the middle of a run and after it.
	if (($1 % 2)); then
		wait_run
		[[ $(tail -n 1 "$FILES/results") == "# SUCCESS "* ]] || fail "cycle $1: $(tail -n 1 "$FILES/results")"
	fi
	unload
}

third() {
	local i
	for ((i = 0; i < (cycles + 2) / 3; i++)); do
		cycle "$i"
	done
}

# Fails when a file, a map, a thread or a per-CPU area survives its module. Caches that a first load
# fills for good are filled before the measurement.
memory_stays() {
	cycle 0
	cycle 1
	keeps_nothing 64 third
}

with_readers() {
	local i status=0 pids=()
	rm -f /tmp/enough
	for i in 1 2 3 4; do
		reader "$i" &
		pids+=($!)
	done
	set +e
	(
		set -eE
		third
		third
		keeps_nothing 200 third
	)
	status=$?
	set -e
	touch /tmp/enough
	wait "${pids[@]}"
	for i in 1 2 3 4; do
		[[ -s /tmp/read.$i ]] || fail "reader $i has read nothing"
	done
	return "$status"
}

test_case "no memory is leaked over $cycles cycles" memory_stays
test_case "nor over more with four readers" with_readers
run_cases

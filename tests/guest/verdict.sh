#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Every design under every mix, key, value and arrival: the verdict is SUCCESS, and the rows are
# consistent (tests/lib/formats.py).
. "$MAPSTAT_SOURCE/tests/lib/guest.sh"

# Three rounds: the median of an odd number is one of them, to the digit.
short=(rounds=3 duration_ms="${1:-60}")

defaults() {
	succeeds "${short[@]}"
}

every_design() {
	succeeds maps="$ALL_MAPS" "${short[@]}" "$@"
}

# Fails when a thread outlives its run, or the first run's maps block a second one.
again_by_control() {
	succeeds maps="$ALL_MAPS" "${short[@]}"
	local first
	first=$(wc -l </tmp/results)
	echo start >"$FILES/control"
	wait_run
	cat "$FILES/results" >/tmp/results
	formats results /tmp/results maps="$ALL_MAPS" "${short[@]}"
	equal "rows of the second run" "$(wc -l </tmp/results)" "$first"
	echo reset >"$FILES/control"
	[[ $(tail -n 1 "$FILES/results") == "# NONE "* ]] || fail "after reset: $(tail -n 1 "$FILES/results")"
	unload
}

# Fails when the share of loads in the counters is not the one requested.
mix_is_kept() {
	succeeds maps=rwlock rounds=1 duration_ms=300 read_permille=900 delete_permille=500 stats=1
	awk -F '\t' '
		$1 ~ /^(hits|misses)_total$/ { reads += $2 }
		$1 ~ /^(inserts|updates|deletes|nochanges)_total$/ { writes += $2 }
		END {
			share = reads / (reads + writes)
			printf "reads %d writes %d share %.4f\n", reads, writes, share
			exit !(reads + writes > 1000 && share > 0.85 && share < 0.95)
		}' "$FILES/maps/rwlock/stats"
}

# column NAME: its value in the median row of the only map
column() {
	awk -F '\t' -v name="$1" '
		/^# map\t/ { for (i = 1; i <= NF; i++) if ($i == name) column = i }
		$2 == "median" { print $column }' /tmp/results
}

# Fails when a late operation's time counts from when it began instead of when it was due
# (coordinated omission), or when waiting operations are not counted.
latency_from_the_intended_arrival() {
	local service response
	succeeds maps=rwlock rounds=3 duration_ms=100 arrival=poisson rate=10000000
	service=$(column load_p50_ns) response=$(column response_p50_ns)
	echo "service $service ns, response $response ns, backlog $(column backlog_max_ops)"
	# Far more arrivals than can be served: by the middle of the round they are tens of ms late.
	((response > 1000000 && response > 10 * service)) || fail "the wait is not counted"
	(($(column backlog_max_ops) > 1000)) || fail "the backlog is not counted"
}

# Fails when a turn without operations is a success, or has figures.
no_operation_is_no_success() {
	local name
	stress maps=rwlock threads=1 rounds=2 duration_ms=1 arrival=poisson rate=1 read_permille=1000
	[[ $verdict == "# FAILURE no operation was done: map rwlock: in 2 of 2 rounds "* ]] || fail "the verdict is: $verdict"
	equal ops "$(column ops)" 0
	for name in ops_per_s ns_per_op load_p50_ns response_p50_ns misses retries lock_waits allocs_per_op; do
		equal "$name" "$(column "$name")" -
	done
}

# Fails when operations before and after the rounds are included.
histograms_are_of_the_rounds() {
	succeeds maps="$ALL_MAPS" rounds=1 duration_ms=50 read_permille=1000 sample_shift=0
	local map
	for map in "${DESIGNS[@]}"; do
		! grep -q '^store' "$FILES/maps/$map/latency" || fail "$map has stores from before the round"
	done
}

# Fails when disabled statistics still count, or make the run fail.
statistics_off() {
	stress maps="$ALL_MAPS" "${short[@]}" stats=0
	[[ $verdict == "# SUCCESS "* ]] || fail "the verdict is: $verdict"
	local map
	for map in "${DESIGNS[@]}"; do
		equal "hits_total of $map" "$(awk '$1 == "hits_total" { print $2 }' "$FILES/maps/$map/stats")" 0
	done
}

# Fails when the log has no line about it, or when more threads than CPUs starve one another.
more_threads_than_cpus() {
	local n=$(($(nproc) + 3))
	kernel_log_mark
	every_design threads="$n"
	kernel_log
	kernel_log | grep -q "threads" || fail "the log has no line about $n threads on $(nproc) CPUs"
}

# Fails when threads are pinned to other CPUs than those named.
cpus_named() {
	every_design cpus=0
	grep -q ' cpus=0 ' /tmp/results || fail "the verdict does not have the CPUs"
}

test_case "the defaults" defaults
test_case "every design, 97.3:2.7" every_design
test_case "reads only" every_design read_permille=1000
test_case "writes only, half of them deletes" every_design read_permille=0 delete_permille=500
test_case "deletes only" every_design read_permille=0 delete_permille=1000
test_case "zipf" every_design dist=zipf theta=0.99
test_case "hotspot" every_design dist=hotspot
test_case "a single key" every_design keys=1 read_permille=500
test_case "Poisson arrivals: response time beside service time" every_design arrival=poisson rate=2000
test_case "keys of 1 byte" every_design key_size=1 keys=200
test_case "keys of 32 bytes, values of 64" every_design key_size=32 value_size=64
test_case "keys of 256 bytes, values of 4096" every_design key_size=256 value_size=4096 keys=300
test_case "keys of 7 bytes, values of 1" every_design key_size=7 value_size=1
test_case "keys of 255 bytes, values of 256" every_design key_size=255 value_size=256 keys=300
test_case "keys of 8 bytes, values of 257" every_design value_size=257 keys=300
test_case "latency counts from the intended arrival" latency_from_the_intended_arrival
test_case "a turn without operations" no_operation_is_no_success
test_case "histograms are of the rounds alone" histograms_are_of_the_rounds
test_case "pre-sized" every_design capacity=20000
test_case "one shard; packed" every_design shards=1 layout=packed
test_case "1024 shards" every_design shards=1024
test_case "mode=classic" every_design mode=classic
test_case "bulk loads" every_design batch=32
test_case "bulk loads of 32 byte keys, 64 byte values, sample_shift=0" every_design batch=64 key_size=32 value_size=64 sample_shift=0
test_case "sample_shift=0" every_design sample_shift=0
test_case "sample_shift=20" every_design sample_shift=20
test_case "another seed" every_design seed=18446744073709551615
test_case "statistics off" statistics_off
test_case "the requested mix" mix_is_kept
test_case "more threads than CPUs are logged, and work" more_threads_than_cpus
test_case "only the named CPUs" cpus_named

test_case "start again and reset through control" again_by_control
test_case "unload" unload
run_cases

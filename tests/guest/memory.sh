#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Memory that grows with a parameter or with the number of CPUs: what cannot fit is refused with one
# line, what fits runs, and the OOM killer runs for neither. CPUs that are possible but take no part
# cost next to nothing; tests/host/memory.sh boots a kernel with many of them.
. "$MAPSTAT_SOURCE/tests/lib/guest.sh"

CPUS=$(nproc)
POSSIBLE=$(($(sed 's/.*-//' /sys/devices/system/cpu/possible) + 1))

nobody_is_killed() {
	! dmesg | grep -qE 'invoked oom-killer|Out of memory: Killed' || fail "the OOM killer has run"
}

# Parses the refusal: lines of "name MiB" in /tmp/refusal.
refusal() {
	kernel_log | grep '^mapstat: .*memory' >/tmp/lines || fail "the log is: $(kernel_log)"
	equal "lines in the log" "$(wc -l </tmp/lines)" 1
	sed -nE 's/^mapstat: FAILURE out of memory: ([0-9]+) MiB wanted, ([0-9]+) available: threads=[0-9]+ ([0-9]+), keys=[0-9]+ ([0-9]+), CPUs ([0-9]+), rounds=[0-9]+ ([0-9]+)$/wanted \1\navailable \2\nthreads \3\nkeys \4\nCPUs \5\nrounds \6/p' \
		/tmp/lines >/tmp/refusal
	[[ -s /tmp/refusal ]] || fail "the line is: $(</tmp/lines)"
	(($(refused wanted) > $(refused available))) || fail "there was enough: $(</tmp/lines)"
}

refused() {
	awk -v name="$1" '$1 == name { print $2 }' /tmp/refusal
}

# refuses NAME PARAMETER...: the run is refused, and NAME needs most.
refuses() {
	local name=$1 bystander
	shift
	fresh
	kernel_log_mark
	# The OOM killer would end the largest task first.
	python3 -c 'import time; held = bytearray(150 << 20); time.sleep(600)' &
	bystander=$!
	refused_with "Cannot allocate memory" insmod mapstat.ko "$@"
	kill "$bystander" || fail "the task that held memory is gone"
	nobody_is_killed
	refusal
	(($(refused "$name") * 2 > $(refused wanted))) || fail "the line is: $(</tmp/lines)"
	[[ ! -e "$FILES" ]] || fail "$FILES is there"
}

# Fails when threads' traces, stacks or batches are not counted.
threads_are_refused() {
	(($(meminfo MemTotal) < 1100000)) || skip "so much memory is enough"
	refuses threads threads=4096 keys=100 cache=model
}

# Fails when keys are counted but their values or notes are not.
keys_are_refused() {
	refuses keys keys=4294967295 maps=seqlock
}

# Fails when control and results do not give the reason.
start_says_why() {
	(($(meminfo MemTotal) < 1100000)) || skip "so much memory is enough"
	fresh
	insmod mapstat.ko autostart=0 keys=100 cache=model
	echo 4096 >"$FILES/stress/threads"
	kernel_log_mark
	refused_with "Cannot allocate memory" bash -c "echo start >$FILES/control"
	refusal
	equal control "$(state)" "failed -12"
	[[ $(tail -n 1 "$FILES/results") == "# FAILURE out of memory: "*" MiB wanted, "*" available: threads=4096 "* ]] ||
		fail "$(tail -n 1 "$FILES/results")"
	echo 2 >"$FILES/stress/threads"
	echo 1 >"$FILES/stress/rounds"
	echo 50 >"$FILES/stress/duration_ms"
	echo start >"$FILES/control"
	wait_run
	[[ $(tail -n 1 "$FILES/results") == "# SUCCESS "* ]] || fail "$(tail -n 1 "$FILES/results")"
}

# least_available COMMAND...: leaves the minimum of MemAvailable, in kB, in /tmp/least.
least_available() {
	local watcher now least=999999999
	while :; do
		now=$(meminfo MemAvailable)
		if ((now < least)); then
			least=$now
			echo "$least" >/tmp/least
		fi
		sleep 0.1
	done &
	watcher=$!
	"$@"
	kill "$watcher"
}

# As many threads as are accepted, in a complete run. Fails when the run takes more than was counted
# for it, or the OOM killer runs.
what_is_let_in_runs() {
	local threads others before taken counted
	(($(meminfo MemTotal) < 1100000)) || skip "so much memory is enough"
	refuses threads threads=4096 keys=100 cache=model maps=seqlock
	others=$(($(refused wanted) - $(refused threads)))
	# A twentieth less: a little less may be available by then.
	threads=$((4096 * ($(refused available) - others) * 19 / ($(refused threads) * 20)))
	counted=$((threads * $(refused threads) / 4096 + others))
	before=$(meminfo MemAvailable)
	least_available stress threads="$threads" keys=100 cache=model maps=seqlock rounds=1 duration_ms=20
	nobody_is_killed
	[[ $verdict == "# SUCCESS "* ]] || fail "$verdict"
	taken=$(((before - $(</tmp/least)) / 1024))
	echo "$threads threads: $counted MiB counted, $taken MiB taken"
	at_most "memory taken, MiB" "$taken" $((counted + counted / 20 + 8))
	# Nor may the count be so high that runs are refused which would fit.
	at_most "memory counted, MiB" "$counted" $((taken * 3 / 2 + 8))
}

map_value() {
	awk -v key="$2" '$1 == key { print $2 }' "$FILES/maps/$1/stats"
}

# A map may keep 2 KiB for each possible CPU, and 192 KiB for each CPU that took part.
percpu_limit() {
	echo $((POSSIBLE * 2048 + (CPUS + 1) * 196608))
}

# Fails when histograms, lines or the model are allocated for CPUs that take no part.
maps_are_of_cpus_that_take_part() {
	local map held sum=0
	fresh
	stress maps="$ALL_MAPS" cache=model keys=1000 rounds=1 duration_ms=100
	[[ $verdict == "# SUCCESS "* ]] || fail "$verdict"
	nobody_is_killed
	for map in "${DESIGNS[@]}"; do
		formats stats "$FILES/maps/$map/stats"
		held=$(map_value "$map" percpu_bytes)
		at_most "$map: percpu_bytes" "$held" "$(percpu_limit)"
		equal "$map: latencies lost" "$(map_value "$map" latencies_lost_total)" 0
		sum=$((sum + held))
	done
	echo "$sum bytes for ${#DESIGNS[@]} maps, $POSSIBLE CPUs"
}

# Fails when percpu_bytes omits memory that the maps hold: about as much is freed.
percpu_bytes_are_true() {
	local map sum=0 before after
	((POSSIBLE >= 8 * CPUS)) || skip "too few CPUs for it to show"
	for map in "${DESIGNS[@]}"; do
		sum=$((sum + $(map_value "$map" percpu_bytes) + $(map_value "$map" memory_bytes)))
	done
	before=$(($(held Slab) + $(meminfo Percpu) + $(meminfo VmallocUsed)))
	unload
	after=$(($(held Slab) + $(meminfo Percpu) + $(meminfo VmallocUsed)))
	echo "$((before - after)) kB were given back, the maps held $((sum / 1024))"
	# The module itself, and rounding.
	at_most "memory given back, kB" $((before - after)) $((sum * 3 / 2048 + 4096))
}

# Fails when a window's model, or a front, is allocated for CPUs that do not exist.
windows_and_fronts_too() {
	fresh
	stress maps=seqlock cache=off front=on keys=1000 rounds=1 duration_ms=100
	[[ $verdict == "# SUCCESS "* ]] || fail "$verdict"
	at_most "memory of the front" "$(awk '$1 == "memory_bytes" { print $2 }' "$FILES/maps/seqlock/front_stats")" \
		$(((CPUS + 1) * 262144 + POSSIBLE * 256))
	echo "window 100" >"$FILES/maps/seqlock/cache_miss"
	at_most "percpu_bytes after a window" "$(map_value seqlock percpu_bytes)" "$(percpu_limit)"
	nobody_is_killed
	unload
}

test_case "threads that do not fit are refused" threads_are_refused
test_case "keys that do not fit are refused" keys_are_refused
test_case "a start that does not fit reports why" start_says_why
test_case "what is accepted runs" what_is_let_in_runs
test_case "maps hold memory for CPUs that take part" maps_are_of_cpus_that_take_part
test_case "percpu_bytes is what maps hold" percpu_bytes_are_true
test_case "windows and fronts likewise" windows_and_fronts_too
test_case "unload" unload
run_cases

#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# CPUs go offline and online while threads are pinned to them: the run continues, or ends with a
# failure and its reason; the module stays usable, and can be unloaded.
. "$MAPSTAT_SOURCE/tests/lib/guest.sh"

last=/sys/devices/system/cpu/cpu$(($(nproc) - 1))/online

# no_errors FILE: the column errors is 0 in every row.
no_errors() {
	awk -F '\t' '
		/^# map\t/ { for (i = 1; i <= NF; i++) if ($i == "errors") column = i }
		!/^#/ { rows++; bad += $column != 0 }
		END { exit !(column && rows && !bad) }' "$1" || fail "errors in $1"
}

# Fails when a thread that was driven off its CPU does not return, or the log has no line about it
# or one for each phase.
back_on_its_cpu() {
	fresh
	kernel_log_mark
	insmod mapstat.ko maps=seqlock,rwlock rounds=1000 duration_ms=20
	wait_running
	echo 0 >"$last"
	sleep 2
	echo 1 >"$last"
	sleep 1
	local thread number=$(($(nproc) - 1))
	thread=$(pgrep -x "mapstat/$number")
	equal "CPUs of mapstat/$number" "$(taskset -cp "$thread" | sed 's/.*: //')" "$number"
	echo stop >"$FILES/control"
	wait_run 30
	kernel_log >/tmp/log
	equal "lines of threads driven off" "$(grep -c "driven off\|on their CPUs again" /tmp/log)" 2
	grep -q "1 of $(nproc) threads were driven off their CPUs: $number$" /tmp/log || fail "no log line that it was driven off"
	grep -q "all threads are on their CPUs again$" /tmp/log || fail "no log line that it is back"
}

# until_round N: waits until the run has reached it
until_round() {
	local deadline=$((SECONDS + 60)) round=0
	while ((round < $1)); do
		((SECONDS < deadline)) || fail "round $1 does not begin"
		[[ $(state) =~ ^running\ ([0-9]+)/ ]] || fail "control reads '$(state)'"
		round=${BASH_REMATCH[1]}
	done
}

# Fails when a round counts although threads were not on their CPUs, or the round is not named.
disturbed_rounds_are_named() {
	fresh
	insmod mapstat.ko maps=seqlock,rwlock rounds=40 duration_ms=100
	until_round 2
	echo 0 >"$last"
	sleep 1
	echo 1 >"$last"
	wait_run
	cat "$FILES/results" >/tmp/results
	[[ $(tail -n 1 /tmp/results) =~ ^"# SUCCESS disturbed: threads were not on their CPUs in rounds "[0-9,-]+": maps=" ]] ||
		fail "$(tail -n 1 /tmp/results)"
	# The rounds in the verdict are those of the rows, and the medians are without them.
	formats results /tmp/results maps=seqlock,rwlock rounds=40
	mapstat show | tr '\n' ' ' >/tmp/shown
	grep -q "Left out, as threads were not on their CPUs: [0-9]* rounds* of seqlock" /tmp/shown || fail "$(</tmp/shown)"
	grep -q "SUCCESS disturbed: threads were not on their CPUs in rounds" /tmp/shown || fail "$(</tmp/shown)"
}

# Fails when a thread asks for its CPU while that goes offline: the scheduler then warns of a task
# that runs outside its affinity mask.
back_while_it_goes() {
	local i number=$(($(nproc) - 1))
	fresh
	insmod mapstat.ko cache=model maps=seqlock keys=500 rounds=1000 duration_ms=10
	wait_running
	for ((i = 0; i < 60; i++)); do
		echo 0 >"$last"
		echo 1 >"$last"
	done
	sleep 1
	equal "CPUs of mapstat/$number" \
		"$(taskset -cp "$(pgrep -x "mapstat/$number")" | sed 's/.*: //')" "$number"
	! dmesg | grep -q WARNING || fail "the kernel warns"
	echo stop >"$FILES/control"
	wait_run 30
}

off_and_on() {
	local i
	fresh
	insmod mapstat.ko maps="$ALL_MAPS" rounds=4 duration_ms=300 "$@"
	wait_running
	for i in 1 2 3; do
		sleep 0.4
		echo 0 >"$last"
		find "$FILES" -type f -exec cat {} + >/dev/null
		sleep 0.4
		echo 1 >"$last"
	done
	local deadline=$((SECONDS + 120))
	while [[ $(state) == running* ]]; do
		((SECONDS < deadline)) || fail "the run does not end"
		sleep 0.2
	done
	tail -n 1 "$FILES/results"
	[[ $(tail -n 1 "$FILES/results") =~ ^"# "(SUCCESS|FAILURE)" " ]] || fail "no verdict"
	# Hotplug must not lose a value: the check reports that as "wrong value".
	! tail -n 1 "$FILES/results" | grep -q 'wrong value' || fail "values were lost"
	no_errors "$FILES/results"
}

usable_afterwards() {
	echo 1 >"$FILES/stress/rounds"
	echo start >"$FILES/control"
	wait_run
	[[ $(tail -n 1 "$FILES/results") == "# SUCCESS "* ]] || fail "$(tail -n 1 "$FILES/results")"
}

gone_while_offline() {
	fresh
	insmod mapstat.ko maps="$ALL_MAPS" rounds=100 duration_ms=300
	wait_running
	echo 0 >"$last"
	unload
	echo 1 >"$last"
}

loaded_while_offline() {
	fresh
	echo 0 >"$last"
	stress maps="$ALL_MAPS" rounds=1 duration_ms=100
	[[ $verdict == "# SUCCESS "* ]] || fail "$verdict"
	echo 1 >"$last"
	usable_afterwards
}

front_bytes() {
	awk '$1 == "memory_bytes" { print $2 }' "$FILES/maps/seqlock/front_stats"
}

# Fails when a front has room for an offline CPU, or none for one that comes online.
front_follows_cpus() {
	local before after
	fresh
	echo 0 >"$last"
	insmod mapstat.ko maps=seqlock front=on rounds=1 duration_ms=100 keys=100
	wait_run
	before=$(front_bytes)
	echo 1 >"$last"
	after=$(front_bytes)
	equal "bytes more for one CPU more" "$((after - before))" 262144
	echo 0 >"$last"
	echo 1 >"$last"
	equal "bytes of a front whose CPU was away" "$(front_bytes)" "$after"
	echo off >"$FILES/maps/seqlock/front"
	equal "bytes without a front" "$(front_bytes)" 0
	unload
}

# The model shares a cache among CPUs that come online after it was created: none is without.
window_while_a_cpu_comes() {
	local window
	fresh
	echo 0 >"$last"
	insmod mapstat.ko maps=seqlock rounds=1 duration_ms=100
	wait_run
	echo "window 3000" >"$FILES/maps/seqlock/cache_miss" &
	window=$!
	sleep 1
	echo 1 >"$last"
	cat "$FILES/maps/seqlock/cache_miss" "$FILES/maps/seqlock/shared_lines" >/dev/null
	wait "$window"
	formats stats "$FILES/maps/seqlock/stats"
	unload
}

if [[ -w $last ]]; then
	test_case "a CPU goes offline and online during a run" off_and_on
	test_case "the next run succeeds" usable_afterwards
	test_case "a thread returns to its CPU" back_on_its_cpu
	test_case "disturbed rounds are named, and do not count" disturbed_rounds_are_named
	test_case "a thread returns while its CPU goes offline again" back_while_it_goes
	test_case "more threads than CPUs" off_and_on threads=5
	test_case "rmmod while a CPU with a thread is offline" gone_while_offline
	test_case "loaded while a CPU is offline" loaded_while_offline
	test_case "a front follows CPUs" front_follows_cpus
	test_case "a CPU comes online during a window" window_while_a_cpu_comes
	test_case "unload" unload
else
	test_case "CPU hotplug" skip "no CPU of this guest can go offline"
fi
run_cases

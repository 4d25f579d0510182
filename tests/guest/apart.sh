#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# What is done with one map's files holds up no other map, no run, and no other module.
. "$MAPSTAT_SOURCE/tests/lib/guest.sh"

# Of a window of 10 s, or a reader that never ends. What is to be prompt takes milliseconds;
# where the CPU is emulated and the host is busy, two seconds.
readonly LIMIT=6

holder=

# ends PID: within LIMIT seconds
ends() {
	local deadline=$((SECONDS + LIMIT))
	while kill -0 "$1" 2>/dev/null; do
		((SECONDS < deadline)) || return 1
		sleep 0.05
	done
}

# promptly COMMAND...: one that takes more than LIMIT seconds may wait for the holder, unkillably:
# that ends first, so that the test can.
promptly() {
	local pid
	"$@" &
	pid=$!
	ends "$pid" || {
		let_go KILL
		wait "$pid" || true
		fail "not done after $LIMIT s: $*"
	}
	wait "$pid" || fail "failed: $*"
}

let_go() {
	[[ -z $holder ]] || ! kill -"$1" "$holder" 2>/dev/null || wait "$holder" || true
	holder=
}

write_word() {
	printf '%s' "$1" | dd of="$2" bs=4096 conv=notrunc status=none
}

start() {
	write_word start "$FILES/control"
}

# once PARAMETER=VALUE...: a run has been, and its maps are there.
once() {
	fresh
	insmod mapstat.ko maps=rwlock,seqlock rounds=1 duration_ms=20 keys=100 autostart=1 "$@"
	wait_run
}

# stuck read|write FILE
stuck() {
	local status=0
	: >/tmp/stuck
	python3 "$MAPSTAT_SOURCE/tests/lib/stuck.py" "$1" "$2" >/tmp/stuck 2>&1 &
	holder=$!
	until [[ -s /tmp/stuck ]]; do
		if ! kill -0 "$holder" 2>/dev/null; then
			wait "$holder" || status=$?
			((status != 3)) || skip "no userfaultfd"
			fail "stuck.py $*: status $status: $(</tmp/stuck)"
		fi
		sleep 0.05
	done
	equal "what it says" "$(</tmp/stuck)" stuck
}

# Breaks when a file is held while it is copied from or to memory that does not come.
nobody_waits_for_a_page() {
	local how
	once
	for how in read:{stats,percpu,latency,latency_percpu,pauses,cache_miss,shared_lines,front,front_stats} write:{front,cache_miss}; do
		echo "$how"
		insmod session_cache.ko
		stuck "${how%:*}" "$FILES/maps/session_cache/${how#*:}"
		promptly rmmod session_cache
		promptly insmod session_cache.ko
		promptly rmmod session_cache
		let_go KILL
	done
	for how in read:stats write:front; do
		echo "$how"
		stuck "${how%:*}" "$FILES/maps/rwlock/${how#*:}"
		promptly start
		wait_run
		let_go KILL
	done
}

# The parameters' mutex, and that of all who use relay.
nobody_waits_for_a_page_of_events() {
	once events=1 cache=model
	stuck read "$FILES/events/cpu0"
	promptly write_word 0 "$FILES/stress/events"
	promptly cat "$FILES/stress/keys"
	promptly start
	wait_run 60
	let_go KILL
}

# Breaks when a map's directory outlives its name, a name its map, or files their map: what
# the debugging kernels say of it is what this is for.
all_at_once() {
	local i reader resetter
	once
	while :; do
		find "$FILES/maps" -type f -exec cat {} + >/dev/null 2>&1
	done &
	reader=$!
	while :; do
		write_word reset "$FILES/control" 2>/dev/null || true
		write_word "window 20" "$FILES/maps/session_cache/cache_miss" 2>/dev/null || true
		write_word on "$FILES/maps/session_cache/front" 2>/dev/null || true
	done &
	resetter=$!
	for ((i = 0; i < 20; i++)); do
		insmod session_cache.ko || break
		rmmod session_cache || break
		((i % 5)) || start 2>/dev/null || true
	done
	kill "$reader" "$resetter"
	wait "$reader" "$resetter" 2>/dev/null || true
	equal "times that it came and went" "$i" 20
	wait_run
}

test_case "a map's files are not held while a page is waited for" nobody_waits_for_a_page
test_case "nor are those of events" nobody_waits_for_a_page_of_events
test_case "maps come and go while all files are read" all_at_once
test_case "unload" unload
run_cases

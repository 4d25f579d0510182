#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# An operation on one map's files delays no other map, no run, and no other module.
. "$MAPSTAT_SOURCE/tests/lib/guest.sh"

# A window takes 10 s and a stuck reader never ends. What has to be prompt takes milliseconds, or
# up to two seconds on emulated CPUs and a busy host.
readonly LIMIT=6

holder=

# ends PID: waits until it has ended; fails after LIMIT seconds
ends() {
	local deadline=$((SECONDS + LIMIT))
	while kill -0 "$1" 2>/dev/null; do
		((SECONDS < deadline)) || return 1
		sleep 0.05
	done
}

# promptly COMMAND...: fails if it takes more than LIMIT seconds. It may then be waiting for the
# holder, unkillably, so the holder is ended first.
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

# window MAP: opens one of 10 s in the background; its output goes to /tmp/window
window() {
	printf 'window 10000' >/tmp/word
	# bash ignores SIGINT in its background commands.
	env --default-signal=INT dd if=/tmp/word of="$FILES/maps/$1/cache_miss" bs=4096 conv=notrunc \
		status=none 2>/tmp/window &
	holder=$!
	until [[ $(head -n 1 "$FILES/maps/$1/cache_miss") == *$'\tmodel '* ]]; do
		kill -0 "$holder" 2>/dev/null || fail "there is no window: $(</tmp/window)"
		sleep 0.05
	done
}

# over TEXT: the window has ended, or ends promptly, with TEXT in its output
over() {
	ends "$holder" || {
		let_go KILL
		fail "the window is still open after $LIMIT s"
	}
	wait "$holder" || true
	holder=
	[[ $(</tmp/window) == *"$1"* ]] || fail "the window prints: $(</tmp/window)"
}

still_open() {
	kill -0 "$holder" 2>/dev/null || fail "the window is over: $(</tmp/window)"
}

start() {
	write_word start "$FILES/control"
}

# once PARAMETER=VALUE...: completes a run; its maps are kept.
once() {
	fresh
	insmod mapstat.ko maps=rwlock,seqlock rounds=1 duration_ms=20 keys=100 autostart=1 "$@"
	wait_run
}

# Fails when the destruction of a map waits for its window.
start_ends_a_window() {
	once
	window rwlock
	promptly start
	over "Operation canceled"
	wait_run
	# A run that counts misses does so too, on any map.
	insmod session_cache.ko
	window session_cache
	echo model >"$FILES/stress/cache"
	promptly start
	over "Operation canceled"
	wait_run 60
	rmmod session_cache
}

# Fails when a window, or waiting for its end, blocks another module.
others_come_and_go() {
	local starter
	once
	window rwlock
	start &
	starter=$!
	promptly insmod session_cache.ko
	promptly rmmod session_cache
	wait "$starter"
	over "Operation canceled"
	wait_run
	window rwlock
	promptly insmod session_cache.ko
	cat "$FILES/maps/session_cache/stats" >/dev/null
	promptly rmmod session_cache
	[[ ! -e $FILES/maps/session_cache ]] || fail "its files are still there"
	promptly write_word reset "$FILES/control"
	still_open
	let_go INT
}

# Fails when a map cannot be destroyed before its window has ended.
goes_with_its_window() {
	once
	insmod session_cache.ko
	window session_cache
	promptly rmmod session_cache
	over "Operation canceled"
	# The same name again at once, with another window.
	insmod session_cache.ko
	window session_cache
	promptly rmmod session_cache
	over "Operation canceled"
}

stop_ends_a_window() {
	once
	refused_with "Invalid argument" write_word stop "$FILES/control"
	window rwlock
	promptly write_word stop "$FILES/control"
	over "Operation canceled"
	refused_with "Invalid argument" write_word stop "$FILES/control"
}

# Fails when a signal does not end a window, or the window outlives its writer.
signals_end_a_window() {
	local signal
	once
	for signal in INT TERM KILL; do
		window rwlock
		kill -"$signal" "$holder"
		over ""
		refused_with "Invalid argument" write_word stop "$FILES/control"
	done
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
	equal "its output" "$(</tmp/stuck)" stuck
}

# Fails when a map is pinned while its file is copied from or to a page that never arrives.
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

# Otherwise the parameters' mutex, and the one that all users of relay share, would stay held.
nobody_waits_for_a_page_of_events() {
	once events=1 cache=model
	stuck read "$FILES/events/cpu0"
	promptly write_word 0 "$FILES/stress/events"
	promptly cat "$FILES/stress/keys"
	promptly start
	wait_run 60
	let_go KILL
}

# Fails when a map's directory outlives its name, a name its map, or files their map. The debugging
# kernels report it.
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
	equal "times it was loaded and unloaded" "$i" 20
	wait_run
}

test_case "a start ends a window" start_ends_a_window
test_case "a window does not block other modules" others_come_and_go
test_case "a map is destroyed in the middle of its window" goes_with_its_window
test_case "stop ends a window" stop_ends_a_window
test_case "a signal ends a window" signals_end_a_window
test_case "a map's files are not held while a page is awaited" nobody_waits_for_a_page
test_case "nor are those of events" nobody_waits_for_a_page_of_events
test_case "maps are created and destroyed while all files are read" all_at_once
test_case "unload" unload
run_cases

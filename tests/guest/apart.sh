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

# window MAP: one of 10 s, in the background; what it says goes to /tmp/window
window() {
	printf 'window 10000' >/tmp/word
	# A shell has what it puts in the background ignore SIGINT.
	env --default-signal=INT dd if=/tmp/word of="$FILES/maps/$1/cache_miss" bs=4096 conv=notrunc \
		status=none 2>/tmp/window &
	holder=$!
	until [[ $(head -n 1 "$FILES/maps/$1/cache_miss") == *$'\tmodel '* ]]; do
		kill -0 "$holder" 2>/dev/null || fail "there is no window: $(</tmp/window)"
		sleep 0.05
	done
}

# over TEXT: the window is over, or is promptly, and says TEXT
over() {
	ends "$holder" || {
		let_go KILL
		fail "the window is still open after $LIMIT s"
	}
	wait "$holder" || true
	holder=
	[[ $(</tmp/window) == *"$1"* ]] || fail "the window says: $(</tmp/window)"
}

still_open() {
	kill -0 "$holder" 2>/dev/null || fail "the window is over: $(</tmp/window)"
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

# Breaks when the destruction of a map waits for its window.
start_ends_a_window() {
	once
	window rwlock
	promptly start
	over "Operation canceled"
	wait_run
	# And by a run that counts misses, of whatever map it is.
	insmod session_cache.ko
	window session_cache
	echo model >"$FILES/stress/cache"
	promptly start
	over "Operation canceled"
	wait_run 60
	rmmod session_cache
}

# Breaks when a window, or a wait for its end, is in the way of another module.
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

# Breaks when a map cannot go before its window is over.
goes_with_its_window() {
	once
	insmod session_cache.ko
	window session_cache
	promptly rmmod session_cache
	over "Operation canceled"
	# The same name at once, and another window of it.
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

# Breaks when a signal does not end a window, or it goes on without its writer.
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

# The parameters' mutex, and that of all users of relay.
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

test_case "a start ends a window" start_ends_a_window
test_case "a window is not in other modules' way" others_come_and_go
test_case "a map goes, and its window with it" goes_with_its_window
test_case "stop ends a window" stop_ends_a_window
test_case "a signal ends a window" signals_end_a_window
test_case "a map's files are not held while a page is waited for" nobody_waits_for_a_page
test_case "nor are those of events" nobody_waits_for_a_page_of_events
test_case "maps come and go while all files are read" all_at_once
test_case "unload" unload
run_cases

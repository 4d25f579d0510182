#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# What is done with one map's files holds up no other map, no run, and no other module.
. "$MAPSTAT_SOURCE/tests/lib/guest.sh"

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

test_case "maps come and go while all files are read" all_at_once
test_case "unload" unload
run_cases

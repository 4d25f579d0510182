#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The front of a live map: enabled and disabled by writing a word, in the middle of a run, without
# any effect on users of the map but time.
. "$MAPSTAT_SOURCE/tests/lib/guest.sh"

stat_of() {
	awk -v key="$2" '$1 == key { print $2 }' "$FILES/maps/$1/front_stats"
}

# Fails when a replaced or deleted value is returned while the front is enabled and disabled.
switched_all_the_time() {
	local map switcher i
	fresh
	insmod mapstat.ko maps="$ALL_MAPS" rounds=3 duration_ms=400 dist=zipf keys=2000 read_permille=800 threads=4
	wait_running
	while [[ $(state) == running* ]]; do
		for map in "${DESIGNS[@]}"; do
			for i in on off; do
				echo "$i" >"$FILES/maps/$map/front" || exit
				sleep 0.03
			done
		done
	done &
	switcher=$!
	wait_run 200
	wait "$switcher"
	[[ $(tail -n 1 "$FILES/results") == "# SUCCESS "* ]] || fail "$(tail -n 1 "$FILES/results")"
}

# Fails when the front does not answer hot keys, or does not count what it did.
hot_keys() {
	local map
	succeeds maps="$ALL_MAPS" rounds=1 duration_ms=300 dist=zipf keys=1000 front=on
	for map in "${DESIGNS[@]}"; do
		formats front_stats "$FILES/maps/$map/front_stats"
		equal "front of $map" "$(<"$FILES/maps/$map/front")" on
		(($(stat_of "$map" hit_permille) > 500)) || fail "$map: $(<"$FILES/maps/$map/front_stats")"
		(($(stat_of "$map" writes_total) > 0)) || fail "$map: no write was counted"
	done
}

# Fails when a front with a low hit rate is not bypassed, or does not report it.
cold_keys() {
	succeeds maps=rwlock rounds=1 duration_ms=1500 keys=100000 front=on read_permille=1000
	formats front_stats "$FILES/maps/rwlock/front_stats"
	(($(stat_of rwlock rests_total) > 0)) || fail "$(<"$FILES/maps/rwlock/front_stats")"
	(($(stat_of rwlock bypassed_total) > $(stat_of rwlock misses_total))) || fail "the front is not bypassed"
}

off_is_off() {
	echo off >"$FILES/maps/rwlock/front"
	formats front_stats "$FILES/maps/rwlock/front_stats"
	equal state "$(stat_of rwlock state)" off
	equal hits "$(stat_of rwlock hits_total)" 0
}

# Fails when another module's map cannot have a front.
of_another_module() {
	fresh
	insmod mapstat.ko autostart=0
	insmod session_cache.ko
	echo on >"$FILES/maps/session_cache/front"
	sleep 1
	# It writes each key that it has loaded, so there is much to invalidate.
	(($(stat_of session_cache misses_total) > 0)) || fail "$(<"$FILES/maps/session_cache/front_stats")"
	(($(stat_of session_cache writes_total) > 0)) || fail "$(<"$FILES/maps/session_cache/front_stats")"
	rmmod session_cache
}

wrong_words() {
	local word
	fresh
	insmod mapstat.ko maps=rwlock rounds=1 duration_ms=50
	wait_run
	for word in bogus ON 'on off' ' '; do
		printf '%s' "$word" >/tmp/word
		refused_with "Invalid argument" dd if=/tmp/word of="$FILES/maps/rwlock/front" conv=notrunc status=none
		equal front "$(<"$FILES/maps/rwlock/front")" off
	done
}

# Fails when a front, or its memory, outlives its map.
nothing_is_left() {
	once
	keeps_nothing 64 once
}

once() {
	succeeds maps=rwlock,seqlock rounds=1 duration_ms=50 front=on
	unload
}

test_case "enabled and disabled in the middle of a run" switched_all_the_time
test_case "hot keys" hot_keys
test_case "cold keys: it is bypassed" cold_keys
test_case "off" off_is_off
test_case "on a map of another module" of_another_module
test_case "invalid words" wrong_words
test_case "nothing is left" nothing_is_left
test_case "unload" unload
run_cases

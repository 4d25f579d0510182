#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# samples/session_cache.ko: a live map in another module.
. "$MAPSTAT_SOURCE/tests/lib/guest.sh"

map=$FILES/maps/session_cache

counter() {
	awk -v name="$1_total" '$1 == name { print $2 }' "$map/stats"
}

# Fails when symbols are not exported, or not in the namespace.
loads() {
	fresh
	refused_with "Unknown symbol" insmod session_cache.ko
	insmod mapstat.ko autostart=0
	insmod session_cache.ko
	modinfo -F depends session_cache.ko | grep -qx mapstat
	modinfo -F import_ns session_cache.ko | grep -qx MAPSTAT
}

its_own_numbers() {
	local before now deadline=$((SECONDS + 20))
	formats stats "$map/stats"
	grep -qx $'key_size_bytes\t32' "$map/stats"
	before=$(counter inserts)
	until now=$(counter inserts) && ((now > before && $(counter hits) > 0 && $(counter deletes) > 0)); do
		((SECONDS < deadline)) || fail "inserts $before, after 20 s $now; hits $(counter hits), deletes $(counter deletes)"
		sleep 0.2
	done
	formats latency "$map/latency"
	grep -q '^load' "$map/latency" || fail "no latency of its loads"
}

# Fails when a stress run affects other modules' maps.
beside_a_run() {
	echo "rwlock,seqlock" >"$FILES/stress/maps"
	echo 1 >"$FILES/stress/rounds"
	echo 100 >"$FILES/stress/duration_ms"
	echo start >"$FILES/control"
	wait_run
	[[ $(tail -n 1 "$FILES/results") == "# SUCCESS "* ]] || fail "$(tail -n 1 "$FILES/results")"
	[[ -e $map/stats && -e $FILES/maps/rwlock/stats ]] || fail "$(ls "$FILES/maps")"
}

library_cannot_go_first() {
	refused_with "in use by: session_cache" rmmod mapstat
	[[ -e $map/stats ]] || fail "the map is gone"
}

goes() {
	rmmod session_cache
	[[ ! -e $map ]] || fail "the map is still there"
	is_loaded || fail "mapstat was unloaded with it"
}

bad_sizes() {
	local value
	for value in sessions=0 sessions=1000001 design=nosuch; do
		refused_with "Invalid parameters" insmod session_cache.ko "$value"
		[[ ! -e $map ]] || fail "$value: the map is there"
	done
}

every_design() {
	local design
	for design in rwlock sharded readdirty seqlock rhashtable hlist; do
		insmod session_cache.ko design="$design"
		grep -qx $'design\t'"$design" "$map/stats"
		rmmod session_cache
	done
}

test_case "it depends on mapstat, and loads" loads
test_case "its map shows its own numbers" its_own_numbers
test_case "beside a stress run" beside_a_run
test_case "mapstat cannot be unloaded before it" library_cannot_go_first
test_case "its map is destroyed with it" goes
test_case "on every design" every_design
test_case "unsupported sizes are refused" bad_sizes
test_case "unload" unload
run_cases

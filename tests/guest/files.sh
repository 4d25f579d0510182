#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Every file under /sys/kernel/debug/mapstat against docs/debugfs.md: columns, units, sums that must
# agree. tests/lib/formats.py computes them.
. "$MAPSTAT_SOURCE/tests/lib/guest.sh"

modinfo -p mapstat.ko >/tmp/parameters
insmod mapstat.ko autostart=1 maps="$ALL_MAPS" rounds=3 duration_ms=150 keys=3000 sample_shift=2 \
	delete_permille=300 read_permille=800

# All files that are expected, and no others.
tree() {
	(
		cd "$FILES"
		find . -type f | sed 's,^\./,,' | grep -v '^stress/' | sort
	) >/tmp/found
	{
		printf '%s\n' control last_error parameters results state version events/{sites,stats}
		printf "maps/%s\n" {hlist,readdirty,readdirty_classic,rhashtable,rwlock,seqlock,sharded}/{cache_miss,front,front_stats,latency,latency_percpu,misses,pauses,percpu,shared_lines,stats}
	} | sort >/tmp/wanted
	diff /tmp/wanted /tmp/found
}

modes() {
	[[ -z $(find "$FILES" -type d ! -perm 0700) ]] || fail "$(find "$FILES" -type d ! -perm 0700)"
	equal "files that can be written" \
		"$(find "$FILES" -type f -perm 0600 | grep -vc "/stress/\|/control$\|/front$\|/cache_miss$" || true)" 0
	equal "files of other modes" "$(find "$FILES" -type f ! -perm 0400 ! -perm 0600 | wc -l)" 0
	equal "parameters that can be written" "$(find "$FILES/stress" -perm 0600 | wc -l)" "$(wc -l </tmp/parameters)"
}

idle_until_done() {
	wait_run
}

# copied FILE MAP: checks a single reading of it.
copied() {
	cat "$FILES/maps/$2/$1" >/tmp/now
	formats "$1" /tmp/now
}

# A file that is read while it changes is consistent: the count is that of the same buckets.
while_running() {
	local map file
	echo 200 >"$FILES/stress/rounds"
	echo 2000 >"$FILES/stress/duration_ms"
	echo start >"$FILES/control"
	wait_running
	[[ $(state) =~ ^running\ [0-9]+/200$ ]] || fail "control reads '$(state)'"
	[[ $(tail -n 1 "$FILES/results") =~ ^"# RUNNING "[0-9]+/200" " ]] || fail "$(tail -n 1 "$FILES/results")"
	for map in rwlock seqlock; do
		for file in latency latency_percpu pauses stats percpu; do
			copied "$file" "$map"
		done
	done
	# Fails when a size is reported: it is not known before the file is read.
	equal "size of results" "$(stat -c %s "$FILES/results")" 0
	echo stop >"$FILES/control"
	wait_run 60
}

# Fails when a total includes what is subtracted later.
totals_never_fall() {
	local front
	for front in off on; do
		fresh
		# In the end all keys are deleted: loads miss, and the front bypasses itself.
		insmod mapstat.ko maps=rwlock,seqlock front="$front" keys=3000 rounds=1000 duration_ms=20 \
			read_permille=900 delete_permille=1000 cache=model
		wait_running
		formats rising "$FILES" 4
		echo stop >"$FILES/control"
		wait_run 60
	done
}

stress_files() {
	fresh
	insmod mapstat.ko autostart=0 cache=auto
	formats stress_parameters "$FILES/stress" /tmp/parameters
	[[ $(state) == idle ]] || fail "control reads '$(state)'"
	[[ $(tail -n 1 "$FILES/results") == "# NONE "* ]] || fail "$(tail -n 1 "$FILES/results")"
	formats results "$FILES/results"
	equal "maps before the first run" "$(find "$FILES/maps" -mindepth 1 | wc -l)" 0
}

# Fails when parameters can be written in /sys/module too, without the checks.
no_second_door() {
	local writable
	writable=$(find /sys/module/mapstat/parameters -type f -perm /222 2>/dev/null || true)
	[[ -z $writable ]] || fail "writable: $writable"
}

reset_zeroes() {
	echo reset >"$FILES/control"
	[[ $(tail -n 1 "$FILES/results") == "# NONE "* ]] || fail "$(tail -n 1 "$FILES/results")"
	awk '$1 ~ /_total$/ && $2 != 0' "$FILES"/maps/*/stats >/tmp/left
	[[ ! -s /tmp/left ]] || fail "after reset: $(</tmp/left)"
	formats latency "$FILES/maps/rwlock/latency"
	! grep -q '^load' "$FILES/maps/rwlock/latency" || fail "latency has observations"
}

test_case "this test's run succeeds" idle_until_done
test_case "the tree: every file, no others" tree
test_case "modes" modes
test_case "version" formats version "$FILES/version"
test_case "results" formats results "$FILES/results" maps="$ALL_MAPS" rounds=3 read_permille=800
for map in "${DESIGNS[@]}"; do
	test_case "$map: stats" formats stats "$FILES/maps/$map/stats"
	test_case "$map: latency" formats latency "$FILES/maps/$map/latency"
	test_case "$map: latency_percpu" formats latency_percpu "$FILES/maps/$map/latency_percpu"
	test_case "$map: pauses" copied pauses "$map"
	test_case "$map: cache_miss" formats cache_miss "$FILES/maps/$map/cache_miss"
	test_case "$map: misses" cmp "$FILES/maps/$map/misses" "$FILES/maps/$map/cache_miss"
	test_case "$map: shared_lines" formats shared_lines "$FILES/maps/$map/shared_lines"
	test_case "$map: the sums of its files agree" formats sums "$FILES/maps/$map"
done
test_case "reset zeroes everything" reset_zeroes
test_case "consistent during a run" while_running
test_case "no total decreases" totals_never_fall
test_case "stress/ has the documented parameters and defaults" stress_files
test_case "no parameter can be written in /sys/module" no_second_door
test_case "unload" unload
run_cases

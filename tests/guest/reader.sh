#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# mapstat(1) on the real files: it prints what the kernel reports, and each failure has a clear line
# and its own exit status. (tests/reader has damaged files.)
. "$MAPSTAT_SOURCE/tests/lib/guest.sh"

without_module() {
	fresh
	local command
	for command in show json list wait stop reset "run keys=10"; do
		# shellcheck disable=SC2086 # a command and its arguments
		fails 5 "not loaded" mapstat $command
	done
}

without_debugfs() {
	fails 3 "not mounted" unshare --mount bash -c \
		'umount -R /sys/kernel/debug/tracing 2>/dev/null; umount /sys/kernel/debug && mapstat show'
}

without_permission() {
	is_loaded || insmod mapstat.ko autostart=0
	fails 4 "permission" setpriv --reuid 65534 --clear-groups "$(command -v mapstat)" show
}

unknown_abi() {
	rm -rf /tmp/tree
	cp -r "$FILES" /tmp/tree
	chmod -R u+rwX /tmp/tree
	sed -i 's/^abi\t.*/abi\t999/' /tmp/tree/version
	fails 6 "ABI version 999" mapstat -d /tmp/tree show
}

# Fails when a map's row, or its histogram, is not shown.
run_prints() {
	local map
	fresh
	insmod mapstat.ko autostart=0
	COLUMNS=160 mapstat run maps="$ALL_MAPS" -p rounds=3 -p duration_ms=100 keys=700 cache=off >/tmp/out 2>/tmp/progress
	cat /tmp/out
	equal keys "$(<"$FILES/stress/keys")" 700
	[[ $(tail -n 1 "$FILES/results") == "# SUCCESS "* ]]
	grep -q "SUCCESS" /tmp/out || fail "the verdict is not shown"
	for map in "${DESIGNS[@]}"; do
		grep -qw "^ *$map" /tmp/out || fail "no row of $map"
	done
	[[ -s /tmp/progress ]] || fail "no progress was shown"
}

# Shows the figures of the median row; as if at native speed, so that times are shown.
show_tells_the_kernels_figures() {
	local map ns
	MAPSTAT_ACCEL=native COLUMNS=200 mapstat show >/tmp/out
	cat /tmp/out
	while IFS=$'\t' read -r map ns; do
		grep "^ *$map " /tmp/out | grep -qF -- " $ns" || fail "$map: $ns ns/op is not shown"
	done < <(awk -F '\t' '
		/^# map\t/ { for (i = 1; i <= NF; i++) if ($i == "ns_per_op") column = i }
		$2 == "median" { print $1 "\t" $column }' "$FILES/results")
}

# Fails when times of an emulator are ranked, or vm/run's MAPSTAT_ACCEL does not reach the program.
no_ranking_under_emulation() {
	local accel=$MAPSTAT_ACCEL
	MAPSTAT_ACCEL=tcg mapstat show | tee /tmp/out
	grep -q "^Emulated CPU (QEMU TCG)" /tmp/out || fail "the reason is missing"
	! grep -E 'winner|fastest|vs best|[0-9] (ns|µs|us|ms)' /tmp/out || fail "times of an emulator"
	mapstat json | grep -qF "\"accel\": \"$accel\"" || fail "json does not have $accel"
	# Without MAPSTAT_ACCEL, QEMU's CPUs are recognized.
	[[ $accel != tcg ]] || env -u MAPSTAT_ACCEL mapstat json | grep -qF '"accel": "tcg"' || fail "TCG is not recognized"
}

json_is_the_same() {
	mapstat json >/tmp/json
	python3 -m json.tool /tmp/json >/dev/null
	python3 - "$FILES" <<-'END'
		import json, sys
		document = json.load(open("/tmp/json"))
		lines = [l.rstrip("\n") for l in open(sys.argv[1] + "/results")]
		header = lines[0].removeprefix("# ").split("\t")
		rows = [l.split("\t") for l in lines if not l.startswith("#")]
		medians = {r[0]: dict(zip(header, r)) for r in rows if r[1] == "median"}
		told = {m["map"]: m for m in document["results"]["medians"]}
		if set(told) != set(medians) or not told:
		    sys.exit(f"maps: {sorted(told)}, in results: {sorted(medians)}")
		for name, row in medians.items():
		    for column, value in row.items():
		        if column in ("map", "round"):
		            continue
		        wanted = None if value == "-" else float(value)
		        if told[name][column] != wanted:
		            sys.exit(f"{name} {column}: {told[name][column]}, in results {value}")
	END
}

# Fails when a file of the module, or a future one, is missing in the JSON, or has another value
# there.
json_has_every_file() {
	mapstat run maps=rwlock,seqlock rounds=2 duration_ms=50 keys=300 front=on cache=model events=1 events_shift=10 >/dev/null 2>&1
	mapstat json >/tmp/json
	python3 "$MAPSTAT_SOURCE/tests/reader/check_json.py" "$FILES" /tmp/json || fail "it differs"
	python3 - "$FILES" <<-'END'
		import json, os, sys
		root, document = sys.argv[1], json.load(open("/tmp/json"))
		for path, _, files in os.walk(root):
		    where = os.path.relpath(path, root).split("/")
		    for name in files:
		        if where == ["."] and name in ("parameters", "last_error"):
		            continue    # the table of parameters, and the reason for a refusal
		        if name in ("state", "misses"):
		            continue    # control and cache_miss again, for a kernel that is locked down
		        if where == ["events"] and name.startswith("cpu"):
		            continue    # the records
		        if where == ["."]:
		            there = document.get(name)
		        elif where == ["stress"]:
		            there = document["parameters"].get(name)
		        elif where == ["events"]:
		            there = document["events"].get(name)
		        else:
		            of_map = [m for m in document["maps"] if m["name"] == where[1]]
		            there = of_map[0].get(name)
		        if there is None:
		            sys.exit(f"{'/'.join(where)}/{name} is not in the JSON")
		for m in document["maps"]:
		    if len(m["latency_percpu"]["cpus"]) != 2 or not m["cache_miss"]["cpus"]:
		        sys.exit(f"{m['name']}: not each CPU")
	END
	echo 0 >"$FILES/stress/events"
	echo off >"$FILES/stress/front"
	mapstat reset
}

# What all CPUs counted adds up to the map's totals.
per_cpu_adds_up() {
	local map hits
	mapstat run maps=rwlock,seqlock rounds=2 duration_ms=300 keys=300 cache=off >/dev/null 2>&1
	mapstat list --per-cpu | tee /tmp/out
	for map in rwlock seqlock; do
		hits=$(sed -n 's/^hits_total\t//p' "$FILES/maps/$map/stats")
		equal "hits of $map" "$(awk -v map="$map" '$1 == map { n += $3 } END { printf "%.0f", n }' /tmp/out)" "$hits"
		equal "CPUs of $map" "$(awk -v map="$map" '$1 == map { print $2 }' /tmp/out | paste -sd,)" 0,1
	done
	COLUMNS=160 MAPSTAT_ACCEL=native mapstat show --per-cpu rwlock | tee /tmp/out
	grep -A1 "^rwlock  each CPU; latency of load" /tmp/out | grep -q "p99" || fail "no latency of each CPU"
}

# With batch above 1 there are no single loads to show.
shows_loads_in_bulk() {
	COLUMNS=160 MAPSTAT_ACCEL=native mapstat run maps=rwlock,seqlock rounds=1 duration_ms=50 keys=300 batch=8 cache=off --hist >/tmp/out 2>/dev/null
	cat /tmp/out
	grep -q "^rwlock  load_many latency, [1-9]" /tmp/out || fail "no histogram"
	! grep "no load latency" /tmp/out
}

# A run has the parameters of its command line, and none of the previous run except with --keep.
run_takes_defaults() {
	[[ -e $FILES/parameters ]] || skip "this module does not publish its defaults"
	mapstat run maps=rwlock dist=zipf theta=0.5 rounds=1 duration_ms=50 cache=off >/dev/null 2>&1
	mapstat run --keep keys=300 >/dev/null 2>&1
	equal "dist that is kept" "$(<"$FILES/stress/dist")" zipf
	mapstat run maps=rwlock keys=200 key_size=1 rounds=1 duration_ms=50 cache=off >/dev/null 2>&1
	equal dist "$(<"$FILES/stress/dist")" uniform
	# 10 000 keys need more than one byte: the defaults must be set in a valid order.
	mapstat run maps=rwlock rounds=1 duration_ms=50 cache=off arrival=poisson rate=2000 >/dev/null 2>&1
	equal key_size "$(<"$FILES/stress/key_size")" 8
	mapstat run maps=rwlock rounds=1 duration_ms=50 cache=off batch=8 >/dev/null 2>&1
	equal arrival "$(<"$FILES/stress/arrival")" closed
}

stops_and_resets() {
	mapstat stop 2>&1 | grep -q "no run is under way"
	mapstat run maps=rwlock rounds=100 duration_ms=500 cache=off >/dev/null 2>&1 &
	wait_running
	fails 7 "under way" mapstat reset
	mapstat stop
	equal control "$(state)" idle
	wait $! || true
	grep -q '^# NONE stopped' "$FILES/results"
	mapstat reset
	grep -q '^# NONE no run yet' "$FILES/results"
}

list_is_maps() {
	mapstat list | tee /tmp/out
	diff <(sed 1d /tmp/out | awk '{ print $1 }' | sort) <(find "$FILES/maps" -mindepth 1 -maxdepth 1 -printf '%f\n' | sort)
}

# Fails when a refused parameter leaves those before it changed, or the run starts anyway.
run_refused() {
	local before
	before=$(<"$FILES/stress/keys")
	fails 9 read_permille mapstat run keys=9 -p read_permille=1001
	equal "keys after it" "$(<"$FILES/stress/keys")" "$before"
	equal control "$(state)" idle
	fails 9 nosuch mapstat run -p nosuch=1
}

failure_is_a_status() {
	fails 1 "" mapstat run maps=busted rounds=2 duration_ms=1500 keys=1000 cache=off
	fails 1 "no operation was done: map rwlock" mapstat run maps=rwlock threads=1 arrival=poisson rate=1 rounds=1 duration_ms=1 cache=off
	fails 1 "no operation was done: map rwlock" mapstat wait
	mapstat run maps=rwlock rounds=1 duration_ms=50 cache=off >/dev/null 2>&1
}

waits() {
	local start=$SECONDS
	echo 1 >"$FILES/stress/rounds"
	echo 3000 >"$FILES/stress/duration_ms"
	echo start >"$FILES/control"
	fails 7 "" mapstat run -p keys=10
	mapstat wait >/dev/null 2>&1
	[[ $(state) == idle ]] || fail "control reads '$(state)' after wait"
	((SECONDS - start >= 2)) || fail "wait returned after $((SECONDS - start)) s"
}

interrupted() {
	local pid status=0
	mapstat run maps=rwlock rounds=100 duration_ms=1000 cache=off >/dev/null 2>&1 &
	pid=$!
	wait_running
	# bash ignores SIGINT in its background commands; SIGTERM does the same.
	kill -TERM "$pid"
	wait "$pid" || status=$?
	((status == 128 + 15 || status == 128 + 2)) || fail "status $status"
	wait_run 30
	mapstat run maps=rwlock rounds=1 duration_ms=50 cache=off >/dev/null 2>&1
}

no_such_map() {
	fails 8 nosuch mapstat show nosuch
}

# Fails when the program assumes that a file still exists.
rmmod_beneath_it() {
	local i status
	for i in 1 2 3 4 5 6; do
		is_loaded || insmod mapstat.ko maps="$ALL_MAPS" rounds=1 duration_ms=50
		while :; do
			status=0
			mapstat json >/dev/null 2>/tmp/said || status=$?
			((status == 0)) || break
		done &
		sleep 0.3
		unload
		wait $!
	done
	[[ -s /tmp/said ]] || fail "the files that vanished are not reported"
}

# From here on the kernel loads no modules. Fails when a file with a writable mode is opened to be
# read, or root is asked to be root.
locked_down() {
	local lockdown=/sys/kernel/security/lockdown command
	[[ -e $lockdown ]] || mount -t securityfs none /sys/kernel/security 2>/dev/null || true
	[[ -e $lockdown ]] || skip "this kernel has no lockdown"
	fresh
	insmod mapstat.ko maps=rwlock,seqlock rounds=5 duration_ms=50 cache=model
	wait_run
	echo integrity >"$lockdown"
	refused_with "Operation not permitted" cat "$FILES/control"
	equal state "$(<"$FILES/state")" idle
	for command in wait show list json parameters "explain rwlock seqlock"; do
		# shellcheck disable=SC2086 # a command and its arguments
		mapstat $command >/tmp/out || fail "'$command' has status $?"
		[[ -s /tmp/out || $command == wait ]] || fail "'$command' prints nothing"
	done
	cat "$FILES"/{parameters,last_error,results,version} "$FILES"/maps/*/{misses,front_stats,stats} >/dev/null
	fails 4 "locked down (integrity)" mapstat run -p keys=10
	fails 4 "locked down (integrity)" mapstat run
	fails 4 "locked down (integrity)" mapstat events --source relay --seconds 0
	! mapstat run 2>&1 | grep sudo || fail "root is asked to use sudo"
}

test_case "the module is absent" without_module
test_case "debugfs is not mounted" without_debugfs
test_case "no permission" without_permission
test_case "an unknown ABI version" unknown_abi
test_case "run sets, runs, prints" run_prints
test_case "show prints the kernel's figures" show_tells_the_kernels_figures
test_case "no ranking under emulation" no_ranking_under_emulation
test_case "json is JSON, and agrees with results" json_is_the_same
test_case "list is what is under maps/" list_is_maps
test_case "every file is in the JSON" json_has_every_file
test_case "the CPUs' counts add up" per_cpu_adds_up
test_case "loads in bulk are shown" shows_loads_in_bulk
test_case "a run takes the defaults, or keeps" run_takes_defaults
test_case "stop and reset" stops_and_resets
test_case "no such map" no_such_map
test_case "a refused parameter: nothing is set, nothing is started" run_refused
test_case "a failure is a status" failure_is_a_status
test_case "wait waits; a second run is refused" waits
test_case "a run that is ended stops the run in the kernel" interrupted
test_case "rmmod while it reads" rmmod_beneath_it
test_case "the kernel is locked down" locked_down
test_case "unload" unload
run_cases

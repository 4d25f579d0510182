#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Bad input: each is refused with one clear line, and nothing changes.
. "$MAPSTAT_SOURCE/tests/lib/guest.sh"

# A refused module must leave nothing behind.
not_loaded() {
	! is_loaded || fail "the module is loaded"
	[[ ! -e "$FILES" ]] || fail "$FILES is there"
}

# write_says FILE TEXT ERROR: the write is refused with that error.
write_says() {
	# In one write(2), which a shell's printf does not guarantee.
	printf %s "$2" >/tmp/text
	refused_with "$3" dd if=/tmp/text of="$FILES/$1" bs=4096 conv=notrunc status=none
}

# Fails when a range is off by one, a value is truncated to fit, a refusal is silent or logged
# twice, or the files are checked less strictly than insmod's arguments.
values() {
	fresh
	python3 "$MAPSTAT_SOURCE/tests/lib/parameters.py" "$@"
}

# shellcheck disable=SC2054 # the commas belong to the values
bad=(
	threads=4097 threads=-1 threads=x threads=4294967296
	read_permille=1001 read_permille=-1 read_permille=4294967297
	delete_permille=1001 delete_permille=-1
	keys=0 keys=4294967296 keys=18446744073709551616
	key_size=0 key_size=257 key_size=4097 key_size=-8
	value_size=0 value_size=4097 value_size=65544
	dist=gauss dist=Uniform 'dist='
	theta=0 theta=0.0001 theta=1 theta=0.0005 theta=1.5 theta=-0.5 theta=abc theta=0.99x theta=0.9999
	arrival=open 'arrival='
	rate=0 rate=10000001 rate=-1
	duration_ms=0 duration_ms=3600001
	rounds=0 rounds=1001
	seed=-1 seed=18446744073709551616 seed=x
	batch=0 batch=65 batch=-1
	capacity=4294967297 capacity=-1
	shards=0 shards=3 shards=1025 shards=2048 shards=1023
	layout=tight mode=fast front=yes 'front=' experiment=share 'experiment='
	sample_shift=21 sample_shift=-1
	stats=2 stats=-1 stats=maybe
	cache=l1 'cache=' cache_kib=1025 cache_kib=-1 cache_ways=65 cache_ways=x line_bytes=1025 line_bytes=-1 line_bytes=3 line_bytes=1000
	tlb_entries=65537 tlb_entries=-1 tlb_ways=1025 tlb_ways=x page_kib=1048577 page_kib=-1 page_kib=3
	events=2 events=on events_shift=21 events_shift=-1 events_kib=3 events_kib=1025 events_kib=0
	events_subbufs=1 events_subbufs=65
	autostart=2 autostart=maybe
	maps=nosuch maps=rwlock,nosuch 'maps=' maps=, maps=rwlock, maps=,rwlock maps=rwlock,rwlock
	maps=rwlock,,sharded maps=RWLOCK
	cpus=4096 cpus=0-4096 cpus=x cpus=3-1 cpus=, cpus=,,
)
# shellcheck disable=SC2054
good=(
	threads=0 threads=4096 read_permille=0 read_permille=1000 delete_permille=0 delete_permille=1000
	keys=1 keys=4294967295 key_size=256 value_size=1 value_size=4096 dist=zipf dist=hotspot
	theta=0.001 theta=0.999 arrival=poisson rate=1 rate=10000000 duration_ms=1 duration_ms=3600000
	rounds=1 rounds=1000 seed=0 seed=18446744073709551615 capacity=0 capacity=4294967296
	batch=1 batch=64 shards=1 shards=1024 layout=packed mode=classic front=on experiment=falseshare sample_shift=0 sample_shift=20 stats=0 stats=1
	cache=auto cache=pmu cache=model cache=off cache_kib=0 cache_kib=1024 cache_ways=0 cache_ways=64
	line_bytes=0 line_bytes=1024 tlb_entries=0 tlb_entries=65536 tlb_ways=0 tlb_ways=1024 page_kib=0 page_kib=1048576
	events=0 events=1 events_shift=20 events_kib=4 events_kib=1024 events_subbufs=2 events_subbufs=64
	maps=rhashtable maps=rwlock,sharded,readdirty,readdirty_classic,seqlock,rhashtable,hlist,busted cpus=0
)

# The lists are useless if they omit a parameter.
all_parameters_are_here() {
	local name
	for name in $(modinfo -p mapstat.ko | cut -d : -f 1); do
		[[ " ${bad[*]}" == *" $name="* ]] || fail "no bad value of $name is tried"
		[[ $name == autostart || " ${good[*]}" == *" $name="* ]] || fail "no extreme value of $name is tried"
	done
}

unknown_parameter() {
	kernel_log_mark
	fresh
	insmod mapstat.ko autostart=0 nosuch=1
	# The kernel ignores these, and logs it.
	dmesg | sed "1,/$MARK/d" | grep -q "unknown parameter 'nosuch' ignored"
}

# do_not_go_together REFUSED [OTHER...]: each value is in its range; the conflict is found when the
# run is to begin, in any order, and reported for the same parameter if set through the files.
do_not_go_together() {
	local order setting
	for order in "$*" "${*:2} $1"; do
		fresh
		kernel_log_mark
		# shellcheck disable=SC2086 # one argument each
		refused_with "Invalid parameters" insmod mapstat.ko $order
		equal "lines in the log" "$(kernel_log | grep -c '^mapstat: parameter ')" 1
		kernel_log | grep -q "^mapstat: parameter $1: " || fail "the line is: $(kernel_log)"
		not_loaded
	done
	insmod mapstat.ko autostart=0
	for setting; do
		echo "${setting#*=}" >"$FILES/stress/${setting%%=*}"
	done
	kernel_log_mark
	write_says control start "Invalid argument"
	kernel_log | grep -q "^mapstat: parameter $1: " || fail "the line is: $(kernel_log)"
	equal control "$(state)" idle
}

# says_how_much MAP: the log has a line that it could not be created and needs more than is available.
says_how_much() {
	[[ $(dmesg) =~ mapstat:\ map\ $1\ cannot\ be\ made:\ -12:\ ([0-9]+)\ KiB\ wanted,\ ([0-9]+)\ available ]] ||
		fail "the log is: $(dmesg | grep mapstat:)"
	((BASH_REMATCH[1] > BASH_REMATCH[2] && BASH_REMATCH[2] > 0)) || fail "${BASH_REMATCH[0]}"
	# 2^32 heads of 8 bytes.
	[[ $1 != hlist ]] || equal "what hlist wants" "${BASH_REMATCH[1]}" 33554432
}

# Fails when an init that fails half-way leaks, or allocates so hard that the OOM killer runs.
no_memory() {
	fresh
	dmesg -C
	keeps_nothing 64 refused_with "Cannot allocate memory" \
		insmod mapstat.ko maps="$1" capacity=4294967295 key_size=256 value_size=4096 keys=1000
	not_loaded
	says_how_much "$1"
	! dmesg | grep -qE 'invoked oom-killer|Out of memory: Killed' || fail "the OOM killer has run"
}

# Fails when keys that can never fit are stored until memory is exhausted.
no_memory_for_keys() {
	fresh
	kernel_log_mark
	keeps_nothing 64 refused_with "Cannot allocate memory" insmod mapstat.ko keys=4294967295
	kernel_log | grep -q '^mapstat: FAILURE out of memory: .* keys=4294967295 ' || fail "the log is: $(kernel_log)"
	not_loaded
}

# Fails when a file can be opened before it is certain that the module stays: closing it would call
# unloaded code, which ends this guest with a report.
failed_insmod_with_a_reader() {
	local reader i
	fresh
	while :; do
		{ sleep 0.05; } <"$FILES/version" || sleep 0.01
	done 2>/dev/null &
	reader=$!
	for i in 1 2 3 4 5 6; do
		! insmod mapstat.ko maps="$ALL_MAPS" keys=1000 capacity=4294967295 \
			key_size=256 value_size=4096 2>/dev/null || fail "time $i: it was loaded"
	done
	kill "$reader"
	wait "$reader" 2>/dev/null || true
	not_loaded
}

# Fails when the module cannot run after a failed start.
no_memory_at_start() {
	fresh
	insmod mapstat.ko autostart=0 maps=rwlock rounds=1 duration_ms=50
	echo 4294967295 >"$FILES/stress/capacity"
	echo 4096 >"$FILES/stress/value_size"
	write_says control start "Cannot allocate memory"
	equal control "$(state)" "failed -12"
	echo 0 >"$FILES/stress/capacity"
	echo 8 >"$FILES/stress/value_size"
	echo start >"$FILES/control"
	wait_run
	[[ $(tail -n 1 "$FILES/results") == "# SUCCESS "* ]]
}

# 0, 1, 4096 and 10^6 bytes to every file: read-only files cannot be opened, the others refuse what
# is not a valid value. Nothing changes.
writes_of_all_sizes() {
	local before
	fresh
	insmod mapstat.ko autostart=0 maps=rwlock,seqlock rounds=1 duration_ms=50
	echo start >"$FILES/control"
	wait_run
	before=$(head -n 1000 "$FILES"/stress/* "$FILES/control" "$FILES/results")
	python3 "$MAPSTAT_SOURCE/tests/lib/writes.py" "$FILES"
	equal "stress/, control and results after the writes" \
		"$(head -n 1000 "$FILES"/stress/* "$FILES/control" "$FILES/results")" "$before"
	equal control "$(state)" idle
}

control_words() {
	local word
	fresh
	insmod mapstat.ko autostart=0 maps=rwlock rounds=1000 duration_ms=1000
	write_says control stop "Invalid argument"
	for word in bogus START 'start now' startx sta ' ' $'start\nstop'; do
		write_says control "$word" "Invalid argument"
	done
	equal control "$(state)" idle
	echo start >"$FILES/control"
	wait_running
	write_says control start "Device or resource busy"
	write_says control reset "Device or resource busy"
	write_says control bogus "Invalid argument"
	[[ $(state) == running* ]] || fail "control reads '$(state)'"
	echo stop >"$FILES/control"
	wait_run 30
	write_says control stop "Invalid argument"
	# Without a newline, as printf and other programs write it.
	printf start >"$FILES/control"
	wait_running
	printf stop >"$FILES/control"
	wait_run 30
}

# Fails when parameters can change during a run.
changes_while_running() {
	local file before
	fresh
	insmod mapstat.ko maps=rwlock rounds=1000 duration_ms=1000
	wait_running
	for file in "$FILES"/stress/*; do
		before=$(<"$file")
		write_says "stress/${file##*/}" "$before"$'\n' "Device or resource busy"
		equal "$file" "$(<"$file")" "$before"
	done
	echo stop >"$FILES/control"
	wait_run 30
	echo 500 >"$FILES/stress/read_permille"
}

# Fails when a reader with a small buffer gets lines twice, or misses some.
tiny_reads() {
	local file
	fresh
	insmod mapstat.ko maps="$ALL_MAPS" rounds=1 duration_ms=50 keys=500
	wait_run
	while read -r file; do
		cat "$file" >/tmp/whole
		dd if="$file" bs=1 of=/tmp/pieces status=none
		cmp /tmp/whole /tmp/pieces || fail "$file differs with bs=1"
		dd if="$file" bs=7 of=/tmp/pieces status=none
		cmp /tmp/whole /tmp/pieces || fail "$file differs with bs=7"
	done < <(find "$FILES" -type f)
}

# Fails when an open file outlives what it shows. Either the module stays until the file is closed,
# or it is unloaded and the file returns an error; a kernel report ends this guest.
open_across_rmmod() {
	local how file fd
	for how in untouched begun; do
		fresh
		insmod mapstat.ko maps=rwlock rounds=1 duration_ms=50
		wait_run
		for file in results control version maps/rwlock/latency maps/rwlock/pauses stress/keys; do
			is_loaded || insmod mapstat.ko maps=rwlock rounds=1 duration_ms=50
			wait_run
			exec {fd}<"$FILES/$file"
			[[ $how == untouched ]] || head -c 3 <&"$fd" >/dev/null
			if rmmod mapstat 2>/tmp/said; then
				not_loaded
				! cat <&"$fd" >/dev/null || fail "$file can still be read"
			else
				grep -q 'in use\|temporarily unavailable' /tmp/said || fail "rmmod: $(</tmp/said)"
				cat <&"$fd" >/dev/null
			fi
			exec {fd}<&-
			! is_loaded || unload
		done
	done
}

# A map's directory is removed at the next start: a reader with one of its files open gets at most
# an error.
open_across_start() {
	local fd
	fresh
	insmod mapstat.ko maps=rwlock rounds=1 duration_ms=50
	wait_run
	exec {fd}<"$FILES/maps/rwlock/latency"
	head -c 1 <&"$fd" >/dev/null
	echo seqlock >"$FILES/stress/maps"
	echo start >"$FILES/control"
	cat <&"$fd" >/dev/null || true
	wait_run
	exec {fd}<&-
	[[ ! -e "$FILES/maps/rwlock" ]] || fail "the previous run's map is still there"
}

rmmod_in_a_run() {
	fresh
	insmod mapstat.ko maps="$ALL_MAPS" rounds=1000 duration_ms=1000 threads=4
	wait_running
	unload
	not_loaded
	# A thread that has ended may be visible a moment longer.
	local deadline=$((SECONDS + 5))
	while pgrep '^mapstat' >/dev/null && ((SECONDS < deadline)); do
		sleep 0.1
	done
	equal "threads left" "$(pgrep -c '^mapstat' || true)" 0
}

second_insmod() {
	fresh
	insmod mapstat.ko maps=rwlock rounds=1 duration_ms=100
	refused_with "File exists" insmod mapstat.ko
	wait_run
	[[ $(tail -n 1 "$FILES/results") == "# SUCCESS "* ]] || fail "it has harmed the first one"
}

offline_cpu() {
	local last=$(($(nproc) - 1))
	((last > 0)) || skip "one CPU"
	[[ -w "/sys/devices/system/cpu/cpu$last/online" ]] || skip "this kernel has no CPU hotplug"
	fresh
	kernel_log_mark
	echo 0 >"/sys/devices/system/cpu/cpu$last/online"
	# It may be online again before the run begins, so this is checked when the run begins.
	refused_with "Invalid parameters" insmod mapstat.ko "cpus=0-$last"
	echo 1 >"/sys/devices/system/cpu/cpu$last/online"
	equal "lines in the log" "$(kernel_log | grep -c '^mapstat: parameter ')" 1
	kernel_log | grep -q "^mapstat: parameter cpus=0-$last: " || fail "the line is: $(kernel_log)"
	not_loaded
}

test_case "each parameter is tried" all_parameters_are_here
test_case "insmod refuses values out of range" values insmod_refuses "${bad[@]}"
test_case "the files refuse values out of range" values file_refuses "${bad[@]}"
test_case "values at the ends of their ranges are taken" values accepts "${good[@]}"
test_case "an unknown parameter is logged" unknown_parameter
test_case "more keys than key_size can tell apart" do_not_go_together keys=257 key_size=1
test_case "bulk loads with single arrivals" do_not_go_together batch=2 arrival=poisson
test_case "bulk loads with a front" do_not_go_together batch=2 front=on
test_case "a front with counters" do_not_go_together front=on experiment=falseshare
test_case "a mode without its map" do_not_go_together mode=classic maps=rwlock,seqlock
test_case "a mode that counters do not have" do_not_go_together mode=classic experiment=falseshare
test_case "a layout without its map" do_not_go_together layout=packed maps=readdirty
test_case "a layout when both are compared" do_not_go_together layout=packed experiment=falseshare
test_case "shards without their map" do_not_go_together shards=64 maps=rwlock
test_case "an exponent without zipf" do_not_go_together theta=0.500 dist=hotspot
test_case "a rate without Poisson arrivals" do_not_go_together rate=5000
test_case "cache ways: number of sets not a power of two" do_not_go_together cache_ways=5
test_case "cache size: number of sets not a power of two" do_not_go_together cache_kib=1 line_bytes=1024
test_case "line size: number of sets not a power of two" do_not_go_together cache_ways=64 line_bytes=1024
test_case "TLB entries: number of sets not a power of two" do_not_go_together tlb_entries=3
test_case "TLB ways: number of sets not a power of two" do_not_go_together tlb_ways=5 cache_kib=32 cache_ways=8
test_case "a CPU that is offline" offline_cpu
# Not rhashtable: it takes a capacity as a hint, and falls back to a small table.
for design in rwlock sharded readdirty readdirty_classic seqlock hlist; do
	test_case "$design: not enough memory" no_memory "$design"
done
test_case "not enough memory for the keys" no_memory_for_keys
test_case "not enough memory at start" no_memory_at_start
test_case "a failed insmod, with a reader waiting for the files" failed_insmod_with_a_reader
test_case "writes of 0, 1, 4096 and 10^6 bytes to every file" writes_of_all_sizes
test_case "control words in wrong states" control_words
test_case "no parameter changes while running" changes_while_running
test_case "reads with a tiny buffer" tiny_reads
test_case "a file held open across rmmod" open_across_rmmod
test_case "a map's file held open across the next start" open_across_start
test_case "rmmod in the middle of a run" rmmod_in_a_run
test_case "a second insmod" second_insmod
test_case "unload" unload
run_cases

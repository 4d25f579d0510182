#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Memory-access events through relay: whatever their readers do, each record was read, was
# dropped, or is still there.
. "$MAPSTAT_SOURCE/tests/lib/guest.sh"

last=/sys/devices/system/cpu/cpu$(($(nproc) - 1))/online

events() {
	python3 "$MAPSTAT_SOURCE/tests/lib/events.py" "$@"
}

# with PARAMETER=VALUE...: loaded, with events, idle
with() {
	fresh
	insmod mapstat.ko autostart=0 cache=model maps=rwlock,seqlock,readdirty keys=500 rounds=1 \
		duration_ms=100 events=1 "$@"
}

# one_run: start to end
one_run() {
	echo start >"$FILES/control"
	wait_run
}

# in_background COMMAND...: $!; Ctrl-C reaches it, which bash's own background commands ignore.
in_background() {
	exec env --default-signal=INT "$@"
}

# Breaks when a record that finds no room is not counted, or a full buffer is written over.
stopped_reader() {
	with events_kib=4 events_subbufs=2
	one_run
	events drain
	awk '!/^#/ && $3 > 0 { full++ } END { exit !full }' "$FILES/events/stats" || fail "no buffer was full: no test"
	equal "records a CPU that was full had room for" \
		"$(awk '!/^#/ && $3 > 0 { print $4 }' "$FILES/events/stats" | sort -u)" 128
}

# Breaks when the end of a run stays in a sub-buffer that is not full.
enough_room() {
	with events_shift=10
	one_run
	equal "dropped" "$(awk '!/^#/ { n += $3 } END { print n }' "$FILES/events/stats")" 0
	events drain
}

slow_reader() {
	with events_kib=4 events_subbufs=4 rounds=5
	events slow
	wait_run
	events drain
}

dead_reader() {
	with events_kib=4 events_subbufs=4 rounds=3
	events dead
	wait_run
	events drain
}

# Breaks when a reader that is faster than the writer gets a record twice, or misses one.
fast_reader() {
	local reader
	with events_shift=4 events_subbufs=16 rounds=3
	: >/tmp/said
	in_background mapstat events --source relay --json >/tmp/events 2>/tmp/said &
	reader=$!
	until [[ -s /tmp/said ]]; do sleep 0.1; done
	one_run
	sleep 1
	kill -INT "$reader"
	wait "$reader"
	events sums
	equal "records" "$(grep -c '"seq"' /tmp/events)" "$(awk '!/^#/ { n += $4 } END { print n }' "$FILES/events/stats")"
	python3 - <<-'END'
	import json
	seen = set()
	for line in open("/tmp/events"):
	    record = json.loads(line)
	    if "seq" in record:
	        key = record["seq_cpu"], record["seq"]
	        assert key not in seen, f"twice: {record}"
	        assert record["map"] != "?" and record["what"] != "?", f"no name: {record}"
	        seen.add(key)
	END
}

mapping_that_goes() {
	with events_kib=4 events_subbufs=4 rounds=5
	events mapped
	wait_run
	events drain
}

odd_sizes() {
	with
	one_run
	events sizes
	events drain
}

# holding holds|held: somebody has cpu0 open, $holder; see events.py
holding() {
	local line
	exec {pipe}< <(exec python3 "$MAPSTAT_SOURCE/tests/lib/events.py" "$@")
	holder=$!
	read -r line <&"$pipe"
	equal "the holder says" "$line" open
}

let_go() {
	kill "$holder"
	wait "$holder" 2>/dev/null || true
}

two_readers() {
	with
	holding holds
	refused_with "Device or resource busy" cat "$FILES/events/cpu0"
	refused_with "is being read by somebody else" mapstat events --source relay --seconds 0
	# The one is gone: the other may.
	let_go
	mapstat events --source relay --seconds 0
}

# Breaks when a file that is open outlives the code that closes it.
rmmod_while_reading() {
	with
	holding holds
	refused_with "in use" rmmod mapstat
	let_go
	rmmod mapstat
	with
	: >/tmp/said
	in_background mapstat events --source relay >/dev/null 2>/tmp/said &
	holder=$!
	until [[ -s /tmp/said ]]; do sleep 0.1; done
	refused_with "in use" rmmod mapstat
	kill -INT "$holder"
	wait "$holder"
	rmmod mapstat
}

# Breaks when a channel goes under its reader, or its reader keeps it.
turned_off_while_reading() {
	with
	holding held
	echo 0 >"$FILES/stress/events"
	[[ ! -e $FILES/events/cpu0 ]] || fail "the file is still there"
	read -r line <&"$pipe"
	equal "what the reader gets" "$line" EIO
	wait "$holder"
	echo 1 >"$FILES/stress/events"
	one_run
	events drain
}

sizes_stay_while_on() {
	with
	kernel_log_mark
	refused_with "Device or resource busy" dd if=/dev/stdin of="$FILES/stress/events_kib" status=none <<<128
	equal "the log" "$(kernel_log)" "mapstat: parameter events_kib=128: not while events=1"
	equal events_kib "$(<"$FILES/stress/events_kib")" 64
	echo 0 >"$FILES/stress/events"
	echo 128 >"$FILES/stress/events_kib"
}

# The largest buffers, where a file in memory leaves less than they need: breaks when the
# kernel is driven to kill for them.
no_memory() {
	local kb
	with events=0 events_kib=1024 events_subbufs=64
	mkdir -p /tmp/fill
	mount -t tmpfs -o size=100% fill /tmp/fill
	kb=$(($(meminfo MemAvailable) - 48 * 1024 * $(nproc)))
	head -c "${kb}K" /dev/zero >/tmp/fill/file
	kernel_log_mark
	refused_with "Cannot allocate memory" dd if=/dev/stdin of="$FILES/stress/events" status=none <<<1
	umount /tmp/fill
	kernel_log | grep -q "^mapstat: parameter events=1: no memory for the buffers of 64 times 1024 KiB a CPU: [0-9]* KiB wanted, [0-9]* available$" ||
		fail "the log says: $(kernel_log)"
	equal events "$(<"$FILES/stress/events")" 0
}

no_permission() {
	local status=0
	with
	setpriv --reuid=65534 --regid=65534 --clear-groups mapstat events --source relay --seconds 0 \
		2>/tmp/said || status=$?
	equal "exit status" "$status" 4
	grep -q 'no permission' /tmp/said || fail "it says: $(cat /tmp/said)"
	! setpriv --reuid=65534 --regid=65534 --clear-groups cat "$FILES/events/cpu0" 2>/dev/null
}

# Breaks when the records of a CPU that has gone are lost, or one that comes has no buffer.
cpus_come_and_go() {
	with events_kib=4 events_subbufs=4 rounds=4
	echo start >"$FILES/control"
	sleep 0.3
	echo 0 >"$last"
	sleep 0.3
	echo 1 >"$last"
	sleep 0.3
	echo 0 >"$last"
	wait_run
	events drain
	echo 1 >"$last"
	events drain
	fresh
	echo 0 >"$last"
	with
	equal "files of CPUs" "$(find "$FILES/events" -name 'cpu*' | wc -l)" $(($(nproc)))
	echo 1 >"$last"
	equal "files of CPUs, one more" "$(find "$FILES/events" -name 'cpu*' | wc -l)" "$(nproc)"
	one_run
	events drain
}

test_case "a reader that is stopped for the whole run" stopped_reader
test_case "room for all" enough_room
test_case "a slow reader" slow_reader
test_case "a reader that dies" dead_reader
test_case "a reader that is faster" fast_reader
test_case "a mapping that goes while it is written" mapping_that_goes
test_case "reads of sizes that do not fit" odd_sizes
test_case "two readers of one file" two_readers
test_case "rmmod while reading" rmmod_while_reading
test_case "events=0 while reading" turned_off_while_reading
test_case "buffers that are in use keep their size" sizes_stay_while_on
test_case "no memory for buffers" no_memory
test_case "no permission" no_permission
if [[ -w $last ]]; then
	test_case "CPUs that come and go" cpus_come_and_go
fi
test_case "unload" unload
run_cases

#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Memory-access events through relay: whatever the readers do, each record was read, was dropped,
# or is still in its buffer.
. "$MAPSTAT_SOURCE/tests/lib/guest.sh"

last=/sys/devices/system/cpu/cpu$(($(nproc) - 1))/online

events() {
	python3 "$MAPSTAT_SOURCE/tests/lib/events.py" "$@"
}

# with PARAMETER=VALUE...: loads the module with events=1; idle
with() {
	fresh
	insmod mapstat.ko autostart=0 cache=model maps=rwlock,seqlock,readdirty keys=500 rounds=1 \
		duration_ms=100 events=1 "$@"
}

# one_run: a complete run
one_run() {
	echo start >"$FILES/control"
	wait_run
}

# in_background COMMAND...: with the default action for SIGINT, which bash's background commands
# ignore.
in_background() {
	exec env --default-signal=INT "$@"
}

# Fails when a record that finds no room is not counted, or a full buffer is overwritten.
stopped_reader() {
	with events_kib=4 events_subbufs=2
	one_run
	events drain
	awk '!/^#/ && $3 > 0 { full++ } END { exit !full }' "$FILES/events/stats" || fail "no buffer was full: no test"
	equal "records a CPU that was full had room for" \
		"$(awk '!/^#/ && $3 > 0 { print $4 }' "$FILES/events/stats" | sort -u)" 128
}

# Fails when the end of a run stays in a partly filled sub-buffer.
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

# Fails when a reader that is faster than the writer gets a record twice, or misses one.
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

# holding holds|held: a process, $holder, has cpu0 open; see events.py
holding() {
	local line
	exec {pipe}< <(exec python3 "$MAPSTAT_SOURCE/tests/lib/events.py" "$@")
	holder=$!
	read -r line <&"$pipe"
	equal "the holder prints" "$line" open
}

let_go() {
	kill "$holder"
	wait "$holder" 2>/dev/null || true
}

two_readers() {
	with
	holding holds
	refused_with "Device or resource busy" cat "$FILES/events/cpu0"
	refused_with "is being read by another process" mapstat events --source relay --seconds 0
	# The first reader is gone: another may open the file.
	let_go
	mapstat events --source relay --seconds 0
}

# Fails when an open file outlives the code that closes it.
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

# Fails when a channel is freed under its reader, or the reader pins it.
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

# The largest buffers, while a file in tmpfs leaves less memory than they need: fails when the OOM
# killer runs for them.
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
		fail "the log is: $(kernel_log)"
	equal events "$(<"$FILES/stress/events")" 0
}

no_permission() {
	local status=0
	with
	setpriv --reuid=65534 --regid=65534 --clear-groups mapstat events --source relay --seconds 0 \
		2>/tmp/said || status=$?
	equal "exit status" "$status" 4
	grep -q 'no permission' /tmp/said || fail "it prints: $(cat /tmp/said)"
	! setpriv --reuid=65534 --regid=65534 --clear-groups cat "$FILES/events/cpu0" 2>/dev/null
}

# Fails when the records of a CPU that went offline are lost, or one that comes online has no
# buffer.
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

# total COLUMN: of events/stats, summed over all CPUs
total() {
	awk -v column="$1" '!/^#/ { n += $column } END { print n }' "$FILES/events/stats"
}

# Fails when a reader that starts after the run reports only what was dropped since it started, not
# the kernel's count.
counts_are_the_kernels() {
	local produced dropped
	with events_kib=4 events_subbufs=2
	one_run
	produced=$(total 2) dropped=$(total 3)
	((dropped > 0)) || fail "nothing was dropped: no test"
	mapstat events --source relay --seconds 0 --json >/tmp/events 2>/tmp/said
	equal "the summary" "$(tail -n 1 /tmp/events)" \
		"{ \"summary\": { \"source\": \"relay\", \"records\": $((produced - dropped)), \"dropped\": $dropped, \"produced\": $produced, \"partial\": true, \"events_shift\": 0 } }"
	grep -qx "mapstat: $((produced - dropped)) records from relay, $dropped of $produced dropped: partial" /tmp/said ||
		fail "it prints: $(cat /tmp/said)"
	COLUMNS=160 mapstat heat /tmp/events >/tmp/picture
	grep "^Partial: $dropped of $produced records were dropped" /tmp/picture
	with events_shift=10
	one_run
	mapstat heat --source relay --seconds 0 >/tmp/picture
	! grep -i partial /tmp/picture
}

# Fails when a run's records are in relay, and auto looks elsewhere.
auto_takes_what_has_records() {
	with events_shift=6
	one_run
	mapstat heat --seconds 0 >/tmp/picture 2>/tmp/said || fail "status $?: $(cat /tmp/said)"
	grep -q 'events from relay' /tmp/said || fail "it prints: $(cat /tmp/said)"
	grep -q '^seqlock: [0-9]* accesses' /tmp/picture
	# Another reader has the files: new records may still be available through BPF, if there is
	# BPF.
	one_run
	holding holds
	mapstat events --seconds 0 >/dev/null 2>/tmp/said || true
	let_go
	grep -q 'BPF\|from bpf\|is being read' /tmp/said || fail "it prints: $(cat /tmp/said)"
}

# ended HOW: the reader enabled events; HOW ends it in the middle of a run, whose end it has to
# wait for.
ended() {
	local reader
	with events=0 events_shift=4 rounds=10
	: >/tmp/said
	case $1 in
	head) in_background bash -c 'mapstat events --source relay --json 2>/tmp/said | head -n 3 >/tmp/events' & ;;
	full) in_background mapstat events --source relay >/dev/full 2>/tmp/said & ;;
	heat) in_background mapstat heat --source relay --seconds 1 >/dev/null 2>/tmp/said & ;;
	*) in_background mapstat events --source relay --json >/dev/null 2>/tmp/said & ;;
	esac
	reader=$!
	until grep -q 'events from relay' /tmp/said; do sleep 0.1; done
	echo start >"$FILES/control"
	case $1 in
	TERM | INT | HUP) sleep 0.5; kill -"$1" "$reader" ;;
	esac
	until grep -q "a run is under way: stress/events is set back to '0' at its end" /tmp/said; do
		[[ $(state) == running* ]] || fail "the run is over, and it says: $(cat /tmp/said)"
		sleep 0.1
	done
	equal "events, during the run" "$(<"$FILES/stress/events")" 1
	[[ $1 != TERM ]] || mapstat wait
	wait_run
	wait "$reader" || true
	equal "events, after it" "$(<"$FILES/stress/events")" 0
}

# The second signal ends the wait, with a message about what stays enabled.
left_on() {
	local reader status=0
	with events=0 rounds=30
	: >/tmp/said
	in_background mapstat events --source relay >/dev/null 2>/tmp/said &
	reader=$!
	until grep -q 'events from relay' /tmp/said; do sleep 0.1; done
	echo start >"$FILES/control"
	sleep 0.3
	kill -INT "$reader"
	until grep -q 'under way' /tmp/said; do
		[[ $(state) == running* ]] || fail "the run is over, and it says: $(cat /tmp/said)"
		sleep 0.1
	done
	kill -INT "$reader"
	wait "$reader" || status=$?
	equal "exit status" "$status" 130
	grep -q "once the run has ended: echo '0' >$FILES/stress/events" /tmp/said || fail "it prints: $(cat /tmp/said)"
	echo stop >"$FILES/control"
}

# Fails when a file of records has a size: cp, tar and rsync rely on it.
copies() {
	local records
	with events_shift=4 events_kib=4 events_subbufs=64
	one_run
	records=$(($(total 2) - $(total 3)))
	((records > 0)) || fail "there is nothing to copy"
	equal "sizes of the files" "$(stat -c %s "$FILES"/events/* | sort -u)" 0
	rm -rf /tmp/tarred /tmp/synced /tmp/saved
	mkdir /tmp/tarred
	tar -C "$FILES" -cf - . 2>/tmp/said | tar -C /tmp/tarred -xf - || fail "tar: $(cat /tmp/said)"
	[[ ! -s /tmp/said ]] || fail "tar prints: $(cat /tmp/said)"
	rsync -a "$FILES/" /tmp/synced
	# tar and rsync rely on the size and copy nothing; cp reads to the end.
	cp -r "$FILES" /tmp/saved
	equal "records in the copy" "$(($(cat /tmp/saved/events/cpu* | wc -c) / 64))" "$records"
	mapstat -d /tmp/saved show >/dev/null
	mapstat -d /tmp/saved heat >/tmp/picture --seconds 0 2>/tmp/said || fail "$(cat /tmp/said)"
	grep -q "^mapstat: $records records from relay, 0 of $records dropped$" /tmp/said || fail "it prints: $(cat /tmp/said)"
	grep -q '^seqlock: ' /tmp/picture
	# In the middle of a run, too.
	echo start >"$FILES/control"
	rm -rf /tmp/saved
	cp -r "$FILES" /tmp/saved
	wait_run
	events drain
}

test_case "the counts are the kernel's" counts_are_the_kernels
test_case "auto takes the source that has records" auto_takes_what_has_records
test_case "ended by head in a run: events are disabled afterwards" ended head
test_case "ended by a full disk in a run: events are disabled afterwards" ended full
test_case "ended by SIGTERM in a run: events are disabled afterwards" ended TERM
test_case "heat ends in a run: events are disabled afterwards" ended heat
test_case "the second Ctrl-C reports what stays enabled" left_on
test_case "copies of the tree" copies
test_case "a reader that is stopped for the whole run" stopped_reader
test_case "room for all records" enough_room
test_case "a slow reader" slow_reader
test_case "a reader that dies" dead_reader
test_case "a reader that is faster" fast_reader
test_case "a mapping that is removed while it is written" mapping_that_goes
test_case "reads of odd sizes" odd_sizes
test_case "two readers of one file" two_readers
test_case "rmmod while reading" rmmod_while_reading
test_case "events=0 while reading" turned_off_while_reading
test_case "buffers in use keep their size" sizes_stay_while_on
test_case "not enough memory for buffers" no_memory
test_case "no permission" no_permission
if [[ -w $last ]]; then
	test_case "CPUs go offline and online" cpus_come_and_go
fi
test_case "unload" unload
run_cases

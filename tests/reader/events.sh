# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# Tests of "mapstat events" and "mapstat heat", sourced by run. A plain file of records, once read to
# its end, behaves like the file of an idle CPU.
#
# shellcheck disable=SC2154,SC2034 # status, skip, tmp and here are run's

# Counts without dropped records, and without earlier readers.
all_read() {
	printf '# cpu\tproduced_total\tdropped_total\tread_total\n0\t3\t0\t0\n1\t1\t0\t0\n' > "$tmp/tree/events/stats"
}
# A tree with a directory events/: records of two CPUs that use every field.
event_tree() {
	tree
	mkdir -p "$tmp/tree/events"
	echo 1 > "$tmp/tree/stress/events"
	printf '# cpu\tproduced_total\tdropped_total\tread_total\n0\t5\t2\t0\n1\t1\t0\t0\n' > "$tmp/tree/events/stats"
	printf '# site\tfunction\taddress\n2\tput\t&b->tags\n1\tfind\tb\n' > "$tmp/tree/events/sites"
	sed -i $'2a id\t7' "$tmp/tree/maps/rwlock/stats"
	python3 - "$tmp/tree/events" <<-'END'
	import struct, sys
	def record(cpu, seq, **over):
	    f = dict(time=1000 + seq, seq=seq, addr=0xffff888000001040, pfn=0x1, pid=42, cpu=cpu, map=7,
	             size=8, site=1, type=0, flags=0, l1=0, op=1, invalidated=0, version=1)
	    f.update(over)
	    return struct.pack("=QQQQIIIHHBBBBBB2xI4x", *f.values(), cpu)
	with open(sys.argv[1] + "/cpu0", "wb") as out:
	    out.write(record(0, 0) + record(0, 1, flags=6, l1=1))
	    out.write(record(0, 4, type=1, flags=3, l1=4, op=2, site=2, invalidated=1, pfn=2**64 - 1))
	with open(sys.argv[1] + "/cpu1", "wb") as out:
	    out.write(record(1, 0, map=9, site=0, op=0, addr=2**64 - 64))
	END
}

relay() {
	mapstat events --source relay --seconds 0 "$@"
}

test_events_text() {
	event_tree
	relay
	exits 0 && expects events && has err "events from relay" "4 records from relay, 2 of 6 dropped: partial"
}
test_events_json() {
	event_tree
	relay --json
	exits 0 && expects events-json && python3 -c '
import json, sys
*records, last = [json.loads(line) for line in open(sys.argv[1])]
assert last["summary"] == {"source": "relay", "records": 4, "dropped": 2, "produced": 6, "partial": True, "events_shift": 0}, last
assert records[2]["access"] == "atomic" and records[2]["pfn"] is None, records[2]
assert int(records[3]["addr"], 16) == 2**64 - 64, records[3]' "$tmp/out"
}
test_events_count() {
	event_tree
	relay --count 2 --json
	exits 0 && [[ $(grep -c '"seq"' "$tmp/out") == 2 ]] && has out '"records": 2' '"partial": true' || return
	all_read
	relay --count 2 --json
	exits 0 && has out '"records": 2, "dropped": 0, "produced": 4, "partial": true' || return
	relay --json
	exits 0 && has out '"records": 4, "dropped": 0, "produced": 4, "partial": false' && has err "0 of 4 dropped" &&
		lacks err partial
}
# live COMMAND...: as if the tree were on debugfs
live() {
	env FAULT_CPUINFO=/dev/null LD_PRELOAD="$tmp/faults.so" "$MAPSTAT" -d "$tmp/tree" "$@" > "$tmp/out" 2> "$tmp/err"
	status=$?
}
# Fails if records dropped before the first one are not counted, or those lost by another reader are.
test_events_counts_of_earlier_readers() {
	event_tree
	live events --source relay --seconds 0 --json
	exits 0 && has out '"records": 4, "dropped": 2, "produced": 6, "partial": true' || return
	# CPU 0: all were read before; CPU 1: 10 were read, one is left.
	printf '# cpu\tproduced_total\tdropped_total\tread_total\n0\t90\t20\t70\n1\t14\t3\t10\n' > "$tmp/tree/events/stats"
	: > "$tmp/tree/events/cpu0"
	live events --source relay --seconds 0 --json
	exits 0 && has out '"records": 1, "dropped": 3, "produced": 4, "partial": true'
}
# Fails if an unknown count is printed as 0 dropped.
test_events_counts_that_vanish() {
	local pid
	event_tree
	: > "$tmp/out"
	env --default-signal=INT "$MAPSTAT_ASAN" -d "$tmp/tree" events --source relay --json \
		> "$tmp/out" 2> "$tmp/err" &
	pid=$!
	until grep -q '"seq"' "$tmp/out"; do sleep 0.02; done
	rm "$tmp/tree/events/stats"
	kill -INT "$pid"
	wait "$pid"
	status=$?
	exits 12 && has out '"records": 4, "dropped": null, "produced": null, "partial": null' && has err "is not known"
}
# Events that the program enabled are disabled again, whatever ends it.
test_events_turned_on_and_off() {
	event_tree
	echo 0 > "$tmp/tree/stress/events"
	relay
	exits 0 && reads stress/events 0 || return
	echo 0 > "$tmp/tree/stress/events"
	relay --json --count 1 > /dev/full
	reads stress/events 0
}
test_events_interrupted() {
	local pid
	event_tree
	echo 0 > "$tmp/tree/stress/events"
	env --default-signal=INT "$MAPSTAT_ASAN" -d "$tmp/tree" events --source relay --json \
		> "$tmp/out" 2> "$tmp/err" &
	pid=$!
	await stress/events 1 || return
	until grep -q '"seq"' "$tmp/out"; do sleep 0.02; done
	kill -INT "$pid"
	wait "$pid"
	status=$?
	exits 0 && has out '"summary"' && has err "records from relay" && reads stress/events 0
}
# busy COMMAND...: stress/events cannot be set to 0 while the file "busy" exists; each attempt
# truncates the plain file. Leaves $pid.
busy() {
	event_tree
	echo 0 > "$tmp/tree/stress/events"
	: > "$tmp/busy"
	: > "$tmp/err"
	env --default-signal=INT FAULT_WRITE=0:16 FAULT_WHILE="$tmp/busy" LD_PRELOAD="$tmp/faults.so" \
		"$MAPSTAT" -d "$tmp/tree" "$@" > "${to:-$tmp/out}" 2> "$tmp/err" &
	pid=$!
}
waits_for_the_run() {
	local i
	for ((i = 0; i < 500; i++)); do
		grep -qF "a run is under way: stress/events is set back to '0' at its end" "$tmp/err" && return
		sleep 0.02
	done
	say "it does not wait for the run: $(< "$tmp/err")"
	return 1
}
# Fails if events stay enabled because a run refuses to disable them.
test_events_turned_off_after_a_run() {
	local pid to
	for to in "$tmp/out" /dev/full; do
		busy events --source relay --seconds 0
		waits_for_the_run && sleep 0.3 && reads stress/events "" && kill -0 "$pid" || return
		rm "$tmp/busy"
		wait "$pid"
		status=$?
		[[ $status == 0 || $to == /dev/full ]] && reads stress/events 0 || return
	done
	to=$tmp/out
	busy heat --source relay --seconds 100
	until grep -q 'from relay' "$tmp/err"; do sleep 0.02; done
	kill -TERM "$pid"
	waits_for_the_run && rm "$tmp/busy" || return
	wait "$pid"
	status=$?
	exits 0 && reads stress/events 0
}
# Fails if the second Ctrl-C does not end it, or ends it without a message.
test_events_left_on_says_so() {
	local pid
	busy events --source relay --seconds 0
	waits_for_the_run && kill -INT "$pid"
	wait "$pid"
	status=$?
	exits 130 && reads stress/events "" && has err "stress/events is not set back to '0': Device or resource busy" \
		"once the run has ended: echo '0' >$tmp/tree/stress/events"
}
test_events_full_disk() {
	local option
	event_tree
	for option in "" --json --count=2; do
		# shellcheck disable=SC2086 # none, or one
		"$MAPSTAT_ASAN" -d "$tmp/tree" events --source relay --seconds 0 $option > /dev/full 2> "$tmp/err"
		status=$?
		exits 10 && has err "cannot write to standard output: No space left" || return
		[[ $(grep -c "cannot write" "$tmp/err") == 1 ]] || return
	done
}
test_events_no_permission() {
	[[ $EUID -ne 0 ]] || { skip="root may read all"; return; }
	event_tree
	chmod 0 "$tmp/tree/events/cpu0"
	relay
	exits 4 && has err "no permission for" "events/cpu0"
}
test_events_vanish() {
	event_tree
	rm "$tmp/tree/events/cpu"*
	relay
	exits 12 && has err "no files of CPUs"
	rm -r "$tmp/tree/events"
	relay
	exits 12 && has err "events is gone"
}
test_events_malformed() {
	event_tree
	printf x >> "$tmp/tree/events/cpu1"
	relay
	exits 11 && has err "events/cpu1: ends within a record" || return
	event_tree
	printf '\2' | dd of="$tmp/tree/events/cpu0" bs=1 seek=53 conv=notrunc status=none
	relay
	exits 6 && has err "records of version 2, this program supports 1" || return
	event_tree
	echo "0	x" >> "$tmp/tree/events/stats"
	relay
	exits 11 && has err "events/stats, line 4"
}
test_events_usage() {
	event_tree
	refuses 2 "no source 'perf'" events --source perf
	refuses 2 "--count 0" events --count 0
	refuses 2 "--count -1" events --count -1
	refuses 2 "--seconds x" events --seconds x
	refuses 2 "one argument too many" events rwlock
	refuses 2 "takes no such option" show --count 1
}
# Fails if the running kernel is asked for the records of a copy, or records in the relay channel are
# ignored in favour of BPF, which only sees new ones. (The tracepoint does not exist here.)
test_events_auto_takes_what_has_records() {
	[[ ! -e /sys/kernel/tracing/events/mapstat ]] || { skip="the module is loaded"; return; }
	event_tree
	mapstat events --seconds 0
	exits 0 && has err "events from relay" && lacks err BPF || return
	refuses 2 "is a copy" events --source bpf --seconds 0 || return
	live events --seconds 0
	exits 0 && has err "4 records from relay" && lacks err BPF || return
	# Without records BPF is tried first, and the reason for its failure is printed.
	printf '# cpu\tproduced_total\tdropped_total\tread_total\n0\t3\t0\t3\n1\t1\t0\t1\n' > "$tmp/tree/events/stats"
	live events --seconds 0
	exits 0 && has err "mapstat: no BPF: " "events from relay" || return
	live events --source bpf --seconds 0
	exits 13 && has err "mapstat: BPF: "
}

test_heat() {
	COLUMNS=100 mapstat heat "$here/trees/events.json"
	exits 0 && empty err && expects heat
}
test_heat_ascii() {
	LC_ALL=C mapstat heat "$here/trees/events.json"
	exits 0 && ! LC_ALL=C grep -q '[^ -~]' "$tmp/out"
}
test_heat_one_map() {
	mapstat heat --map sharded - < "$here/trees/events.json"
	exits 0 && has out "sharded: " && lacks out "rwlock: " || return
	mapstat heat --map nosuch "$here/trees/events.json"
	exits 8 && has err "no record of map nosuch"
}
test_heat_counts_all() {
	local n
	mapstat heat "$here/trees/events.json"
	n=$(sed -n 's/^[a-z]*: \([0-9]*\) accesses.*/\1/p' "$tmp/out" | paste -sd +)
	[[ $((n)) == $(grep -c '"seq"' "$here/trees/events.json") ]]
}
test_heat_folded() {
	mapstat heat --folded "$here/trees/events.json"
	exits 0 && expects heat-folded || return
	# Each line is a stack, a blank and a number; the numbers add up to all misses.
	! grep -vnE '^[^ ;]+;[^ ;]+;[^ ;]+;[^ ;]+ [1-9][0-9]*$' "$tmp/out" || return
	[[ $(awk '{ n += $NF } END { print n }' "$tmp/out") == $(grep '"seq"' "$here/trees/events.json" | grep -vc '"l1": "hit"') ]]
}
test_heat_svg() {
	mapstat heat --svg "$tmp/heat.svg" "$here/trees/events.json"
	exits 0 && empty out && python3 - "$tmp/heat.svg" <<-'END'
	import sys, xml.etree.ElementTree as tree
	root = tree.parse(sys.argv[1]).getroot()
	titles = [title.text for title in root.iter("{http://www.w3.org/2000/svg}title")]
	assert len(titles) > 10 and all("accesses" in title for title in titles), titles[:3]
	assert any("&s->lock" in title for title in titles), "no name with a & in it"
	height = float(root.get("height"))
	assert all(float(r.get("y", 0)) + 8 <= height for r in root.iter("{http://www.w3.org/2000/svg}rect")
	           if r.get("height") != "100%"), "beyond the picture"
	END
	mapstat heat --svg /nonexistent/x "$here/trees/events.json"
	exits 10 && has err "/nonexistent/x: "
}
test_heat_records() {
	event_tree
	mapstat heat "$tmp/tree/events/cpu0"
	exits 0 && has out "map-7: 3 accesses, 1 lines" "1 cold" "1 coherence" \
		"Partial: at least 2 records are missing among these 3."
}
# Fails if a heat map of incomplete records looks complete.
test_heat_partial() {
	event_tree
	relay --json
	cp "$tmp/out" "$tmp/records"
	COLUMNS=160 mapstat heat "$tmp/records"
	exits 0 && has out "Partial: 2 of 6 records were dropped because buffers were full." "events_kib" || return
	mapstat heat --folded "$tmp/records"
	exits 0 && has err "Partial: 2 of 6" && lacks out Partial || return
	mapstat heat --svg "$tmp/heat.svg" "$tmp/records"
	exits 0 && grep -q 'Partial: 2 of 6' "$tmp/heat.svg" || return
	# The same records without the counts.
	grep '"seq"' "$tmp/records" > "$tmp/some"
	mapstat heat "$tmp/some"
	exits 0 && has out "Partial: at least 2 records are missing among these 4." || return
	grep '"seq": 0' "$tmp/records" > "$tmp/some"
	mapstat heat - < "$tmp/some"
	exits 0 && has out "How many records were dropped is not known" || return
	all_read
	relay --json --count 3
	cp "$tmp/out" "$tmp/records"
	COLUMNS=160 mapstat heat "$tmp/records"
	exits 0 && has out "Partial: of 4 records 3 were read." || return
	relay --json
	cp "$tmp/out" "$tmp/records"
	mapstat heat "$tmp/records"
	exits 0 && lacks out Partial && lacks out "not known"
}
# Fails if a heat map of one access in 16 looks complete.
test_heat_of_a_sample() {
	event_tree
	all_read
	echo 4 > "$tmp/tree/stress/events_shift"
	relay --json
	exits 0 && has out '"partial": false, "events_shift": 4' || return
	cp "$tmp/out" "$tmp/records"
	mapstat heat "$tmp/records"
	exits 0 && has out "One access in 16 was recorded (events_shift=4)." && lacks out Partial || return
	mapstat heat --source relay --seconds 0
	exits 0 && has out "One access in 16" || return
	echo 40 > "$tmp/tree/stress/events_shift"
	relay
	exits 11 && has err "stress/events_shift is '40'"
}
test_heat_fits_width() {
	local width
	event_tree
	relay --json
	cat "$tmp/out" "$here/trees/events.json" > "$tmp/records"
	for width in 40 50 65 66 79 80 100 160; do
		COLUMNS=$width mapstat heat "$tmp/records"
		exits 0 || return
		[[ $(wc -L < "$tmp/out") -le $width ]] || { say "wider than $width"; return 1; }
		! grep -n ' $' "$tmp/out" || return
		# Nothing is lost.
		tr -d ' \n' < "$tmp/out" | grep -q 'raw_cpu_ptr(&m->pcpu->count\[c\])' || { say "cut at $width"; return 1; }
	done
}
test_heat_live() {
	event_tree
	mapstat heat --source relay --seconds 0
	exits 0 && has out "rwlock: 3 accesses" "store put: &b->tags" "map-9: 1 accesses" "Partial: 2 of 6"
}
# json_refused EDIT TEXT: records as sed's EDIT makes them
json_refused() {
	sed "$1" "$here/trees/events.json" > "$tmp/bad"
	refuses 11 "$2" heat "$tmp/bad"
}
test_heat_malformed() {
	printf '{"time_ns": 1}\n' > "$tmp/bad"
	mapstat heat "$tmp/bad"
	exits 11 && empty out && has err "bad, line 1: not a record: map is missing, or not a string" || return
	printf 'no records at all' > "$tmp/bad"
	mapstat heat "$tmp/bad"
	exits 11 && has err "bad, line 1: not JSON: null expected, at byte 2" || return
	head -n 2 "$here/trees/events.json" > "$tmp/bad"
	printf '{"map": "\033[2J"}\n' >> "$tmp/bad"
	mapstat heat "$tmp/bad"
	exits 11 && has err "bad, line 3: not a record: op is missing" && lacks err $'\033' || return
	sed '2s/"cpu": 0/"cpu": -1/' "$here/trees/events.json" > "$tmp/bad"
	mapstat heat "$tmp/bad"
	exits 11 && has err "bad, line 2: not a record: addr, l1, cpu or invalidated" || return
	json_refused '2s/"read"/"re\\u0000ad"/' "line 2: not a record: access is missing, or not a string" &&
		json_refused '2s/"cpu": 0/"cpu": NaN/' "line 2: not a record: addr, l1, cpu" &&
		json_refused '2s/"tlb_miss": false/"tlb_miss": 0/' "line 2: not a record: tlb_miss is neither" &&
		json_refused '2s/read/re\xffad/' "line 2: not JSON: invalid utf-8 string, at byte" &&
		json_refused '2s/"map"/map/' "line 2: not JSON: quoted object property name expected, at byte" &&
		json_refused '2s/^/null /' "line 2: not a record: map is missing" &&
		json_refused "2s/^/$(printf '[%.0s' {1..40})/" "line 2: not JSON: nesting too deep" || return
	printf '\n{"map":\n' > "$tmp/bad"
	mapstat heat "$tmp/bad"
	exits 11 && has err "bad, line 3: not JSON: it ends within a value" || return
	event_tree
	head -c 100 "$tmp/tree/events/cpu0" > "$tmp/bad"
	mapstat heat "$tmp/bad"
	exits 11 && has err "ends within a record" || return
	: > "$tmp/bad"
	mapstat heat "$tmp/bad"
	exits 8 && has err "no record" "cache=model" || return
	mapstat heat "$tmp/nosuch"
	exits 13 && has err "No such file"
}
# Fails if reading depends on how JSON is written: blanks, lines, order, escapes, arrays.
test_heat_json_written_again() {
	local how
	same_picture() {
		COLUMNS=100 mapstat heat "$1"
		exits 0 && empty err && diff "$tmp/want" "$tmp/out" > "$tmp/diff" && return
		say "$how"
		sed 's/^/# /' "$tmp/diff"
		return 1
	}
	COLUMNS=100 mapstat heat "$here/trees/events.json"
	cp "$tmp/out" "$tmp/want"
	for how in compact indented sorted array escaped reals blanks; do
		python3 - "$here/trees/events.json" "$how" > "$tmp/again" <<-'END'
		import json, re, sys
		records = [json.loads(line) for line in open(sys.argv[1])]
		def dump(**how):
		    return "\n".join(json.dumps(r, **how) for r in records)
		def escape(match):
		    return '"' + "".join(f"\\u{ord(c):04x}" for c in match[1]) + '"'
		print({
		    "compact": lambda: dump(separators=(",", ":")),
		    "indented": lambda: dump(indent=2),
		    "sorted": lambda: dump(sort_keys=True),
		    "array": lambda: json.dumps(records, indent=1),
		    "escaped": lambda: re.sub(r'"([^"]*)"', escape, dump()),
		    "reals": lambda: re.sub(r'("(cpu|invalidated)": \d+)', r"\1.0", dump()),
		    "blanks": lambda: "\r\n\t " * 40 + dump() + "\n\n",
		}[sys.argv[2]]())
		END
		same_picture - < "$tmp/again" || return
	done
	command -v jq > /dev/null || { skip="no jq; Python wrote the same variants"; return; }
	for how in --indent\ 7 -c -s -S; do
		# shellcheck disable=SC2086 # an option and its argument
		jq $how . "$here/trees/events.json" > "$tmp/again" || return
		same_picture "$tmp/again" || return
	done
}
# Fails if a binary record is taken for JSON because its first byte is a brace.
test_heat_records_of_any_time() {
	event_tree
	printf '{' | dd of="$tmp/tree/events/cpu0" bs=1 conv=notrunc status=none
	mapstat heat - < "$tmp/tree/events/cpu0"
	exits 0 && has out "map-7: 3 accesses"
}
test_heat_names_with_quotes() {
	sed -n '1s/"map": "rwlock"/"map": "a\\"b\\\\c\\u003cd"/p' "$here/trees/events.json" > "$tmp/again"
	mapstat heat "$tmp/again"
	exits 0 && has out 'a"b\c<d: 1 accesses'
}
# Fails if a count is converted to a double, which holds 53 bits.
test_heat_json_holds_64_bits() {
	local counts='"records": 1, "dropped": 9223372036854775809, "produced": 18446744073709551615'
	head -n 1 "$here/trees/events.json" > "$tmp/again"
	printf '{"summary": {%s}}\n' "$counts" >> "$tmp/again"
	mapstat heat --json - < "$tmp/again"
	exits 0 && has out "$counts" || return
	sed p "$tmp/again" > "$tmp/bad"
	refuses 11 "line 4: not a summary: more records than can be counted" heat "$tmp/bad"
}
# Fails if a build without json-c fails later, or does not name the package.
test_build_without_json_c() {
	make -s -C "$userspace" BUILD="$tmp/without" CPPFLAGS=-Djson_object_new_uint64=no_such_function > "$tmp/out" 2> "$tmp/err"
	status=$?
	exits 2 && has err "apt-get install libjson-c-dev" && [[ ! -e $tmp/without/mapstat ]]
}
# Damaged lines lead to an error or a heat map, never to a crash.
test_heat_mutations() {
	python3 - "$MAPSTAT_ASAN" "$here/trees/events.json" "$tmp/bad" <<-'END'
	import random, subprocess, sys
	program, source, bad = sys.argv[1:]
	text, draw = open(source, "rb").read(), random.Random(5)
	for turn in range(150):
	    data = bytearray(text)
	    for _ in range(draw.randint(1, 20)):
	        at = draw.randrange(len(data))
	        data[at:at + draw.randint(0, 9)] = draw.randbytes(draw.randint(0, 3))
	    open(bad, "wb").write(data)
	    for options in ([], ["--folded"], ["--svg", "/dev/null"]):
	        status = subprocess.run([program, "heat", *options, bad], capture_output=True).returncode
	        assert status in (0, 8, 11), f"turn {turn}: {options}: {status}"
	END
}

#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Memory-access events through BPF, on a kernel that has it: the same records as through relay.
. "$MAPSTAT_SOURCE/tests/lib/guest.sh"

# in_background COMMAND...: with the default action for SIGINT, which bash's background commands
# ignore.
in_background() {
	: >/tmp/said
	exec env --default-signal=INT "$@" 2>/tmp/said
}

# Waits until it reports its source, which it does once it reads.
ready() {
	local deadline=$((SECONDS + 20))
	until grep -q 'events from bpf' /tmp/said; do
		((SECONDS < deadline)) || fail "the program is not attached after 20 s: $(cat /tmp/said)"
		sleep 0.1
	done
}

# Fails when either path changes, omits or repeats a record.
same_records() {
	local reader
	fresh
	insmod mapstat.ko autostart=0 cache=model maps=rwlock,seqlock,readdirty keys=200 threads=1 \
		seed=7 rounds=1 duration_ms=20 events=1 events_shift=3 events_kib=1024 events_subbufs=16
	in_background mapstat events --source bpf --json >/tmp/bpf &
	reader=$!
	ready
	echo start >"$FILES/control"
	wait_run
	sleep 1
	kill -INT "$reader"
	wait "$reader"
	cat /tmp/said
	mapstat events --source relay --seconds 0 --json >/tmp/relay
	python3 "$MAPSTAT_SOURCE/tests/lib/events.py" same /tmp/bpf /tmp/relay
}

auto_takes_bpf() {
	mapstat events --seconds 0 2>&1 | grep -q ' from bpf, '
}

# Fails when the previous run's records are left in relay, but BPF is used, which has none of them.
auto_takes_what_has_records() {
	echo start >"$FILES/control"
	wait_run
	COLUMNS=160 mapstat heat --seconds 0 >/tmp/picture 2>/tmp/said || fail "status $?: $(cat /tmp/said)"
	cat /tmp/said
	grep -q 'events from relay' /tmp/said
	grep -q '^seqlock: [0-9]* accesses' /tmp/picture
	# None are left: BPF delivers new ones.
	auto_takes_bpf
}

count_ends_it() {
	in_background mapstat events --source bpf --count 3 --json >/tmp/three &
	ready
	echo start >"$FILES/control"
	wait $!
	wait_run
	equal "records" "$(grep -c '"seq"' /tmp/three)" 3
}

no_permission() {
	local status=0
	setpriv --reuid=65534 --regid=65534 --clear-groups mapstat events --source bpf \
		--seconds 0 2>/tmp/said || status=$?
	equal "exit status" "$status" 4
}


test_case "BPF and relay: the same records" same_records
test_case "auto takes BPF" auto_takes_bpf
test_case "auto takes relay if a run's records are left" auto_takes_what_has_records
test_case "--count ends the program" count_ends_it
test_case "no permission" no_permission
test_case "unload" unload
run_cases

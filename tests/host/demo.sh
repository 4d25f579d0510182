#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# `make demo`, as a stranger types it: twice in a row, and once interrupted.
# shellcheck source=tests/lib/host.sh
. "$(dirname -- "$0")/../lib/host.sh"

maps=(rwlock sharded readdirty readdirty_classic seqlock rhashtable)

# Breaks when the second run trips over the first, or a promised file is not there.
demo() {
	local start=$SECONDS map
	make -s demo >build/check/demo.out 2>&1 || {
		tail -n 40 build/check/demo.out
		fail "make demo failed"
	}
	at_most "seconds it took" $((SECONDS - start)) 240
	python3 tests/lib/formats.py results build/demo/results.tsv read_permille=973
	tail -n 1 build/demo/results.tsv | grep '^# SUCCESS '
	for map in "${maps[@]}"; do
		[[ -s build/demo/debugfs/maps/$map/latency ]] || fail "no latency of $map"
		grep -q "$map" build/check/demo.out || fail "$map is not in what it prints"
	done
	[[ -s build/demo/debugfs/version && -s build/demo/dmesg.txt ]] || fail "files are missing"
	grep -q '^EMULATED\|^NATIVE' build/check/demo.out || fail "it does not say what its figures are worth"
}

# Breaks when the guest, or a temporary file, outlives it.
interrupted() {
	local pid tries=0
	setsid make -s demo >build/check/demo.out 2>&1 &
	pid=$!
	until grep -q 'stock-6.1, 2 CPU' build/check/demo.out || ((++tries > 600)); do sleep 0.1; done
	sleep 8
	kill -TERM -- "-$pid"
	wait "$pid" || true
	sleep 2
	! pgrep -s "$pid" >/dev/null || fail "processes are left: $(pgrep -s "$pid" -a)"
	[[ ! -e build/demo.new ]] || fail "build/demo.new is left"
	[[ -s build/demo/results.tsv ]] || fail "the results of the run before are gone"
}

mkdir -p build/check
test_case "make demo" demo
test_case "again" demo
test_case "interrupted, it leaves nothing behind" interrupted
run_cases

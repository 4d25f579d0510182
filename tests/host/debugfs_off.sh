#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# A kernel booted with debugfs=off: the module works, and the reader does not suggest to mount what
# cannot be mounted.
# shellcheck source=tests/lib/host.sh
. "$(dirname -- "$0")/../lib/host.sh"

# Fails when the module depends on its files, or the reader's hint does not help.
debugfs_off() {
	local out status=0
	out=$(vm/run --kernel uml --append debugfs=off -- 'insmod mapstat.ko maps=rwlock keys=100 rounds=1 duration_ms=10 &&
		lsmod | grep "^mapstat " && dmesg | grep "^.*mapstat: no debugfs" && mapstat show' 2>&1) || status=$?
	equal "status of mapstat ($out)" "$status" 3
	[[ $out == *"mapstat: no debugfs: -1"* ]] || fail "the module does not report it: $out"
	[[ $out == *"this kernel has debugfs turned off"*"without debugfs=off"* ]] || fail "the reader's hint is missing: $out"
	[[ $out != *"mount -t debugfs"* ]] || fail "the hint is to mount it: $out"
}

test_case "debugfs=off" debugfs_off
run_cases

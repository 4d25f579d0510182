#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Nothing is left after unload. On the debugging kernels vm/run checks kmemleak too, at the end of
# the guest, and the kernel itself reports active objects and list corruption.
. "$MAPSTAT_SOURCE/tests/lib/guest.sh"

one_design() {
	# Once before, for allocations that a first load keeps.
	run_once "$1"
	keeps_nothing 64 run_once "$1"
}

# Large enough that a leaked table, or leaked entries, exceed the limit.
run_once() {
	stress maps="$1" rounds=1 duration_ms=100 keys=20000 read_permille=0 delete_permille=100
	[[ $verdict == "# SUCCESS "* ]]
	unload
}

nothing_left() {
	! is_loaded || fail "the module is loaded"
	! pgrep -l '^mapstat' || fail "threads are left"
	! grep -q ' \[mapstat\]$' /proc/kallsyms || fail "symbols are left"
	[[ ! -e $FILES ]] || fail "debugfs files are left"
	! grep -i mapstat /proc/slabinfo || fail "slab caches are left"
}

for design in "${DESIGNS[@]}"; do
	test_case "$design: slab and percpu memory are freed" one_design "$design"
done
test_case "no thread, symbol, file or slab cache is left" nothing_left
run_cases

#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The negative control: the map that is wrong on purpose is caught, and no other. Fails when the
# stress threads stop checking what they read; then no other test means much.
. "$MAPSTAT_SOURCE/tests/lib/guest.sh"

errors_of() {
	awk -F '\t' -v map="$1" '
		/^# map\t/ { for (i = 1; i <= NF; i++) if ($i == "errors") column = i }
		$1 == map && $2 != "median" { sum += $column }
		END { print sum + 0 }' /tmp/results
}

busted_alone() {
	stress maps=busted rounds=2 duration_ms=1500 keys=1000 "$@"
	[[ $verdict == "# FAILURE "?*": "* ]] || fail "the verdict is: $verdict"
	(($(errors_of busted) > 0)) || fail "no error in the rows"
}

busted_beside() {
	stress maps=rwlock,busted,seqlock rounds=2 duration_ms=1500 keys=1000
	[[ $verdict == "# FAILURE "*busted* ]] || fail "the verdict is: $verdict"
	equal "errors of rwlock" "$(errors_of rwlock)" 0
	equal "errors of seqlock" "$(errors_of seqlock)" 0
	(($(errors_of busted) > 0)) || fail "no error in busted's rows"
}

# Fails when a failure persists into the next run.
success_afterwards() {
	echo rwlock >"$FILES/stress/maps"
	echo start >"$FILES/control"
	wait_run
	verdict=$(tail -n 1 "$FILES/results")
	[[ $verdict == "# SUCCESS "* ]] || fail "the verdict is: $verdict"
}

not_a_default() {
	fresh
	insmod mapstat.ko autostart=0
	[[ ,$(<"$FILES/stress/maps"), != *,busted,* ]] || fail "busted is on by default"
}

test_case "maps=busted ends in FAILURE" busted_alone
test_case "the same with statistics off" busted_alone stats=0
test_case "the same with long keys and values" busted_alone key_size=40 value_size=100
test_case "with others: only its rows have errors" busted_beside
test_case "the next run of another map succeeds" success_afterwards
test_case "it is not among the defaults" not_a_default
test_case "unload" unload
run_cases

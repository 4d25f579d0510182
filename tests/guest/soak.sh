#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# usage: soak.sh SECONDS. Every design for that long, under mixes that make them grow, shrink,
# promote and collide, with readers of every file. The debugging kernels check: vm/run exits with 99
# on any report.
. "$MAPSTAT_SOURCE/tests/lib/guest.sh"

seconds=${1:?}
# Counted rounds are many times slower than others: in a long soak, one of the mixes has them.
model="cache=off"
((seconds < 30)) || model="cache=model events=1"
mixes=(
	"read_permille=973 $model"
	"read_permille=500 delete_permille=500 keys=300 dist=zipf cache=off"
	"read_permille=0 delete_permille=500 keys=5000 cache=off"
	"read_permille=900 key_size=32 value_size=64 arrival=poisson rate=3000 dist=hotspot cache=off"
)
duration_ms=$((seconds * 1000 / ${#mixes[@]}))

one_mix() {
	local reader status=0
	fresh
	insmod mapstat.ko autostart=1 maps="$ALL_MAPS" rounds=1 duration_ms="$duration_ms" "$@"
	while :; do
		find "$FILES" -type f -exec cat {} + >/dev/null 2>&1
	done &
	reader=$!
	# In a subshell, so that the reader is ended in any case.
	set +e
	(
		set -eE
		wait_run $((seconds * 15 + 120))
	)
	status=$?
	set -e
	kill "$reader"
	wait "$reader" 2>/dev/null || true
	((status == 0)) || fail "the run failed"
	verdict=$(tail -n 1 "$FILES/results")
	[[ $verdict == "# SUCCESS "* ]] || fail "$verdict"
}

for mix in "${mixes[@]}"; do
	# shellcheck disable=SC2086 # several parameters
	test_case "$duration_ms ms of each design: $mix" one_mix $mix
done
test_case "unload" unload
run_cases

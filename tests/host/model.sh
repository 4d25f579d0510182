#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The cache model against cachegrind: the same geometry, the same lookups, in user space. D1 misses
# per lookup agree within 5 % or 0.02, whichever is more. The first case fails when a design makes
# an access that it does not report, or reports one that it does not make, or when the model misses
# when a cache does not; the second, when the first could not detect it.
#
# usage: model.sh [N,...]    entries (default: 1000)
# shellcheck source=tests/lib/host.sh
. "$(dirname -- "$0")/../lib/host.sh"

SIZES=${1:-1000}
DESIGNS=rwlock,sharded,readdirty,readdirty_classic,seqlock,rwlock_front,readdirty_front
LOOKUPS=102400	# as many as native/instructions counts
DIR=$(mktemp -d)
# ktap.sh's trap removes its log at the end; this one replaces it.
trap '[[ $BASHPID != "$CASE_PID" ]] || rm -rf -- "$CASE_LOG" "$DIR"' EXIT

build() {
	need "${NATIVE_PACKAGES[@]}" valgrind
	build_native "$DIR/make.log" bench model
}

# modelled DESIGN N MIX: prints D1 misses per lookup
modelled() {
	build/native/model "$1" "$2" "$3" $((($2 + $2 / 4) / 256 * 256 + 20480)) "$LOOKUPS" |
		awk -F '\t' '$1 == "all_l1d_misses" { print $2 }'
}

# apart TAB-SEPARATED-FILE: prints lines of "design n mix cachegrind model" that do not agree
apart() {
	awk -F '\t' '
		{
			d = $5 - $4
			most = $4 * 0.05 > 0.02 ? $4 * 0.05 : 0.02
			if ($5 == "" || d > most || d < -most)
				print
		}' "$1"
}

agree() {
	build
	native/instructions --no-check --out "$DIR/counted.tsv" --n "$SIZES" --designs "$DESIGNS"
	grep -v '^#\|^design' "$DIR/counted.tsv" | while IFS=$'\t' read -r design n mix _ d1 _; do
		printf '%s\t%s\t%s\t%s\t%s\n' "$design" "$n" "$mix" "$d1" "$(modelled "$design" "$n" "$mix")"
	done >"$DIR/both.tsv"
	sed 's/^/# /' "$DIR/both.tsv"
	[[ $(wc -l <"$DIR/both.tsv") -ge 8 ]] || fail "$(wc -l <"$DIR/both.tsv") figures"
	apart "$DIR/both.tsv" | no_line
}

# An unreported access exceeds the tolerance; so does a missing figure.
differences_are_seen() {
	printf 'rwlock\t1000\thit\t0.137\t0.012\n' >"$DIR/line"
	[[ -n $(apart "$DIR/line") ]]
	printf 'rwlock\t1000\thit\t2.000\t2.150\n' >"$DIR/line"
	[[ -n $(apart "$DIR/line") ]]
	printf 'rwlock\t1000\thit\t0.000\t\n' >"$DIR/line"
	[[ -n $(apart "$DIR/line") ]]
	printf 'rwlock\t1000\thit\t0.137\t0.120\n' >"$DIR/line"
	[[ -z $(apart "$DIR/line") ]]
}

bad_usage() {
	local status=0
	build/native/model nonsense 1000 hit 1 1 2>/dev/null || status=$?
	equal "exit status" "$status" 2
}

test_case "misses per lookup are those of cachegrind: n=$SIZES" agree
test_case "differences are found" differences_are_seen
test_case "an unknown design" bad_usage
run_cases

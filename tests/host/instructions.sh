#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The instructions and misses of a lookup stay within native/limits.tsv, counted by cachegrind. The
# first case fails when a change in kmod/ makes lookups longer, the others when the first could not
# detect it.
#
# usage: instructions.sh [N,...]    entries, of all designs (default: 1000; without those behind a
#                                   front and for byte strings, which the long set has)
# shellcheck source=tests/lib/host.sh
. "$(dirname -- "$0")/../lib/host.sh"

SIZES=${1:-1000}
DESIGNS=()
(($#)) || DESIGNS=(--designs "plain$(printf ',%s' {rwlock,sharded,readdirty,readdirty_classic,seqlock}{,_on,_beside})")
DIR=$(mktemp -d)
# ktap.sh's trap removes its log at the end; this one replaces it.
trap '[[ $BASHPID != "$CASE_PID" ]] || rm -rf -- "$CASE_LOG" "$DIR"' EXIT
COLUMNS_OF_LIMITS=$'design\tn\tmix\tmax_instructions\tmax_d1_misses'

counted() {
	native/instructions --out "$DIR/instructions.tsv" "$@"
}

# One design is enough to test the checks themselves.
plain() {
	counted --designs plain --n 1000 "$@"
}

# The peers, which need more packages, are not counted.
within_limits() {
	need "${NATIVE_PACKAGES[@]}" valgrind
	build_native "$DIR/make.log" count
	counted --n "$SIZES" "${DESIGNS[@]}"
}

# limits ROW...: a limits file with them; the row for misses, not tested here, is generous
limits() {
	printf '%s\n' "$COLUMNS_OF_LIMITS" "$@" $'plain\t1000\tmiss\t1000000\t9' >"$DIR/limits.tsv"
}

# same FILE FILE: figures differ by less than a fiftieth of an instruction or a miss. (Work of the C
# library and the loader before the lookups changes the third decimal.)
same() {
	paste "$1" "$2" | awk -F '\t' '
		/^#/ { next }
		{
			for (i = 1; i <= NF / 2; i++) {
				d = $i - $(i + NF / 2)
				if (i <= 3 ? $i != $(i + NF / 2) : d > 0.02 || d < -0.02)
					bad = bad $0 "\n"
			}
			rows++
		}
		END { printf "%s", bad; exit bad != "" || rows < 2 }'
}

above_limits() {
	limits $'plain\t1000\thit\t1\t9'
	refused_with "instructions per lookup, the limit is 1.0" plain --limits "$DIR/limits.tsv"
	limits $'plain\t1000\thit\t1000000\t0.001'
	refused_with "D1 misses per lookup, the limit is 0.001" plain --limits "$DIR/limits.tsv"
	limits $'plain\t1000\thit\t1000000\t9'
	plain --limits "$DIR/limits.tsv"
	limits $'plain\t100000\thit\t1000000\t9'
	refused_with "plain n=1000 hit: no limit" plain --limits "$DIR/limits.tsv"
}

bad_limits() {
	limits $'plain\t1000\thit\tmany\t9'
	refused_with ":2: max_instructions is 'many', no number" plain --limits "$DIR/limits.tsv"
	refused_with "No such file" plain --limits "$DIR/none.tsv"
}

written_limits() {
	plain --limits "$DIR/written.tsv" --write
	plain --limits "$DIR/written.tsv"
	cp "$DIR/instructions.tsv" "$DIR/first.tsv"
	plain --no-check
	same "$DIR/first.tsv" "$DIR/instructions.tsv"
}

cannot_count() {
	refused_with "instructions: " counted --designs nonsense --n 1000
	refused_with "not found" counted --bench "$DIR/none"
}

test_case "lookups are within native/limits.tsv" within_limits
test_case "a figure above its limit, or without one, is named" above_limits
test_case "malformed limits are refused" bad_limits
test_case "limits are written, and the figures repeat" written_limits
test_case "a bench that cannot be run is reported" cannot_count
run_cases

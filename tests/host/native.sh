#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# usage: native.sh [SECONDS]. The maps in user space: every design against a model under
# AddressSanitizer and UndefinedBehaviorSanitizer, then under ThreadSanitizer for SECONDS (10), and
# a short run of the bench over all designs. Fails with a report of a sanitizer, a result that
# differs from the model's, a wrong sum, or when the design that is wrong on purpose passes.
# shellcheck source=tests/lib/host.sh
. "$(dirname -- "$0")/../lib/host.sh"

SECONDS_TSAN=${1:-10}
OUT=$(mktemp -d)
# ktap.sh's trap removes its log at the end; this one replaces it.
trap '[[ $BASHPID != "$CASE_PID" ]] || rm -rf -- "$CASE_LOG" "$OUT"' EXIT

builds() {
	local package
	need "${NATIVE_PACKAGES[@]}" g++
	# Peers: the rows of those that cannot be installed are missing.
	for package in libck-dev libcuckoo-dev libtbb-dev libdpdk-dev; do
		need "$package" || true
	done
	build_native "$OUT/make" bench smoke asan tsan
	grep -i 'warning' "$OUT/make" | no_line
}

smoke() {
	build/native/smoke 2
}

smoke_asan() {
	build/native/smoke-asan 5
}

smoke_tsan() {
	TSAN_OPTIONS=halt_on_error=1 build/native/smoke-tsan "$SECONDS_TSAN"
}

# bench OPTION...: as short as possible
bench() {
	build/native/bench --ms 5 --rounds 1 "$@"
}

bench_matrix() {
	local header=$'design\tn\tthreads\tmix\tdist\tround\tmops\tns_per_op'
	bench --n 100,5000 --out "$OUT/native.tsv"
	equal header "$(head -n 1 "$OUT/native.tsv")" "$header"
	# Each design in each cell, measured or with a reason.
	equal rows "$(grep -vc '^#\|^design' "$OUT/native.tsv")" $(($(build/native/bench --list | wc -l) * 2 * (4 * 2 * 2 + 2)))
	for design in plain rwlock sharded readdirty readdirty_classic seqlock; do
		grep -q "^$design	5000	2	97.3	zipf	1	[0-9.]*	[0-9.]*$" "$OUT/native.tsv" || fail "no figure of $design"
	done
}

# hit with both numbers of threads and two distributions, chase with the first number.
bench_alone() {
	bench --n 100 --designs plain --mix hit,chase --threads 2,1 --alone chase --out "$OUT/alone.tsv"
	equal "chase's threads" "$(awk '$4 == "chase" { print $3 }' "$OUT/alone.tsv")" 2
	equal "hit's rows" "$(grep -c '	hit	' "$OUT/alone.tsv")" 4
}

# Only our designs: this checks the work of our stores.
bench_growth() {
	bench --grow --n 20000 --memory "$OUT/memory.tsv" --designs seqlock,seqlock_stats,sharded,readdirty --out "$OUT/grow.tsv"
	awk -F '\t' '$1 == "seqlock_stats" && $2 == "empty" { seen = 1; moved = $11 } END { exit !(seen && moved < 100) }' "$OUT/grow.tsv" ||
		fail "a store of seqlock moved too many buckets: $(grep ^seqlock "$OUT/grow.tsv")"
	equal rows "$(grep -vc '^#\|^design' "$OUT/memory.tsv")" 6
}

# A map that does not take the keys in time ends with a reason instead of never.
bench_growth_is_bounded() {
	bench --grow --n 20000 --memory "$OUT/memory.tsv" --designs seqlock,plain --patience 0 --out "$OUT/grow.tsv"
	equal reasons "$(grep -c 'not measured: it did not take all keys' "$OUT/grow.tsv")" 4
	equal rows "$(grep -Pc '^(seqlock|plain)\t(empty|presized)\t20000\t1(\t-){11}$' "$OUT/grow.tsv")" 4
}

# The cost of statistics: each of the three builds runs, and recording takes time.
bench_statistics() {
	bench --n 1000 --threads 1 --mix hit,97.3 --dist uniform --out "$OUT/stats.tsv" \
		--designs "$(printf ",%s" {rwlock,sharded,readdirty,readdirty_classic,seqlock}_{none,off,on} | cut -c 2-)"
	awk -F '\t' '/^#|^design/ { next } { rows++ } !($8 > 0) { exit 1 } END { exit rows != 30 }' "$OUT/stats.tsv" || fail "$(cat "$OUT/stats.tsv")"
	build/native/bench --record --rounds 3 --out "$OUT/record.tsv"
	equal header "$(head -n 1 "$OUT/record.tsv")" $'work\tround\tns_per_op\tloop_ns'
	equal rows "$(grep -c '^hist_record' "$OUT/record.tsv")" 3
}

bench_oversubscribed() {
	bench --oversubscribed --n 1000 --threads 2,200 --ms 50 --designs rwlock,sharded,readdirty,seqlock --out "$OUT/over.tsv"
	awk -F '\t' '/^#|^design/ { next } !($7 > 0) { exit 1 }' "$OUT/over.tsv" || fail "$(cat "$OUT/over.tsv")"
}

# Fails when the plan omits timed waits: 2 numbers of threads, 3 rounds of 1 s after 0.2 s; at most
# twice that, since the rest is quick.
bench_plan() {
	local seconds
	seconds=$(build/native/bench --plan --n 1000 --designs plain,rwlock --mix hit,chase --dist uniform --rounds 3 --ms 1000)
	((seconds >= 2 * 2 * 2 * 3 && seconds <= 2 * 2 * 2 * 2 * 3)) || fail "$seconds s are planned"
}

# Fails when the kernel's rows lack a design, a number of threads or a mix, or rows of an earlier
# run outlive a run that fails.
kernel_rows() {
	(
		for lib in common packages cache kernels debian source uml; do
			# shellcheck disable=SC1090 # vm/lib is checked separately
			. "vm/lib/$lib.sh"
		done
		uml_possible
	) || skip "no User-Mode Linux here"
	native/uml "$OUT/uml.tsv" 10 2 100,1000
	equal rows "$(grep -Pc '^[a-z_]+\t(100|1000)\t[12]\t(hit|97.3)\tuniform\t[12]\t([0-9.]+\t[0-9.]+|-\t-)$' "$OUT/uml.tsv")" $((7 * 2 * 2 * 2 * 2))
	equal designs "$(grep -v '^#\|^design' "$OUT/uml.tsv" | cut -f 1 | sort | uniq -c | awk '{ print $1 }' | uniq)" 16
	grep '^# kernel: .* 2 CPUs' "$OUT/uml.tsv"
	grep '^# primitives: irq_save_restore [0-9.]* ns, ' "$OUT/uml.tsv"
	grep '^# cpu: ' "$OUT/uml.tsv"
	! native/uml "$OUT/uml.tsv" 5 2 0 || fail "it accepted a map of 0 keys"
	[[ ! -e $OUT/uml.tsv ]] || fail "rows of an earlier run are left"
}

# Fails when the profile counts other code than the bench has, or its lines are not from this tree.
profile_adds_up() {
	local counted all
	need valgrind
	refused_with "plain_none is unknown" native/profile --n 1000 --out "$OUT/profile" rwlock plain_none
	native/profile --n 1000 --out "$OUT/profile" rwlock
	native/instructions --no-check --n 1000 --designs rwlock --out "$OUT/counted.tsv"
	counted=$(awk '$1 == "rwlock" && $3 == "hit" { printf "%.2f", $4 }' "$OUT/counted.tsv")
	all=$(awk '$4 == "all" { print $1 }' "$OUT/profile")
	equal "instructions" "$all" "$counted"
	grep -q ' kmod/designs/table/table.h:[0-9]*  .*TABLE_ONES [*] tag' "$OUT/profile" || fail "$(cat "$OUT/profile")"
	grep -q '^modelled: [1-9][0-9.]* lines, 2.00 atomics' "$OUT/profile" || fail "$(cat "$OUT/profile")"
}

bench_refuses() {
	refused_with "--mix: most is unknown" bench --mix most
	refused_with "--designs: nonsense is unknown" bench --designs nonsense
	refused_with "not in 1.." bench --rounds 0
	refused_with "no number" bench --ms 5x
	refused_with "nonsense is unknown" bench --count nonsense
}

test_case "builds without warnings" builds
test_case "every design agrees with a model" smoke
test_case "the same under AddressSanitizer and UndefinedBehaviorSanitizer" smoke_asan
test_case "the same under ThreadSanitizer, $SECONDS_TSAN s" smoke_tsan
test_case "the bench measures every design in every cell, with correct sums" bench_matrix
test_case "the bench measures a mix with one number of threads" bench_alone
test_case "the bench grows maps, and a store does bounded work" bench_growth
test_case "a map that takes too long to fill is skipped, with the reason" bench_growth_is_bounded
test_case "the bench measures the cost of statistics" bench_statistics
test_case "the maps are measured inside a kernel, with one and with two threads" kernel_rows
test_case "the bench runs more threads than CPUs" bench_oversubscribed
test_case "the bench prints how long it will take" bench_plan
test_case "a profile adds up to the total" profile_adds_up
test_case "the bench refuses bad arguments" bench_refuses
run_cases

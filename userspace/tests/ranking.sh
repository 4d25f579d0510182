# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# Tests of the ranking, and of what it is worth. Sourced by run, never run.
# shellcheck disable=SC2154 # here, tmp and status are run's

answer() {	# RESULTS TEXT...
	tree "$1"
	shift
	COLUMNS=1000 mapstat show --no-hist
	{ tr '\n' ' ' < "$tmp/out"; echo; } > "$tmp/flat"
	exits 0 && has flat "$@"
}
# Breaks when a tie, a tail or the direction of the test is counted wrongly.
test_rank_test() {
	${CC:-cc} -std=gnu11 -D_GNU_SOURCE -I"$here/../../include" -Wall -Wextra -O1 -g \
		-fsanitize=address,undefined -o "$tmp/rank_test" "$here/rank_test.c" \
		"$here/../rank_test.c" -lm && "$tmp/rank_test"
}
test_answer_tie() {
	answer tie "within the spread, no winner" "readdirty (21.6 ns, 21.4..22.6)" \
		"as fast as rwlock" && lacks out "is fastest"
}
test_answer_tie_with_baseline() {
	answer tie-baseline "within the spread, no winner" "rounds of rwlock (" &&
		lacks out "is fastest" && lacks out "as fast as"
}
test_answer_one_round() { answer one-round "run more rounds" && lacks out "is fastest"; }
test_answer_none() { answer none "No run yet" "mapstat run"; }
test_answer_stopped() { answer stopped "stopped before its end" && lacks out "No run yet"; }
test_answer_running() { answer running "The run is not over" && lacks out "is fastest"; }
test_answer_without_baseline() { answer no-baseline "seqlock is fastest" "rwlock is not among them"; }
test_answer_wrong_is_not_ranked() {
	answer wrong "seqlock is fastest" "busted gave wrong answers" || return
	# Its median of errors is 0: the rounds tell.
	[[ $(awk '/^seqlock|^busted/ { print $1; exit }' "$tmp/out") == seqlock ]]
}

# -- emulated --

accel_is() {	# WORD: what json says
	exits 0 && has out "\"accel\": $1,"
}
# Breaks when the reading machine is taken for the one that was measured.
test_accel_of_a_saved_tree() {
	local word
	tree
	MAPSTAT_ACCEL=tcg mapstat json
	accel_is null || return
	for word in kvm tcg native; do
		echo "$word" > "$tmp/tree/accel"
		MAPSTAT_ACCEL=kvm mapstat json
		accel_is "\"$word\"" || return
	done
	echo "maybe" > "$tmp/tree/accel"
	refuses 11 "accel: 'maybe' is no accelerator" show && refuses 11 "accel" json &&
		refuses 11 "accel" explain seqlock rwlock
}
# Breaks when a file beside live files counts, or the machine's name counts more than vm/init's.
test_accel_of_live_files() {
	local word
	tree
	echo native > "$tmp/tree/accel"
	printf 'processor\t: 0\nmodel name\t: QEMU TCG CPU version 2.5+\n' > "$tmp/cpuinfo"
	faulty FAULT_CPUINFO="$tmp/cpuinfo" json
	accel_is '"tcg"' || return
	for word in kvm native; do
		MAPSTAT_ACCEL=$word faulty FAULT_CPUINFO="$tmp/cpuinfo" json
		accel_is "\"$word\"" || return
	done
	faulty FAULT_CPUINFO="$tmp/none" show
	exits 0 || return
	MAPSTAT_ACCEL=tcg faulty FAULT_CPUINFO="$tmp/none" json
	accel_is '"tcg"' || return
	MAPSTAT_ACCEL=qemu faulty FAULT_CPUINFO="$tmp/cpuinfo" show
	exits 11 && has err "MAPSTAT_ACCEL: 'qemu' is no accelerator"
}

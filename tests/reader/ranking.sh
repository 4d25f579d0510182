# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# Tests of the ranking and of its significance. Sourced by run, never run.
# shellcheck disable=SC2154 # here, tmp and status are run's

answer() {	# RESULTS TEXT...
	tree "$1"
	shift
	answered "$@"
}
answered() {	# TEXT...: the output of show, joined into one line, contains TEXT
	COLUMNS=1000 mapstat show
	{ tr '\n' ' ' < "$tmp/out"; echo; } > "$tmp/flat"
	exits 0 && has flat "$@"
}
# times MAP NS...: set the times of its rounds, and their median
times() {
	awk -F'\t' -v OFS='\t' -v map="$1" -v ns="${*:2}" '
		BEGIN { n = split(ns, at, " "); m = split(ns, sorted, " ")
			for (i = 1; i <= m; i++) for (j = i; j > 1 && sorted[j - 1] > sorted[j]; j--) {
				t = sorted[j]; sorted[j] = sorted[j - 1]; sorted[j - 1] = t } }
		$1 == map { $6 = $2 == "median" ? sorted[(n + 1) / 2] : at[$2] } { print }' \
		"$tmp/tree/results" > "$tmp/results" && mv "$tmp/results" "$tmp/tree/results"
}

# Fails if a tie, a tail or the direction of the test is handled wrongly.
test_rank_test() {
	${CC:-cc} -std=gnu11 -D_GNU_SOURCE -I"$here/../../include" -Wall -Wextra -O1 -g \
		-fsanitize=address,undefined -o "$tmp/rank_test" "$here/rank_test.c" \
		"$userspace/rank_test.c" -lm && "$tmp/rank_test"
}
test_answer_tie() {
	answer tie "no winner. seqlock has the lowest median" "within the noise of: readdirty (p = 0.22)." \
		"seqlock is 2.60× as fast as rwlock" && lacks out "is fastest"
}
test_answer_tie_with_baseline() {
	answer tie-baseline "no winner" "within the noise of: rwlock (p = 1)." &&
		lacks out "is fastest" && lacks out "as fast as"
}
# One round overlaps, the others do not. Fails if spreads decide.
test_answer_overlap_with_winner() {
	tree tie-baseline
	times seqlock 20.0 20.1 20.2 20.3 22.0
	times rwlock 21.9 22.1 22.2 22.3 22.4
	answered "seqlock is fastest" "; p = 0.016."
}
# Fails if p is not corrected: 0.016 for one comparison is 0.063 for four.
test_answer_of_many_maps() {
	local map
	tree
	times seqlock 20.0 20.1 20.2 20.3 22.0
	times readdirty 21.9 22.1 22.2 22.3 22.4
	answered "seqlock is fastest" "p = 0.032 at most against each other map." || return
	for map in readdirty sharded rhashtable rwlock; do
		times "$map" 21.9 22.1 22.2 22.3 22.4
	done
	answered "no winner. seqlock has the lowest median" "readdirty (p = 0.063)" "rwlock (p = 0.063)"
}
# The median in the file is lower, but the rounds are higher. Fails if only p decides.
test_answer_needs_the_direction() {
	tree tie-baseline
	times seqlock 30 31 32 33 34
	times rwlock 40 41 42 43 44
	sed -i '/^rwlock\tmedian/s/\t42\t/\t29\t/' "$tmp/tree/results"
	answered "no winner. rwlock has the lowest median" "within the noise of: seqlock"
}
test_answer_one_round() { answer one-round "no winner: fewer than 5 rounds" && lacks out "is fastest"; }
# Four rounds that do not overlap: p = 0.029. Fails if only p decides.
test_answer_four_rounds() {
	tree poisson
	sed -i '/^[a-z]*\t5\t/d' "$tmp/tree/results"
	answered "no winner: fewer than 5 rounds" && lacks out "is fastest" || return
	mapstat explain seqlock rwlock
	exits 0 && has out "Fewer than 5 rounds are not conclusive" && lacks out "ns each"
}
# away MAP ROUND: mark a round as disturbed, and make it by far the fastest
away() {
	awk -F'\t' -v OFS='\t' -v map="$1" -v round="$2" '
		$1 == "# map" { $(NF + 1) = "threads_away" }
		$1 !~ /^#/ { away = $1 == map && $2 == round; $(NF + 1) = away + 0; if (away) $6 = 0.1 }
		/^# SUCCESS/ { sub(/SUCCESS/, "SUCCESS disturbed: threads were not on their CPUs in rounds " round ":") }
		{ print }' "$tmp/tree/results" > "$tmp/results" && mv "$tmp/results" "$tmp/tree/results"
}
# Of five rounds each, too few are left. Fails if a disturbed round counts.
test_answer_of_disturbed_rounds() {
	tree tie-baseline
	away seqlock 3
	answered "no winner: fewer than 5 rounds" "Left out, as threads were not on their CPUs: 1 round of seqlock." \
		"SUCCESS disturbed: threads were not on their CPUs in rounds 3" && lacks flat "0.1.." || return
	mapstat json
	exits 0 && python3 "$here/check_json.py" "$tmp/tree" "$tmp/out" || return
	COLUMNS=200 mapstat explain seqlock rwlock
	exits 0 && has out "Left out, as threads were not on their CPUs: 1 round of seqlock." && lacks out "0.1.." || return
	mapstat explain --json seqlock rwlock
	exits 0 && python3 "$here/check_explain.py" "$tmp/tree" "$tmp/out" || return
	mapstat wait
	exits 0
}
test_falseshare_of_disturbed_rounds() {
	shared_tree
	away counters_packed 2
	COLUMNS=200 mapstat falseshare --last
	exits 0 && has out "Fewer than 5 rounds do not show what packing costs counters" \
		"Left out, as threads were not on their CPUs: 1 round of counters_packed."
}
test_answer_none() { answer none "No run yet" "mapstat run"; }
test_answer_stopped() { answer stopped "stopped before its end" && lacks out "No run yet"; }
test_answer_running() { answer running "The run is not over" && lacks out "is fastest"; }
test_answer_without_baseline() { answer no-baseline "seqlock is fastest" "rwlock is not among them"; }
test_answer_wrong_is_not_ranked() {
	answer wrong "seqlock is fastest" "busted returned wrong results" || return
	# The median of its errors is 0, but one round has errors.
	[[ $(awk '/^seqlock|^busted/ { print $1; exit }' "$tmp/out") == seqlock ]]
}
# Fails if a map is compared with itself.
test_show_compares_with_the_best_of_all() {
	tree
	mapstat show rwlock
	exits 0 && has out "2.59×" && lacks out "1.00×" || return
	tr '\n' ' ' < "$tmp/out" > "$tmp/flat"
	has flat "seqlock is fastest" "2.59× as fast as rwlock" || return
	! grep -q '^readdirty  ' "$tmp/out"
}
# Six maps within the noise give the longest answer. Fails if it is not on the first screen, or not
# at the top.
test_show_answers_on_one_screen() {
	local map
	tree
	sed -i -n '/^rhashtable\t/{p;s/^rhashtable/readdirty_classic/};p' "$tmp/tree/results"
	for map in seqlock readdirty readdirty_classic sharded rhashtable rwlock; do
		times "$map" 101.1 102.2 103.3 104.4 105.5
	done
	mapstat show
	exits 0 || return
	head -n 23 "$tmp/out" > "$tmp/screen"
	has screen "map" "no winner" "readdirty_classic (p = 1)" "Linux 6.12.117-cloud-amd64, accel -, CPUs -, threads 2" &&
		[[ $(head -n 1 "$tmp/screen") == map* ]]
}
test_show_hist_is_asked_for() { tree; mapstat show; exits 0 && lacks out " timed" && lacks out "p90"; }

# -- emulated --

emulated="Emulated CPU (QEMU TCG): times are the emulator's, so there is no ranking."

emulated_tree() {
	tree
	echo tcg > "$tmp/tree/accel"
}
test_emulated_show() { emulated_tree; mapstat show --hist; exits 0 && empty err && expects show-tcg; }
test_emulated_explain() { emulated_tree; mapstat explain readdirty rwlock; exits 0 && expects explain-tcg; }
test_emulated_names_no_winner() {
	local command
	emulated_tree
	for command in show "show seqlock" "explain seqlock rwlock"; do
		# shellcheck disable=SC2086 # a command and its arguments
		COLUMNS=200 mapstat $command
		exits 0 && has out "$emulated" && lacks out "fastest" && lacks out "winner" &&
			lacks out "takes" && lacks out "ns each" && lacks out "as fast as" || return
		! grep -E '[0-9.] (ns|µs|ms)' "$tmp/out" || { say "a time in $command"; return 1; }
	done
	cp "$here/trees/results/running" "$tmp/tree/results"
	answered "$emulated The run is not over"
}
test_emulated_json() {
	emulated_tree
	mapstat json
	exits 0 && python3 "$here/check_json.py" "$tmp/tree" "$tmp/out" || return
	mapstat explain --json seqlock rwlock
	exits 0 && python3 "$here/check_explain.py" "$tmp/tree" "$tmp/out"
}
test_emulated_run() {
	local kernel
	tree none
	echo tcg > "$tmp/tree/accel"
	fake_kernel tie idle & kernel=$!
	mapstat run
	wait "$kernel"
	exits 0 && has out "$emulated" && lacks out "no winner" && lacks out "vs best"
}
test_emulated_falseshare() {
	shared_tree
	echo tcg > "$tmp/tree/accel"
	COLUMNS=200 mapstat falseshare --last
	exits 0 && has out "$emulated" "0.2500" && lacks out "499.9" && lacks out "rounds show"
}
accel_is() {	# WORD: the value in JSON
	exits 0 && has out "\"accel\": $1,"
}
# Fails if the reading machine is taken for the measured one.
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
	refuses 11 "accel: 'maybe' is not an accelerator" show && refuses 11 "accel" json &&
		refuses 11 "accel" explain seqlock rwlock
}
# Fails if a file accel on debugfs is used, or CPU names take precedence over MAPSTAT_ACCEL.
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
	exits 11 && has err "MAPSTAT_ACCEL: 'qemu' is not an accelerator"
}

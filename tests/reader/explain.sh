# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# Tests of "mapstat explain" on recorded trees. Sourced by run, never run.
# shellcheck disable=SC2016,SC2154 # sed's $ is not the shell's; here, tmp and status are run's

test_explain() { tree; mapstat explain readdirty rwlock; exits 0 && empty err && expects explain; }
test_explain_ascii() {
	tree
	LC_ALL=C mapstat explain readdirty rwlock
	exits 0 && ! LC_ALL=C grep -q '[^ -~]' "$tmp/out"
}
test_explain_fits_width() {
	local width
	tree
	for width in 60 80 160; do
		COLUMNS=$width mapstat explain rhashtable readdirty
		exits 0 || return 1
		[[ $(wc -L < "$tmp/out") -le $width ]] || { say "wider than $width"; return 1; }
		! grep -n ' $' "$tmp/out" || return 1
	done
}
test_explain_json() {
	local results a b pairs maps
	for results in recorded tie tie-baseline one-round stopped running failure; do
		tree
		[[ $results == recorded ]] || tree "$results"
		mapfile -t maps < <(awk -F'\t' '$2 == "median" { print $1 }' "$tmp/tree/results")
		pairs=0
		for a in "${maps[@]}"; do
			for b in "${maps[@]}"; do
				[[ $a != "$b" ]] || continue
				mapstat explain --json "$a" "$b"
				exits 0 && python3 "$here/check_explain.py" "$tmp/tree" "$tmp/out" || return 1
				pairs=$((pairs + 1))
			done
		done
		[[ $pairs -ge 2 || $results == running ]] || { say "$results: no two maps"; return 1; }
	done
}
# Fails if values are rounded to fewer digits than their difference needs.
test_explain_json_near() {
	tree
	misses_are rwlock readdirty "model L1D 48 KiB"
	printf 'ops_total\t1234567\nreads_total\t7000000\n' >> "$tmp/tree/maps/rwlock/cache_miss"
	printf 'ops_total\t1234577\nreads_total\t7000059\n' >> "$tmp/tree/maps/readdirty/cache_miss"
	mapstat explain --json rwlock readdirty
	exits 0 && python3 "$here/check_explain.py" "$tmp/tree" "$tmp/out"
}
# explained TEXT...: the output for two maps ($pair), joined into one line, contains TEXT
explained() {
	# shellcheck disable=SC2086 # two names
	COLUMNS=160 mapstat explain ${pair:-readdirty rwlock}
	{ tr '\n' ' ' < "$tmp/out"; echo; } > "$tmp/flat"
	exits 0 && has flat "$@"
}
misses_are() {	# MAP... SOURCE: without totals
	local map source=${*: -1}
	for map in "${@:1:$#-1}"; do
		printf '# source\t%s\n# cpu\tmisses\tlo_thousandths\thi_thousandths\tcount\n' "$source" \
			> "$tmp/tree/maps/$map/cache_miss"
	done
}
test_explain_within_spread() {
	tree tie
	COLUMNS=1000 mapstat explain seqlock readdirty
	exits 0 && has out "Within the noise, no difference" "p = 0.22" && lacks out "ns each"
}
test_explain_undecided() {
	local pair="seqlock rwlock"
	tree one-round && explained "Fewer than 5 rounds are not conclusive" && lacks out "ns each" || return
	tree stopped && explained "stopped before its end" || return
	tree wrong && pair="busted rwlock" explained "returned wrong results: its figures are not conclusive"
}
test_explain_without_misses() {
	tree
	misses_are rwlock readdirty "none -ENODATA (cache=off)"
	explained "- of readdirty, accesses per operation: none (cache=off)" \
		"Accesses and misses cannot be compared: none (cache=off)." \
		"rwlock has more lock waits" && lacks out "model" || return
	rm "$tmp/tree/maps/rwlock/cache_miss"
	explained "- of rwlock, accesses per operation: this module has no cache_miss"
}
# Reported if the figures do not reach the difference even at 100 ns each.
test_explain_unexplained() {
	tree
	misses_are rwlock readdirty "model L1D 48 KiB"
	printf 'ops_total\t100\nlines_total\t310\natomics_total\t0\n' >> "$tmp/tree/maps/rwlock/cache_miss"
	printf 'ops_total\t100\nlines_total\t300\natomics_total\t0\n' >> "$tmp/tree/maps/readdirty/cache_miss"
	sed -i 's/^\(# map.*\)lock_waits/\1other/' "$tmp/tree/results"
	explained "do not explain the difference of 28.2 ns" "they would add up to 10.0" "282.0 ns each" || return
	sed -i 's/310/290/' "$tmp/tree/maps/rwlock/cache_miss"
	explained "These figures do not explain the difference: rwlock has more of none of them"
}
test_explain_does_not_steer_the_terminal() {
	tree
	misses_are rwlock readdirty $'none \033[2J\233'
	mapstat explain readdirty rwlock
	exits 0 && has out "none ?[2J?" && ! LC_ALL=C grep -q $'[\033\233]' "$tmp/out"
}
test_explain_pmu() {
	tree
	misses_are rwlock readdirty "pmu L1D loads, LLC, dTLB"
	printf 'ops_total\t100\nlines_total\t-\nl1d_misses_total\t50\nllc_misses_total\t40\n' |
		tee -a "$tmp/tree/maps/rwlock/cache_miss" >> "$tmp/tree/maps/readdirty/cache_miss"
	sed -i 's/\t40$/\t20/' "$tmp/tree/maps/readdirty/cache_miss"
	explained "this source does not count it" "last level  " "By the CPUs' counters, rwlock has more last level misses: 0.4000 against 0.2000" \
		"pmu" && lacks out "model"
}
test_explain_two_sources() {
	tree
	sed -i '1s/48 KiB/32 KiB/' "$tmp/tree/maps/rwlock/cache_miss"
	explained "counted by different sources" \
		"cannot be compared" && lacks out "By the model"
}
test_explain_map_is_gone() {
	tree
	rm -r "$tmp/tree/maps/rwlock"
	explained "- of rwlock, accesses per operation: the map no longer exists"
}
test_explain_refuses() {
	tree
	refuses 8 "the last run has no map 'conntrack.v6'" explain rwlock conntrack.v6 &&
		refuses 2 "two maps" explain rwlock && refuses 2 "two maps" explain rwlock rwlock &&
		refuses 2 "two maps" explain rwlock seqlock sharded &&
		refuses 2 "no such option" explain --hist rwlock seqlock || return
	tree none
	refuses 8 "no map 'rwlock'" explain rwlock seqlock
}
test_explain_malformed() {
	local command="explain rwlock seqlock"
	explain_refuses() {	# SED-SCRIPT TEXT
		tree
		sed -i "$1" "$tmp/tree/maps/rwlock/cache_miss"
		# shellcheck disable=SC2086 # a command and its arguments
		refuses 11 "$2" $command
	}
	explain_refuses '1d' "truncated: no source" &&
		explain_refuses '1p' "source: one text, once" &&
		explain_refuses '2s/_total//' "'ops' is not a total" &&
		explain_refuses '2s/\t.*/\tmany/' "line 2: ops_total is neither" &&
		explain_refuses '2p' "line 3: ops_total appears twice" &&
		explain_refuses '$s/\t[0-9]*\t/\t7\t/' "not a bucket" &&
		explain_refuses '$s/\t[0-9]*$//' "4 columns, neither 2 nor 5" || return
	tree
	truncate -s -1 "$tmp/tree/maps/rwlock/cache_miss"
	refuses 11 "the line does not end" explain rwlock seqlock
}

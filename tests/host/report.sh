#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# native/report on a made-up run, small enough that its medians and ratios are computed by hand.
# Each case fails as its name says.
# shellcheck source=tests/lib/host.sh
. "$(dirname -- "$0")/../lib/host.sh"

DIR=$(mktemp -d)
# ktap.sh's trap removes its log at the end; this one replaces it.
trap '[[ $BASHPID != "$CASE_PID" ]] || rm -rf -- "$CASE_LOG" "$DIR"' EXIT
TINY=native/report/test/tiny.tsv

report() {
	python3 native/report --dir "$DIR" "$@"
}

# run_of FILTER...: makes native.tsv from the made-up run, filtered
run_of() {
	"$@" <"$TINY" >"$DIR/native.tsv"
}

# says TEXT LINE...: the text has each line, ignoring blanks
says() {
	local text=$1 line
	shift
	for line; do
		tr -s ' ' <<<"$text" | sed 's/ $//' | grep -qxF -- "$line" || fail "no line '$line' in: $text"
	done
}

medians() {
	local said
	run_of cat
	said=$(report 2>"$DIR/warnings")
	# plain: 4, 5, 10. seqlock: 2, 5.5, 8; 5.5 / 5 and 5.5 / 20.
	says "$said" "n=1000 threads=1 mix=hit dist=uniform" \
		"plain 5.00 4.00..10.00 200.0 1.00x 0.25x" \
		"seqlock 5.50 2.00..8.00 181.8 1.10x 0.28x best ours" \
		"rwlock 12.50 10.00..20.00 80.0 2.50x 0.62x" \
		"rte_hash 20.00 20.00..40.00 50.0 4.00x 1.00x best peer" \
		"pthread_rwlock 25.00 25.00..25.00 40.0 5.00x 1.25x" \
		"# not measured: ck_ht" \
		"# ck_ht: its package is not installed"
	grep -qxF "report: no rows of tbb" "$DIR/warnings"
}

# verdict WORK REST: exactly one line begins with WORK, and it has REST (measured, verdict, reason)
verdict() {
	local line
	line=$(report --goals 2>/dev/null | tr -s ' ' | grep -F -- "$1" || true)
	[[ $(wc -l <<<"$line") == 1 && $line == "$1"*" $2"* ]] || fail "'$1' should have '$2', is '$line'"
}

goals() {
	run_of cat
	verdict "hit, n = 1000: best of ours to plain" "<= 1.05x 1.100x not reached seqlock 5.50 ns (2.00..8.00), plain 5.00 ns (4.00..10.00), 1 thread; rounds disagree"
	verdict "hit, n = 1000: 2 threads to 1" ">= 1.95x 1.760x not reached seqlock 320.0 M/s with 2, 181.8 M/s with 1"
	verdict "97.3:2.7, n = 1000: best peer" ">= 2.5x 2.500x reached rte_hash 20.00 ns (16.00..24.00), seqlock 8.00 ns"
	verdict "97.3:2.7, n = 1000: our rwlock" ">= 5x 4.000x not reached"
	verdict "bulk of 32, n = 1000000: best of ours" "<= 0.55x 0.500x reached"
	verdict "bulk of 32, n = 1000000: rte_hash" ">= 3x 4.000x reached"
	verdict "hit, 1 thread, n = 1000: pthread_rwlock to rwlock" "2.000x reached"
	# 25 / 20 at the least.
	[[ $(report --goals 2>/dev/null | grep -F "pthread_rwlock to rwlock") != *disagree* ]] || fail "no round disagrees"
}

# Fails when a goal is out of reach even for the unsynchronised table, and the report does not show
# it.
tells_what_plain_would_be() {
	run_of cat
	verdict "97.3:2.7, n = 1000: our rwlock" ">= 5x 4.000x not reached rwlock 32.00 ns (32.00..32.00), seqlock 8.00 ns (8.00..8.00), 2 threads; plain itself would be 3.20x"
	# A goal relative to plain: it takes 40 ns in bulk, and 20 ns one at a time.
	run_of sed -e 's/^\(seqlock\t1000000\t.*uniform\t.\)\t.*/\1\t50\t20/' -e 's/^rte_hash\t1000000\t/plain\t1000000\t/'
	verdict "bulk of 32, n = 1000000: best of ours" "<= 0.55x 1.000x not reached seqlock 20.00 ns (20.00..20.00), plain 20.00 ns (20.00..20.00), 1 thread; plain itself would be 2.00x"
	# Nothing is printed if plain would reach the goal.
	run_of sed '/^plain/s/\t200\t10$/\t400\t5/'
	[[ $(report --goals 2>/dev/null | grep -F "97.3:2.7, n = 1000: our rwlock") != *itself* ]] || fail "plain would be 6.4x"
}

# Fails when a best peer is named although others were omitted silently.
names_missing_peers() {
	run_of cat
	verdict "97.3:2.7, n = 1000: best peer" "not measured: pthread_rwlock cds_lfht ck_ht libcuckoo tbb go_syncmap go_rwmutex go_shard32"
}

invents_nothing() {
	run_of cat
	verdict "hit, n = 100000: best of ours to plain" "<= 1.1x - - any of ours was not measured"
	verdict "hit, n = 1000000: best of ours to plain" "- - any of ours was not measured"
	verdict "in the kernel (UML), hit, n = 1000: rhashtable" ">= 2x - - no $DIR/uml.tsv"
	verdict "histogram record" "<= 2 ns - -"
}

# table FILE HEADER ROW...: words become columns
table() {
	printf '%s\n' "${@:2}" | tr ' ' '\t' >"$DIR/$1"
}

# The columns of native.tsv, stats.tsv and uml.tsv.
header() {
	grep '^design' "$TINY" | tr '\t' ' '
}

# speeds FILE "DESIGN N THREADS MIX NS...": writes such a file, with a round for each NS
speeds() {
	local file=$1 line ns round lines=()
	shift
	for line; do
		read -ra line <<<"$line"
		round=0
		for ns in "${line[@]:4}"; do
			lines+=("${line[*]:0:4} uniform $((round += 1)) 100 $ns")
		done
	done
	table "$file" "$(header)" "${lines[@]}"
}

# uml.tsv: the rounds of seqlock and rhashtable do not overlap, those of seqlock and hlist do; hlist
# has no row with two threads.
kernel_run() {
	speeds uml.tsv "seqlock 1000 1 hit 9 10 10 10 14" "rwlock 1000 1 hit 30 30 30 30 30" \
		"rhashtable 1000 1 hit 20 20 25 30 30" "hlist 1000 1 hit 10 10 11 12 13" \
		"seqlock 1000 2 hit 11 11 11 11 11" "rhashtable 1000 2 hit 22 22 22 22 22"
	cat >>"$DIR/uml.tsv" <<-END
	# kernel: 7.3.4, User-Mode Linux, 2 CPUs
	# primitives: smp_mb 4.4 ns
	# cpu: a made up one
	END
}

# Fails when the kernel's table is not first, or has other figures than uml.tsv.
kernel_first() {
	local said
	run_of cat
	kernel_run
	said=$(report 2>/dev/null)
	equal "first line" "$(head -n 1 <<<"$said")" "in the kernel (UML)"
	says "$said" "# kernel: 7.3.4, User-Mode Linux, 2 CPUs" "# primitives: smp_mb 4.4 ns" \
		"kernel: n=1000 threads=1 mix=hit dist=uniform" "kernel: n=1000 threads=2 mix=hit dist=uniform" \
		"design ns_per_op min..max to rhashtable to hlist" \
		"seqlock 10.00 9.00..14.00 0.40x 0.91x" "rhashtable 25.00 20.00..30.00 1.00x 2.27x" \
		"readdirty - - - -" "seqlock 11.00 11.00..11.00 0.50x -" "hlist - - - -" \
		"# best of ours, seqlock, to rhashtable: 2.50x faster; to hlist: no difference beyond the noise (p = 0.4)" \
		"# best of ours, seqlock, to rhashtable: 2.00x faster; to hlist: -: not measured"
	rm "$DIR/uml.tsv"
}

# Fails when a figure of the kernel is invented, or a wrong one is accepted.
kernel_missing() {
	run_of cat
	says "$(report 2>/dev/null)" "in the kernel (UML): -: no $DIR/uml.tsv"
	speeds uml.tsv "seqlock 1000 1 hit 9 10" "hlist 1000 1 hit 9 10 11"
	refused_with "seqlock has 2 of 3 rounds: the run was cut short" report
	rm "$DIR/uml.tsv"
}

# Fails when ties, the number of rounds or the second side of the test are ignored.
rank_test() {
	PYTHONPATH=native/report python3 - <<-END || fail "see above"
	from ranktest import compared, differ, p_value

	def equal(found, wanted):
	    assert abs(found - wanted) < 1e-9, f"{found}, not {wanted}"

	equal(p_value([1, 2, 3, 4, 5], [6, 7, 8, 9, 10]), 2 / 252)  # one way in each direction
	equal(p_value([6, 7, 8, 9, 10], [1, 2, 3, 4, 5]), 2 / 252)
	equal(p_value([1, 2, 3, 4, 6], [5, 7, 8, 9, 10]), 4 / 252)
	equal(p_value([1, 1], [1, 2]), 1)   # midranks 2, 2, 2, 4: three sums of 4 and three of 6 around 5
	equal(p_value([1, 1, 1], [2, 2, 2]), 2 / 20)
	equal(p_value([5] * 5, [5] * 5), 1)
	assert differ(range(5), range(5, 10)) and not differ(range(4), range(5, 100))
	assert compared([1, 1, 1, 1], [2, 2, 2, 2, 2]) == "fewer than 5 rounds"
	assert compared([1, 2, 3, 4, 5], [6, 7, 8, 9, 10]) == "2.67x faster"
	assert compared([6, 7, 8, 9, 10], [1, 2, 3, 4, 5]) == "2.67x slower"
	assert compared([1, 3, 5, 7, 9], [2, 4, 6, 8, 10]) == "no difference beyond the noise (p = 0.69)"
	END
}

# Fails when a rank or figure is that of another place, or a large difference is not marked.
uml_beside_user_space() {
	local said
	speeds native.tsv "seqlock 1000 1 97.3 8 8 8 8 8" "rwlock 1000 1 97.3 20 20 20 20 20" "sharded 1000 1 97.3 10 10 10 10 10"
	refused_with "no $DIR/uml.tsv" report --compare-uml
	speeds uml.tsv "seqlock 1000 1 97.3 10 10 10 10 10" "rwlock 1000 1 97.3 21 21 21 21 21" "sharded 1000 1 97.3 9 9 9 9 9"
	echo "# kernel: 7.3.4, User-Mode Linux, 2 CPUs" >>"$DIR/uml.tsv"
	said=$(report --compare-uml 2>/dev/null)
	says "$said" "| n | design | user space | UML 7.3.4 | to user space |" \
		"| 1 000 | seqlock | 8.0 (1) | 10.0 (2) | 1.25x |" "| 1 000 | sharded | 10.0 (2) | 9.0 (1) | 0.90x |" \
		"| 1 000 | rwlock | 20.0 (3) | 21.0 (3) | 1.05x |" "| 1 000 | readdirty | - | - | - |" \
		"- 1 000 keys: sharded is 1.25x slower than seqlock in user space, 1.11x faster in UML 7.3.4" \
		"No two designs are in the opposite order beyond the noise."
	speeds uml-6.12.tsv "seqlock 1000 1 97.3 11 11 11 11 11" "rwlock 1000 1 97.3 9 9 9 9 9"
	echo "# kernel: 6.12.1, User-Mode Linux, 1 CPU" >>"$DIR/uml-6.12.tsv"
	says "$(report --compare-uml 2>/dev/null)" \
		"| n | design | user space | UML 7.3.4 | to user space | UML 6.12.1 | to user space |" \
		"| 1 000 | seqlock | 8.0 (1) | 10.0 (2) | 1.25x | 11.0 (2) | 1.38x * |" \
		"| 1 000 | rwlock | 20.0 (3) | 21.0 (3) | 1.05x | 9.0 (1) | 0.45x * |" \
		"| 1 000 | sharded | 10.0 (2) | 9.0 (1) | 0.90x | - | - |"
	rm "$DIR"/uml*.tsv
}

growth_goals() {
	local grow memory over
	run_of cat
	grow="design start n round insert_ns settled_ns delete_ns store_p50_ns store_p99_ns longest_store_ns"
	grow+=" moved_buckets copied_entries cleared_bytes allocs_locked bytes_locked"
	table grow.tsv "$grow" \
		"seqlock empty 1000000 1 90 100 20 40 100 1000 - - - - -" \
		"seqlock empty 1000000 2 95 120 20 40 130 1000 - - - - -" \
		"seqlock empty 1000000 3 95 110 20 40 120 1000 - - - - -" \
		"seqlock presized 1000000 1 50 50 20 40 80 1000 - - - - -" \
		"readdirty empty 1000000 1 300 300 40 40 90 2000 - - - - -" \
		"readdirty presized 1000000 1 60 60 40 40 90 2000 - - - - -" \
		"readdirty_classic empty 1000000 1 300 300 40 40 90 100000 - - - - -" \
		"tbb empty 1000000 1 220 220 10 40 90 2000 - - - - -" \
		"tbb presized 1000000 1 100 100 10 40 90 2000 - - - - -" \
		"rte_hash empty 1000000 1 - - - - - - - - - - -" \
		"seqlock_stats empty 1000 1 1 1 1 1 1 1 2 0 512 1 64" \
		"seqlock_stats empty 1000000 1 1 1 1 1 1 1 2 0 512 1 64" \
		"readdirty_stats empty 1000 1 1 1 1 1 1 1 0 4 512 0 0" \
		"readdirty_stats empty 1000000 1 1 1 1 1 1 1 0 6 512 0 0"
	verdict "growth from empty to 10^6, until at rest" ">= 1x 2.000x reached tbb 220.0 ns an entry, seqlock 110.0; not measured: pthread_rwlock"
	verdict "10^6 inserts, pre-sized" ">= 1x 2.000x reached tbb 100.0"
	verdict "10^6 deletes" ">= 1x 0.500x not reached tbb 10.0 ns an entry, seqlock 20.0"
	verdict "longest store, from empty to 10^6" ">= 100x 50.000x not reached 100.0 us, 2.0 us"
	verdict "store p99, 10^6: seqlock" "<= 1.2x 1.500x not reached 120 ns, 80 ns"
	verdict "store p99, 10^6: readdirty from" "<= 1.2x 1.000x reached"
	verdict "store p99, 10^6: rwlock" "shown - - rwlock was not measured"
	verdict "most work of one store while growing: seqlock" "<= 1x 1.000x reached n up to 1000, and 1000000: moved_buckets 2 and 2"
	verdict "most work of one store while growing: readdirty" "<= 1x 1.500x not reached"
	memory="design start n round bytes_per_entry worst_bytes_per_entry"
	table memory.tsv "$memory" "seqlock presized 1000000 1 21.5 30" "seqlock empty 1000000 1 30 50" "tbb empty 1000000 1 1 1"
	verdict "bytes per entry, 10^6, pre-sized" "<= 24 B 21.500 B reached seqlock 21.5"
	verdict "bytes per entry at the worst moment" "<= 48 B 50.000 B not reached"
	over="design n threads mix dist round mops min_ops mean_ops max_ops"
	table oversubscribed.tsv "$over" "seqlock 1000 2 97.3 uniform 1 100 5 6 7" "seqlock 1000 1000 97.3 uniform 1 90 0 5.5 7" \
		"go_rwmutex 1000 2 97.3 uniform 1 0.000 0 0 0"
	says "$(report 2>/dev/null)" "seqlock 1000 90.0 0..7 6" "seqlock 2 100.0 5..7 6" "go_rwmutex 2 0.0 0..0 0"
	verdict "97.3:2.7, n = 1000: 1000 threads to 2" ">= 0.8x 0.900x reached seqlock 90.0 M/s, 100.0 M/s; a thread did 0..7"
	speeds stats.tsv "seqlock_none 1000 1 hit 8 9 9 9 10" "seqlock_off 1000 1 hit 9 10 10 10 10" \
		"seqlock_on 1000 1 hit 10.1 10.1 10.1 10.1 10.1" "rwlock_none 1000 1 hit 20 20 20 20 20" \
		"rwlock_on 1000 1 hit 1 1 1 1 1" "rwlock_none 100000 1 hit 20 20 20 20 20" \
		"rwlock_off 100000 1 hit 25 25 25 25 25" "rwlock_none 1000000 1 hit 20 20" "rwlock_off 1000000 1 hit 25 25"
	verdict "hit, 1 thread, n = 1000: statistics on to off" "<= 1.05x 1.010x reached seqlock_on 10.10 ns"
	verdict "hit, 1 thread, n = 1000: statistics off to compiled out" "not measurable 1.111x reached seqlock_off 10.00 ns (9.00..10.00), seqlock_none 9.00 ns"
	verdict "hit, 1 thread, n = 100000: statistics off to compiled out" "not measurable 1.250x not reached rwlock_off 25.00 ns"
	verdict "hit, 1 thread, n = 1000000: statistics off to compiled out" "not measurable - - fewer than 5 rounds"
	verdict "hit, 1 thread, n = 100000: statistics on to off" "<= 1.05x - - rwlock_on was not measured"
	verdict "histogram record" "<= 2 ns - - no $DIR/record.tsv"
	table record.tsv "work round ns_per_op loop_ns" "hist_record 1 1.5 0.3" "hist_record 2 2.5 0.3" "hist_record 3 1.75 0.3"
	verdict "histogram record" "<= 2 ns 1.750 ns reached 1.50..2.50 ns in 3 rounds"
	table record.tsv "work round ns_per_op loop_ns" "hist_record 1 1.5 0.3" "hist_record 2 - 0.3"
	verdict "histogram record" "<= 2 ns - - a round took no longer"
	table uml.tsv "$(header)" "seqlock 1000 1 hit uniform 1 100 10" "rhashtable 1000 1 hit uniform 1 50 20" \
		"hlist 1000 1 hit uniform 1 66.7 15"
	verdict "in the kernel (UML), hit, n = 1000: rhashtable" ">= 2x 2.000x reached rhashtable 20.00 ns"
	verdict "in the kernel (UML), hit, n = 1000: hlist" "shown 1.500x shown hlist 15.00 ns"
	table grow.tsv "design start" "seqlock empty"
	refused_with "the header is" report --goals
	rm -f "$DIR"/{grow,memory,oversubscribed,record,stats,uml}.tsv
}

without_plain() {
	local said
	run_of grep -v '^plain'
	verdict "hit, n = 1000: best of ours to plain" "- - plain was not measured"
	said=$(report 2>&1)
	says "$said" "report: no rows of plain" "seqlock 5.50 2.00..8.00 181.8 - 0.28x best ours" \
		"# no ratio to plain: plain was not measured in this cell"
}

unknown_design() {
	local said
	run_of sed 's/^rte_hash/seqlok/'
	said=$(report 2>&1)
	says "$said" "report: no such design is known: seqlok; it counts as a peer" \
		"seqlok 20.00 20.00..40.00 50.0 4.00x 1.00x best peer"
}

variants_are_ours() {
	local said
	run_of sed 's/^rwlock/seqlock_generic_front/'
	said=$(report 2>/dev/null)
	says "$said" "seqlock_generic_front 12.50 10.00..20.00 80.0 2.50x 0.62x"
}

# Fails when a front, or a path that callers do not use, is called our best.
variants_are_not_the_best() {
	local said memory variant
	for variant in rwlock_front rwlock_generic rwlock_stats; do
		# shellcheck disable=SC2016 # awk's
		run_of awk -F '\t' -v OFS='\t' -v name="$variant" '$1 == "rwlock" { $1 = name; $7 = 1000; $8 = 1 } { print }'
		said=$(report 2>/dev/null)
		says "$said" "seqlock 5.50 2.00..8.00 181.8 1.10x 0.28x best ours" "$variant 1.00 1.00..1.00 1000.0 0.20x 0.05x"
		verdict "hit, n = 1000: best of ours to plain" "<= 1.05x 1.100x not reached seqlock 5.50 ns"
		memory="design start n round bytes_per_entry worst_bytes_per_entry"
		table memory.tsv "$memory" "seqlock presized 1000000 1 21.5 30" "$variant presized 1000000 1 1 1"
		verdict "bytes per entry, 10^6, pre-sized" "<= 24 B 21.500 B reached seqlock 21.5"
		rm -f "$DIR/memory.tsv"
	done
}

# wrong TEXT FILTER...: the report is refused with TEXT, and nothing is printed
wrong() {
	local text=$1
	shift
	run_of "$@"
	refused_with "$text" report
	[[ -z $(report 2>/dev/null) ]] || fail "a report was made of it"
}

truncated() {
	wrong "its last line has no end" head -c -1
	wrong "its last line has no end" head -c 200
	wrong "of 5 rounds: the run was cut short" head -n -1
	wrong "no rows" sed '/^design/q'
	wrong "no header" grep '^#'
	wrong "its last line has no end" head -c 0
}

bad_figures() {
	wrong ":5: ns_per_op is 'fast', no number" sed 's/^plain\t\(.*\)\t5$/plain\t\1\tfast/'
	wrong ":5: ns_per_op is 0" sed 's/^plain\t\(.*\)\t5$/plain\t\1\t0/'
	wrong ":5: ns_per_op is nan" sed 's/^plain\t\(.*\)\t5$/plain\t\1\tnan/'
	wrong ":5: ns_per_op is -5" sed 's/^plain\t\(.*\)\t5$/plain\t\1\t-5/'
	wrong ":5: n is 'many', no number" sed '5s/1000/many/'
	wrong ":5: no n" sed '5s/1000/-/'
	wrong ":5: 7 columns, the header has 8" sed '5s/\t5$//'
	wrong "the header is" sed 's/^design\tn/n\tdesign/'
	wrong "twice: n=1000 threads=1 mix=hit dist=uniform, plain, round 1" sed '5p'
}

no_file() {
	rm -f "$DIR/native.tsv"
	refused_with "No such file" report
	refused_with "unrecognized arguments" report --nonsense
}

readme() {
	run_of cat
	printf 'before\n<!-- bench -->\nold\n<!-- /bench -->\nafter\n' >"$DIR/README.md"
	chmod 640 "$DIR/README.md"
	report --markdown "$DIR/README.md" 2>/dev/null
	says "$(cat "$DIR/README.md")" before after "<!-- bench -->" "<!-- /bench -->" \
		"| hit | 1 | 1 000 | 5.0 | seqlock 5.5 | rte_hash 20.0 | 1.10x | 3.64x |" \
		"| 97.3 : 2.7 | 2 | 1 000 | 10.0 | seqlock 8.0 | rte_hash 20.0 | 0.80x | 2.50x |" \
		"| bulk of 32 | 1 | 1 000 000 | - | seqlock 10.0 | rte_hash 40.0 | - | 4.00x |" \
		"Medians of 5 rounds on a made up one. From the fastest round to the slowest it is 10 % of the median in half of these figures, 120 % in the worst." \
		"\`-\`: no $DIR/uml.tsv"
	[[ $(cat "$DIR/README.md") != *old* ]] || fail "the old table is still there"
	equal mode "$(stat -c %a "$DIR/README.md")" 640
	cp "$DIR/README.md" "$DIR/again.md"
	report --markdown "$DIR/again.md" 2>/dev/null
	cmp "$DIR/README.md" "$DIR/again.md"
	kernel_run
	report --markdown "$DIR/README.md" 2>/dev/null
	equal "first heading" "$(grep -m 1 '^###' "$DIR/README.md")" "### In the kernel"
	says "$(cat "$DIR/README.md")" "### In user space" \
		"| n | mix | rwlock | sharded | readdirty | readdirty_classic | seqlock | rhashtable | hlist |" \
		"| 1 000 | hit | 30.0 / - | - / - | - / - | - / - | 10.0 / 11.0 | 25.0 / 22.0 | 11.0 / - |" \
		"| 1 000 | 97.3 : 2.7 | - / - | - / - | - / - | - / - | - / - | - / - | - / - |" \
		"Medians of 5 rounds on a made up one, 7.3.4, User-Mode Linux, 2 CPUs. From the fastest round to the slowest it is 14 % of the median in half of these figures, 50 % in the worst."
	rm "$DIR/uml.tsv"
}

readme_without_markers() {
	run_of cat
	printf 'before\n<!-- bench -->\nold\n' >"$DIR/README.md"
	cp "$DIR/README.md" "$DIR/kept.md"
	refused_with "0 times '<!-- /bench -->'" report --markdown "$DIR/README.md"
	cmp "$DIR/README.md" "$DIR/kept.md"
	printf '<!-- /bench -->\n<!-- bench -->\n' >"$DIR/README.md"
	refused_with "is before" report --markdown "$DIR/README.md"
	# A malformed file leaves the README unchanged.
	run_of head -n -1
	printf '<!-- bench -->\nold\n<!-- /bench -->\n' >"$DIR/README.md"
	refused_with "cut short" report --markdown "$DIR/README.md"
	grep -qx old "$DIR/README.md"
	[[ -z $(find "$DIR" -name '.bench.*') ]] || fail "a temporary file was left"
}

picture() {
	run_of cat
	PATH=$DIR/none refused_with "install gnuplot-nox" /usr/bin/python3 native/report --dir "$DIR" --picture "$DIR/native.svg"
	command -v gnuplot >/dev/null || skip "no gnuplot"
	report --picture "$DIR/native.svg" 2>/dev/null
	grep -q '<svg' "$DIR/native.svg"
	grep -q 'seqlock' "$DIR/native.svg"
	equal "first bar" "$(head -n 1 "$DIR/native.1.dat" | cut -f 1-4 | tr '\t' ' ')" "plain 5.000 4.000 10.000"
}

test_case "medians, spread and ratios" medians
test_case "goals, reached and not" goals
test_case "it is reported if plain would not reach a goal either" tells_what_plain_would_be
test_case "missing peers are named beside the best of the others" names_missing_peers
test_case "what was not measured is - with its reason" invents_nothing
test_case "the kernel's table is first" kernel_first
test_case "what the kernel did not measure is -, and a truncated run is refused" kernel_missing
test_case "the test of ranks is exact" rank_test
test_case "User-Mode Linux beside user space" uml_beside_user_space
test_case "goals of growth, memory, many threads, statistics" growth_goals
test_case "a run without plain has no ratios to it" without_plain
test_case "an unknown design is reported, and is not one of ours" unknown_design
test_case "_generic and _front are ours" variants_are_ours
test_case "the best of ours is one of the designs themselves" variants_are_not_the_best
test_case "a truncated file is refused" truncated
test_case "a malformed figure is refused, with its line" bad_figures
test_case "no file, or wrong options" no_file
test_case "the table goes between the markers of the README" readme
test_case "a README that cannot be written is unchanged" readme_without_markers
test_case "the picture" picture
run_cases

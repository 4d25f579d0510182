# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# Tests of what is generated from the table of commands, of JSON and of per-CPU figures. Sourced by
# run.
#
# shellcheck disable=SC2016,SC2034,SC2154 # sed's $ is not the shell's; here, tmp and status are run's

# table KIND: the other fields of the rows of that kind
table() {
	"$MAPSTAT_ASAN" --commands | awk -F'\t' -v kind="$1" '$1 == kind' | cut -f2-
}

# -- one table --

# Fails if a help text lacks a command or an option of the table.
test_help_is_of_the_table() {
	local command options option argument
	mapstat --help
	exits 0 && cp "$tmp/out" "$tmp/all" || return
	[[ $(table command | wc -l) -ge 11 ]] || { say "too few commands"; return 1; }
	while IFS=$'\t' read -r command _; do
		grep -q "^  $command " "$tmp/all" || { say "$command is not in --help"; return 1; }
		mapstat "$command" --help
		exits 0 && [[ $(wc -L < "$tmp/out") -le 100 ]] && has out "Usage: mapstat $command" || return
		options=$(table option | awk -F'\t' -v command="$command" '$1 == command { print $2, $3 }')
		while read -r option argument; do
			[[ -z $option ]] || grep -qE -- "^  (-., |    )$option${argument#-}|^  (-., |    )$option $argument" "$tmp/out" || {
				say "$command $option is not in its help"
				return 1
			}
		done <<< "$options"
	done < <(table command)
}

# man_plain: the man page without markup and blanks, line by line
man_plain() {
	sed -e 's/\\f[BIPR]//g; s/\\-/-/g; s/^\.[A-Z]* //; s/^\.[A-Z]*$//; s/[" ]//g' -e "s/'\\\\\" t//" "$userspace/mapstat.1"
}

# Fails if the man page's synopsis, commands or options differ from those of the program.
test_man_page_is_of_the_table() {
	local command usage flat option values value
	flat=$(man_plain | sed -n '/^SYNOPSIS$/,/^DESCRIPTION$/p' | tr -d '\n')
	man_plain | sed -n '/^COMMANDS$/,/^OPTIONS$/p' > "$tmp/commands"
	man_plain | sed -n '/^OPTIONS$/,/^EXITSTATUS$/p' > "$tmp/options"
	sed -n 's/["\\,.]/ /g; /^ SH OPTIONS$/,/^ SH EXIT/p' "$userspace/mapstat.1" > "$tmp/words"
	while IFS=$'\t' read -r command _ usage; do
		usage=${usage// /}
		[[ $flat == *"mapstat[-dDIR]$usage"* ]] || { say "the synopsis lacks $usage"; return 1; }
		grep -qxF -- "$usage" "$tmp/commands" || { say "COMMANDS lacks $usage"; return 1; }
	done < <(table command)
	[[ $(grep -o 'mapstat\[-dDIR\]' <<< "$flat" | wc -l) == $(table command | wc -l) ]] || {
		say "the synopsis has other commands"
		return 1
	}
	while IFS=$'\t' read -r _ option _ values; do
		grep -qE -- "(^|,)$option($|[A-Z,])" "$tmp/options" || { say "OPTIONS lacks $option"; return 1; }
		[[ $values != [@-]* ]] || continue
		for value in $values; do
			grep -qw -- "$value" "$tmp/words" || { say "OPTIONS lacks $option $value"; return 1; }
		done
	done < <(table option)
}

# --op accepts exactly the operations documented for the kernel.
test_operations_are_those_of_the_module() {
	local documented
	documented=$(sed -n 's/^Operations: \(.*\)\. The last bucket.*/\1/p' "$here/../../docs/debugfs.md" |
		sed 's/([^)]*)//g; s/,//g' | xargs)
	[[ -n $documented && $documented == "$(table option | awk -F'\t' '$1 == "show" && $2 == "--op" { print $4 }')" ]] || {
		say "documented: $documented"
		return 1
	}
}

completes() {	# WANT WORD...: the program is in the PATH
	local want=$1 got
	shift
	got=$(PATH=${MAPSTAT%/*}:$PATH MAPSTAT_DEBUGFS=$tmp/tree bash -c '
		source "$1"
		shift
		COMP_WORDS=("$@")
		COMP_CWORD=$(($# - 1))
		_mapstat 2> /dev/null
		echo "${COMPREPLY[*]}"' _ "$userspace/mapstat.bash" "$@")
	[[ $got == "$want" ]] || { say "$*: '$got', not '$want'"; return 1; }
}
test_completion() {
	tree
	completes "show stop" mapstat s && completes "seqlock" mapstat explain seq &&
		completes "seqlock" mapstat show seq && completes "load load_many load_response" mapstat show --op lo &&
		completes "relay" mapstat events --source r && completes "seqlock" mapstat heat --map seq &&
		completes "--folded" mapstat heat --fo && completes "--per-cpu" mapstat -d x list --p &&
		completes "" mapstat events --count "" && completes "" mapstat stop x
}
# A shell may split a word at the =, or not.
test_completion_of_parameters() {
	tree
	completes "theta= threads=" mapstat run th && completes "threads=" mapstat run -p thr && completes "uniform zipf hotspot" mapstat run dist = &&
		completes "zipf" mapstat run dist = z && completes "zipf" mapstat run -p dist = z &&
		completes "dist=zipf" mapstat run dist=z && completes "closed poisson" mapstat run arrival = &&
		completes "maps=rwlock,seqlock" mapstat run maps=rwlock,se &&
		completes "rwlock,seqlock" mapstat falseshare maps = rwlock,se &&
		completes "0 1" mapstat run stats = && completes "" mapstat run keys = && completes "" mapstat run theta = 0 && completes "" mapstat run cpus = &&
		completes "zipf" mapstat run -p keys = 5 dist = z || return
	rm "$tmp/tree/parameters"
	completes "" mapstat run dist =
}
test_every_command_is_completed() {
	local command option n=0
	tree
	while IFS=$'\t' read -r command _; do
		completes "$command" mapstat "$command" || return
		while IFS=$'\t' read -r _ option _; do
			completes "$option" mapstat "$command" "$option" || return
			n=$((n + 1))
		done < <(table option | awk -F'\t' -v command="$command" '$1 == command')
	done < <(table command)
	[[ $n -gt 0 ]]
}

# -- JSON --

# Fails if the output of a command cannot be had as JSON.
test_every_command_that_prints_has_json() {
	[[ $(table command | cut -f1 | grep -vxF "$(table option | awk -F'\t' '$2 == "--json" { print $1 }')" | xargs) == "json stop reset wait" ]]
}
is_json() {	# FILE: without duplicate names and NaN
	python3 - "$1" <<- 'END'
		import json, sys
		def no_duplicates(pairs):
		    assert len(dict(pairs)) == len(pairs), pairs
		    return dict(pairs)
		def refused(word):
		    raise ValueError(word)
		json.load(open(sys.argv[1], encoding="utf-8"), object_pairs_hook=no_duplicates, parse_constant=refused)
	END
}
json_of() {	# ARGUMENT...
	mapstat "$@"
	exits 0 && empty err && is_json "$tmp/out" && return
	say "$*"
	return 1
}
test_json_is_valid() {
	local results kernel
	for results in "$here"/trees/results/*; do
		tree "${results##*/}"
		json_of show --json || return
	done
	tree
	json_of json && json_of show --json --answer && json_of show --json --hist --per-cpu &&
		json_of show --json --hist --op store rwlock conntrack.v6 && json_of list --json &&
		json_of list --json --per-cpu && json_of explain --json rwlock seqlock &&
		json_of heat --json "$here/trees/events.json" || return
	shared_tree
	json_of falseshare --last --json || return
	tree none
	fake_kernel tie idle & kernel=$!
	mapstat run --json
	wait "$kernel"
	exits 0 && python3 -m json.tool < "$tmp/out" > /dev/null && has out '"answer"'
}
# "show --json" prints a part of "json": the same rows, the same ranking.
test_show_json_is_part_of_json() {
	tree
	mapstat json && cp "$tmp/out" "$tmp/all" && mapstat show --json --hist --per-cpu rwlock seqlock conntrack.v6
	exits 0 && python3 - "$tmp/all" "$tmp/out" <<- 'END'
		import json, sys
		everything, shown = [json.load(open(name, encoding="utf-8")) for name in sys.argv[1:]]
		maps = ["rwlock", "seqlock", "conntrack.v6"]
		for name in ("version", "accel"):
		    assert everything[name] == shown[name], name
		for name, value in shown["results"].items():
		    wanted = everything["results"][name]
		    if name in ("rounds", "medians"):
		        wanted = [row for row in wanted if row["map"] in maps]
		        assert wanted
		    assert value == wanted, name
		assert sorted(m["name"] for m in shown["maps"]) == sorted(maps)
		for m in shown["maps"]:
		    of_all = [a for a in everything["maps"] if a["name"] == m["name"]][0]
		    assert len(m) == 4 and all(of_all[k] == v for k, v in m.items()), m["name"]
		assert "seqlock is fastest" in shown["answer"], shown["answer"]
	END
}
test_show_json_of_unknown_map() { tree; refuses 8 "no map is named 'nosuch'" show --json nosuch; }
test_list_json_is_list() {
	tree
	mapstat list && cp "$tmp/out" "$tmp/text" && mapstat list --json
	exits 0 && python3 - "$tmp/text" "$tmp/out" <<- 'END'
		import json, sys
		rows = [line.split() for line in open(sys.argv[1])][1:]
		keys = ["name", "design", "entries", "bytes_per_entry", "hits_total", "misses_total"]
		maps = json.load(open(sys.argv[2]))["maps"]
		assert [[str(m[k]) for k in keys] for m in maps] == rows and len(rows) == 6
	END
}
test_falseshare_json() {
	shared_tree
	mapstat falseshare --last --json
	exits 0 && python3 - "$tmp/out" "$tmp/tree" <<- 'END'
		import json, sys
		d, tree = json.load(open(sys.argv[1])), sys.argv[2]
		medians = [l.split("\t") for l in open(tree + "/results") if "\tmedian\t" in l]
		assert {v["name"]: v["ns_per_op"] for v in d["variants"]} == {r[0]: float(r[5]) for r in medians}
		for v in d["variants"]:
		    lines = [l for l in open(f"{tree}/maps/{v['name']}/shared_lines") if l.startswith("0x")]
		    assert [l.split("\t")[0] for l in lines] == [l["line"] for l in v["shared_lines"]["lines"]]
		assert [t["packed"] for t in d["tests"]] == ["counters_packed", "sharded_packed"]
		assert all(0 < t["p"] <= 1 and t["method"] == "exact" for t in d["tests"])
	END
}
test_heat_json_counts_all() {
	mapstat heat --json "$here/trees/events.json"
	exits 0 && python3 - "$tmp/out" "$here/trees/events.json" <<- 'END' || return
		import json, sys
		document = json.load(open(sys.argv[1]))
		maps = document["maps"]
		records = [r for r in map(json.loads, open(sys.argv[2])) if "seq" in r]
		for m in maps:
		    mine = [r for r in records if r["map"] == m["name"]]
		    for part in [[m], m["places"], m["lines"]]:
		        assert sum(p["accesses"] for p in part) == len(mine), m["name"]
		        assert sum(p["l1"]["coherence"] for p in part) == sum(r["l1"] == "coherence" for r in mine)
		        assert sum(p["writes"] for p in part) == sum(r["access"] != "read" for r in mine)
		    assert {c for l in m["lines"] for c in l["writers"] + l["readers"]} == {r["cpu"] for r in mine}
		assert sum(m["accesses"] for m in maps) == len(records) == document["records"] > 0
		assert document["partial"] is False and document["lacks"] is None, document["lacks"]
	END
	event_tree
	mapstat heat --source relay --seconds 0 --json
	exits 0 && has out '"records": 4, "dropped": 2, "produced": 6, "partial": true' '"lacks": "Partial: 2 of 6' || return
	refuses 2 "not both" heat --json --folded "$here/trees/events.json"
}

# -- each CPU --

test_show_per_cpu() { tree; mapstat show --per-cpu rwlock conntrack.v6 readdirty; exits 0 && empty err && expects show-per-cpu; }
test_show_per_cpu_op() { tree; mapstat show --per-cpu --op store rwlock; exits 0 && has out "latency of store"; }
test_show_per_cpu_of_another_module() {
	tree
	mapstat show --per-cpu conntrack.v6
	exits 0 && has out "conntrack.v6  each CPU" "nothing was counted" && lacks out "rwlock"
}
test_show_per_cpu_emulated() {
	tree
	echo tcg > "$tmp/tree/accel"
	mapstat show --per-cpu rwlock
	exits 0 && has out "rwlock  each CPU" "lock_waits" && lacks out "timed" && lacks out "p99"
}
# The rows of a map add up to its stats.
test_list_per_cpu() {
	tree
	mapstat list --per-cpu
	exits 0 && expects list-per-cpu &&
		[[ $(awk '$1 == "rwlock" { n += $3 } END { printf "%.0f", n }' "$tmp/out") == $(awk '$1 == "hits_total" { print $2 }' "$tmp/tree/maps/rwlock/stats") ]]
}
test_malformed_percpu() {
	damaged maps/rwlock/percpu '1s/cpu1/cpux/' "percpu, line 1: 'cpux' is not a CPU" "show --per-cpu" &&
		damaged maps/rwlock/percpu '2s/\t[^\t]*$//' "line 2: 4 columns, not 5" "list --per-cpu" &&
		damaged maps/rwlock/percpu '3s/\t[0-9]*/\t-1/' "misses_total: neither a number" &&
		damaged maps/rwlock/percpu '2p' "appears twice" &&
		damaged maps/rwlock/percpu 'd' "truncated: no header" &&
		damaged maps/rwlock/latency_percpu '/^# cpu1\tstore/d' "operation 'store' has no summary" "show --per-cpu" &&
		damaged maps/rwlock/latency_percpu '4d' "truncated: the buckets of load hold" &&
		damaged maps/rwlock/latency_percpu '$s/cpu1/cpu0/' "'cpu0' has no summary before it" &&
		damaged maps/rwlock/front_stats '1s/\t.*//' "front_stats, line 1: 1 columns, not 2" &&
		damaged maps/rwlock/shared_lines '$d' "truncated: 1 lines" &&
		damaged maps/rwlock/cache_miss 's/^cpu0\t/cpx\t/' "'cpx' is not a CPU" &&
		damaged parameters '2s/\t[^\t]*$//' "parameters, line 2: 5 columns, not 6" run
}

# -- loads in bulk --

# With loads in bulk there is no latency of a single load.
bulk_tree() {
	local map
	tree
	sed -i '$s/ seed=1/& batch=8/' "$tmp/tree/results"
	for map in rwlock readdirty seqlock sharded rhashtable; do
		sed -i 's/^load\t/load_many\t/; s/^# load\t/# load_many\t/' "$tmp/tree/maps/$map/latency"
	done
}
test_show_bulk() {
	bulk_tree
	mapstat show --hist rwlock seqlock readdirty
	exits 0 && lacks out "no load latency" && has out "load_many latency, " "load_many ─" "8 loads in one call" || return
	mapstat show --hist --op load rwlock
	exits 0 && has out "no load latency was recorded; loads were in bulk: --op load_many" || return
	mapstat show --hist --op load_many rwlock
	exits 0 && has out "rwlock  load_many latency, " || return
	# A map of another module has single loads.
	mapstat show --hist --op load conntrack.v6
	exits 0 && lacks out "in bulk"
}

# -- narrow --

test_show_fits_30_columns() {
	local width arguments
	tree
	for width in 30 41; do
		for arguments in "--hist" "--per-cpu" "--answer" "--hist --op store rwlock" "--per-cpu conntrack.v6"; do
			# shellcheck disable=SC2086 # words
			COLUMNS=$width mapstat show $arguments
			exits 0 || return
			[[ $(wc -L < "$tmp/out") -le $width ]] || {
				say "show $arguments: $(wc -L < "$tmp/out") of $width columns"
				return 1
			}
			! grep -n ' $' "$tmp/out" || return 1
		done
		COLUMNS=$width mapstat explain readdirty rwlock
		exits 0 || return
		[[ $(wc -L < "$tmp/out") -le $width ]] || {
			say "explain: $(wc -L < "$tmp/out") of $width columns"
			return 1
		}
	done
}
# Breaking a line within a word loses nothing.
test_narrow_keeps_all() {
	local width
	tree
	mapstat show
	sed -n '/^SUCCESS/,$p' "$tmp/out" | tr -d ' \n' > "$tmp/wide"
	for width in 30 33 40; do
		COLUMNS=$width mapstat show
		sed -n '/^SUCCESS/,$p' "$tmp/out" | tr -d ' \n' | cmp - "$tmp/wide" || return
	done
}

# -- words --

# Fails if the name of an errno appears in text for people, or is missing in JSON.
test_no_errno_for_people() {
	local command
	tree
	sed -i $'1a # misses\tmodel L1D 48 KiB; pmu: none -ENOENT' "$tmp/tree/results"
	printf '# source\tnone -EOPNOTSUPP L1-dcache-load-misses\n' > "$tmp/tree/maps/rwlock/cache_miss"
	printf '# source\tnone -ENODATA (not measured so far)\n' > "$tmp/tree/maps/seqlock/cache_miss"
	COLUMNS=160 mapstat show
	exits 0 && has out "misses: model L1D 48 KiB; pmu: none (there is no such counter here)" || return
	for command in show "show --per-cpu --hist" "explain rwlock seqlock" "explain seqlock rwlock"; do
		# shellcheck disable=SC2086 # a command and its arguments
		mapstat $command
		exits 0 || return
		! grep -nE -- '-E[A-Z]{3}|none -[0-9]' "$tmp/out" || return
	done
	mapstat json
	exits 0 && has out 'pmu: none -ENOENT"' 'none -EOPNOTSUPP L1-dcache-load-misses'
}

# -- parameters of a run --

run_done() {	# ARGUMENT...: a run that succeeds
	local kernel
	control idle
	fake_kernel tie idle & kernel=$!
	mapstat run --wait-only "$@"
	wait "$kernel"
	exits 0
}
test_run_as_insmod() {
	tree
	run_done keys=1000 -p threads=4 cpus= -- seed=9 && reads stress/keys 1000 && reads stress/threads 4 &&
		reads stress/seed 9 || return
	tree
	refuses 2 "keys: not name=value" run keys && refuses 2 "=5: not name=value" run =5 && reads stress/keys 10000
}
# As the module does, put the values of the files under stress/ into the file parameters.
show_values() {
	awk -F'\t' -v OFS='\t' -v stress="$tmp/tree/stress/" '
		/^#/ { print; next }
		{ value = ""; getline value < (stress $1); $6 = value; print }' "$tmp/tree/parameters" > "$tmp/parameters" &&
		mv "$tmp/parameters" "$tmp/tree/parameters"
}
# A run depends on its own command line, not on that of an earlier run.
test_run_takes_defaults() {
	tree
	run_done dist=zipf theta=0.5 maps=rwlock,seqlock && reads stress/dist zipf && lacks err "defaults" &&
		show_values && run_done keys=500 && reads stress/dist uniform && reads stress/theta 0.990 && reads stress/keys 500 &&
		reads stress/maps rwlock,sharded,readdirty,seqlock,rhashtable || return
	show_values
	run_done && reads stress/keys 10000
}
test_run_keeps() {
	tree
	run_done dist=zipf theta=0.5 && show_values && run_done --keep keys=500 && reads stress/dist zipf && reads stress/theta 0.5 &&
		reads stress/keys 500
}
# They do not belong to the run: a reader of events may just have enabled them.
test_run_leaves_events_and_autostart() {
	tree
	printf 'events\tnumber\t0\t0..1\tx\t1\nevents_kib\tnumber\t64\t4..1024\tx\t128\n' >> "$tmp/tree/parameters"
	echo 1 > "$tmp/tree/stress/events"
	echo 128 > "$tmp/tree/stress/events_kib"
	echo 0 > "$tmp/tree/stress/autostart"
	show_values
	run_done && reads stress/events 1 && reads stress/events_kib 128 && reads stress/autostart 0 || return
	run_done events=0 autostart=1 && reads stress/events 0 && reads stress/autostart 1
}
test_run_without_defaults() {
	tree
	rm "$tmp/tree/parameters"
	echo zipf > "$tmp/tree/stress/dist"
	run_done keys=500 && reads stress/dist zipf && reads stress/keys 500 && has err "publishes no defaults" || return
	run_done --keep keys=600 && lacks err "defaults"
}
# After a refusal, defaults and named parameters have their old values.
test_run_refused_puts_all_back() {
	tree
	echo zipf > "$tmp/tree/stress/dist"
	echo 7 > "$tmp/tree/stress/keys"
	show_values
	faulty FAULT_WRITE=4097:22 run rounds=3 threads=4097
	exits 9 && reads stress/dist zipf && reads stress/keys 7 && reads stress/rounds 5 && reads control idle
}
# FAULT_UNTIL: refused as long as another file reads something else.
test_run_tries_again_what_is_refused() {
	local kernel
	tree
	echo 200 > "$tmp/tree/stress/keys"
	echo 1 > "$tmp/tree/stress/key_size"
	show_values
	control idle
	fake_kernel tie idle & kernel=$!
	env FAULT_UNTIL="10000:$tmp/tree/stress/key_size:8" FAULT_WRITE=none:0 LD_PRELOAD="$tmp/faults.so" \
		"$MAPSTAT" -d "$tmp/tree" run --wait-only keys=10000 key_size=8 > "$tmp/out" 2> "$tmp/err"
	status=$?
	wait "$kernel"
	exits 0 && reads stress/keys 10000 && reads stress/key_size 8
}
test_falseshare_takes_defaults() {
	local kernel
	shared_tree
	echo 77 > "$tmp/tree/stress/keys"
	grep -E "^(# name|experiment|threads|keys|cache|rounds|duration_ms|read_permille)	" "$here/trees/parameters" > "$tmp/tree/parameters"
	show_values
	mv "$tmp/tree/results" "$tmp/later"
	{ await control start && reads stress/cache model && reads stress/keys 10000 && control "running 1/5" && sleep 0.3 &&
		cp "$tmp/later" "$tmp/tree/results" && control idle; } & kernel=$!
	mapstat falseshare threads=2
	wait "$kernel" && exits 0 && reads stress/cache auto && reads stress/threads 2
}
test_stop_and_reset() {
	local pid
	tree
	mapstat stop
	exits 0 && empty out && has err "no run is under way" && reads control idle || return
	control "running 2/5"
	refuses 7 "a run is under way" reset && reads control "running 2/5" || return
	"$MAPSTAT_ASAN" -d "$tmp/tree" stop > "$tmp/out" 2> "$tmp/err" &
	pid=$!
	await control stop && control idle
	wait "$pid"
	status=$?
	exits 0 && empty out && empty err || return
	"$MAPSTAT_ASAN" -d "$tmp/tree" reset > "$tmp/out" 2> "$tmp/err" &
	pid=$!
	await control reset && control idle
	wait "$pid"
	status=$?
	exits 0 && empty out && empty err || return
	refuses 2 "too many" stop x
	faulty FAULT_WRITE=reset:16 reset
	exits 7
}

# -- copies --

# tar and rsync copy as many bytes as the size, which is 0 in debugfs.
test_empty_copy() {
	local file command
	tree
	find "$tmp/tree" -type f > "$tmp/files"
	while read -r file; do : > "$file"; done < "$tmp/files"
	for command in show list json "explain rwlock seqlock" wait run; do
		# shellcheck disable=SC2086 # a command and its arguments
		refuses 11 "version is empty" $command && has err "tar or rsync" "cp -r" || return
	done
}

#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The tracepoints as ftrace shows them: each fires with plausible fields, and none fires while
# disabled.
. "$MAPSTAT_SOURCE/tests/lib/guest.sh"

tracefs=/sys/kernel/tracing
events=$tracefs/events/mapstat

# listen EVENT...: enables only these; lines: what was traced since, one event a line
listen() {
	echo 0 >"$events/enable"
	echo >"$tracefs/trace"
	for event; do
		echo 1 >"$events/$event/enable"
	done
}

lines() {
	sed -n 's/^[^#].*[0-9]: \([a-z_]*: .*\)/\1/p' "$tracefs/trace"
}

all_are_there() {
	fresh
	insmod mapstat.ko autostart=0
	for event in cmap_op mem_access promotion resize; do
		[[ -e $events/$event/format ]] || fail "there is no mapstat:$event"
		equal "$event" "$(<"$events/$event/enable")" 0
	done
}

# run_maps PARAMETER=VALUE...: a short run of the loaded module
run_maps() {
	local setting
	for setting in rounds=1 duration_ms=60 "$@"; do
		echo "${setting#*=}" >"$FILES/stress/${setting%%=*}"
	done
	echo start >"$FILES/control"
	wait_run
	[[ $(tail -n 1 "$FILES/results") == "# SUCCESS "* ]] || fail "$(tail -n 1 "$FILES/results")"
}

# Fails when a design's loads or writes bypass the tracepoint, or its fields are wrong.
cmap_op() {
	local op right
	right="^cmap_op: map=$1 op=(load|store|delete|range) hash=[0-9a-f]{16} latency_ns=[0-9]{1,9} result=(0|-2)$"
	listen cmap_op
	run_maps maps="$1" keys=100 read_permille=500 delete_permille=500 threads=1
	lines >/tmp/lines
	listen
	for op in load store delete; do
		grep -q " op=$op " /tmp/lines || fail "no $op: $(head -n 3 /tmp/lines)"
	done
	# An operation on one key has its hash; none takes a second.
	! grep -vE "$right" /tmp/lines || fail "the lines above are malformed"
	! grep -v ' op=range ' /tmp/lines | grep ' hash=0000000000000000 ' || fail "the lines above have no hash"
}

# Fails when the fast path of 8-byte keys is traced and the others, or bulk loads, are not.
other_paths() {
	listen cmap_op
	run_maps maps=seqlock keys=100 read_permille=1000 key_size=12 threads=1 batch=8
	lines >/tmp/lines
	listen
	grep -qE '^cmap_op: map=seqlock op=load_many hash=[0-9a-f]{16} latency_ns=[0-9]+ result=[1-8]$' /tmp/lines ||
		fail "$(head -n 3 /tmp/lines)"
	listen cmap_op
	run_maps batch=1 front=on
	lines >/tmp/lines
	listen
	run_maps front=off key_size=8
	grep -q '^cmap_op: map=seqlock op=load ' /tmp/lines || fail "with a front: $(head -n 3 /tmp/lines)"
}

# Fails when a design grows without an event. (The kernel's rhashtable has no hook for it.)
resize() {
	local map
	listen resize
	run_maps maps="$ALL_MAPS" keys=5000 read_permille=973
	lines >/tmp/lines
	listen
	for map in rwlock sharded readdirty readdirty_classic seqlock; do
		grep -qE "^resize: map=$map grows entries=[0-9]+ duration_ns=[0-9]+$" /tmp/lines ||
			fail "$map grew without an event: $(grep -c "map=$map " /tmp/lines || true) lines"
	done
}

promotion() {
	local map
	listen promotion
	run_maps maps=readdirty,readdirty_classic keys=2000 read_permille=500 duration_ms=200
	lines >/tmp/lines
	listen
	for map in readdirty readdirty_classic; do
		grep -qE "^promotion: map=$map entries=[0-9]+ duration_ns=[0-9]+$" /tmp/lines ||
			fail "$map was promoted without an event: $(head -n 3 /tmp/lines)"
		equal "promotions of $map that are traced, and counted" \
			"$(grep -c "^promotion: map=$map " /tmp/lines)" \
			"$(awk '$1 == "promotions_total" { print $2 }' "$FILES/maps/$map/stats")"
	done
}

# Fails when accesses in the model's rounds bypass the tracepoint, or others are traced.
mem_access() {
	local id line
	listen mem_access
	run_maps maps=rwlock keys=100 read_permille=900 threads=1 cache=off
	equal "accesses without a model" "$(lines | wc -l)" 0
	run_maps cache=model
	lines >/tmp/lines
	listen
	run_maps cache=auto
	id=$(sed -n 's/^mem_access: map=\([0-9]*\) .*/\1/p' /tmp/lines | sort -u)
	[[ $id =~ ^[0-9]+$ ]] || fail "map ids: $id"
	for line in 'op=1 .* read l1=[0-4]' 'op=[0-6] .* write l1=' 'op=1 .* write,atomic l1=' 'l1=0 tlb_miss=0' 'l1=[1-4] tlb_miss=1'; do
		grep -qE "^mem_access: map=$id $line" /tmp/lines || grep -qE "^mem_access: map=$id .*$line" /tmp/lines ||
			fail "no line with $line: $(head -n 3 /tmp/lines)"
	done
	! grep -vE "^mem_access: map=$id op=[0-6] cpu=[0-9]+ pid=[0-9]+ seq=[0-9]+ addr=[0-9a-f]{8,16} pfn=[0-9a-f]+ size=[0-9]+ site=[0-9]+ (read|write|write,atomic) l1=[0-4] tlb_miss=[01]$" /tmp/lines ||
		fail "the lines above are malformed"
}

silence() {
	listen
	run_maps maps="$ALL_MAPS" keys=2000
	equal "lines while none is enabled" "$(lines | wc -l)" 0
}

test_case "the tracepoints exist, and are disabled" all_are_there
for map in "${DESIGNS[@]}"; do
	test_case "cmap_op: each operation of $map" cmap_op "$map"
done
test_case "cmap_op: longer keys, bulk loads, a front" other_paths
test_case "resize: each design that grows" resize
test_case "promotion: as many as are counted" promotion
test_case "mem_access: the model's rounds" mem_access
test_case "no event while none is enabled" silence
test_case "unload" unload
run_cases

#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The records of one run, from all four tracepoints, as the kernel prints them and as perf,
# trace-cmd and bpftrace do. These read the format file: fails when that has what user space cannot
# resolve.
. "$MAPSTAT_SOURCE/tests/lib/guest.sh"

tracefs=/sys/kernel/tracing
instance=$tracefs/instances/mapstat_test
EVENTS=(cmap_op mem_access promotion resize)
# The command that tools run which record for as long as a command runs.
# shellcheck disable=SC2016 # it is for another shell
until_stopped='touch /tmp/ready.$0; until [[ -e /tmp/stop ]]; do sleep 0.1; done'

# The fields as in the kernel's text; bpftrace does not use the format's.
cat >/tmp/fields.bt <<'END'
tracepoint:mapstat:cmap_op {
	printf("cmap_op: map=%s op=%s hash=%016llx latency_ns=%llu result=%d\n", str(args->map), str(args->op),
		args->hash, args->latency_ns, args->result);
}
tracepoint:mapstat:mem_access {
	printf("mem_access: map=%u op=%u cpu=%u pid=%u seq=%llu addr=%llx", args->map, args->op, args->cpu,
		args->pid, args->seq, args->addr);
	printf(" pfn=%llx size=%u site=%u %s%s l1=%u tlb_miss=%u\n", args->pfn, args->size, args->site,
		args->type == 0 ? "read" : "write", args->flags & 1 ? ",atomic" : "", args->l1,
		args->flags & 4 ? 1 : 0);
}
tracepoint:mapstat:promotion {
	printf("promotion: map=%s entries=%llu duration_ns=%llu\n", str(args->map), args->entries, args->duration_ns);
}
tracepoint:mapstat:resize {
	printf("resize: map=%s %s entries=%llu duration_ns=%llu\n", str(args->map), args->grows ? "grows" : "shrinks",
		args->entries, args->duration_ns);
}
END

has_perf_events() {
	[[ -e /proc/sys/kernel/perf_event_paranoid ]]
}

# installed TOOL: skips the case, with the reason, if it is not
installed() {
	command -v "$1" >/dev/null || skip "$1 is not installed"
	[[ $1 == trace-cmd ]] || has_perf_events || skip "this kernel has no perf events, which $1 needs"
}

# in_background NAME COMMAND...: returns when it is ready, or has ended
in_background() {
	local name=$1 deadline=$((SECONDS + 120))
	shift
	if ! command -v "$name" >/dev/null || { [[ $name != trace-cmd ]] && ! has_perf_events; }; then
		return
	fi
	"$@" >/tmp/"$name".out 2>/tmp/"$name".err &
	pids+=($!)
	until [[ -e /tmp/ready.$name ]] || grep -qs ^ready /tmp/"$name".out || ! kill -0 $! 2>/dev/null; do
		((SECONDS < deadline)) || break
		sleep 0.2
	done
	ready+=("$name")
}

# All tools record one run, with few records so that no buffer overflows.
run_traced() {
	local pids=() ready=() event text
	fresh
	insmod mapstat.ko autostart=0 maps=readdirty cache=model threads=1 keys=300 rounds=1 duration_ms=60 \
		read_permille=500 arrival=poisson rate=2000 events_shift=2
	mkdir "$instance"
	echo 16384 >"$instance/buffer_size_kb"
	echo 1 >"$instance/events/mapstat/enable"
	rm -f /tmp/stop /tmp/ready.*
	in_background perf perf record -q -a -m 4M -o /tmp/perf.data -e 'mapstat:*' -- bash -c "$until_stopped" perf
	in_background trace-cmd trace-cmd record -q -b 8192 -o /tmp/trace.dat -e mapstat bash -c "$until_stopped" trace-cmd
	in_background bpftrace env BPFTRACE_PERF_RB_PAGES=4096 bpftrace -e "BEGIN { printf(\"ready\n\"); } $(</tmp/fields.bt)"
	# bpftrace attaches only after it has printed this.
	[[ " ${ready[*]} " != *" bpftrace "* ]] || sleep 5
	echo start >"$FILES/control"
	wait_run
	sleep 2
	touch /tmp/stop
	[[ " ${ready[*]} " != *" bpftrace "* ]] || kill -INT "${pids[-1]}"
	wait "${pids[@]}" || true
	sed -n 's/^[^#].*[0-9]: \([a-z_]*: .*\)/\1/p' "$instance/trace" | sort >/tmp/kernel.lines
	rmdir "$instance"
	for event in "${EVENTS[@]}"; do
		echo "$event: $(grep -c "^$event: " /tmp/kernel.lines || true) records"
		grep -q "^$event: " /tmp/kernel.lines || fail "no record of $event"
	done
	for text in ',atomic ' ' read ' 'tlb_miss=1' 'tlb_miss=0'; do
		grep -q "^mem_access: .*$text" /tmp/kernel.lines || fail "no access with '$text': no test"
	done
}

# same TOOL: its output, in /tmp/TOOL.lines, is the kernel's
same() {
	sed -i 's/ *$//' "/tmp/$1.lines"
	sort "/tmp/$1.lines" | diff /tmp/kernel.lines - >/tmp/diff || {
		cat "/tmp/$1.err"
		head -n 20 /tmp/diff
		fail "$(grep -c '^[<>]' /tmp/diff) lines differ of $(wc -l </tmp/kernel.lines)"
	}
}

by_perf() {
	installed perf
	perf script -i /tmp/perf.data -F event,trace 2>>/tmp/perf.err | sed -n 's/^ *mapstat:\([a-z_]*\): */\1: /p' >/tmp/perf.lines
	same perf
}

by_trace_cmd() {
	installed trace-cmd
	trace-cmd report -i /tmp/trace.dat 2>>/tmp/trace-cmd.err |
		sed -n 's/^.*[0-9]: \([a-z_]*\): *\(map=.*\)/\1: \2/p' >/tmp/trace-cmd.lines
	same trace-cmd
}

by_bpftrace() {
	installed bpftrace
	grep -E '^(cmap_op|mem_access|promotion|resize): ' /tmp/bpftrace.out >/tmp/bpftrace.lines || true
	same bpftrace
}

# Covers kernels without these tools: a name that is left in a format has no value in user space.
formats_name_nothing() {
	local event
	for event in "${EVENTS[@]}"; do
		sed -n 's/^print fmt: "[^"]*", //p' "$tracefs/events/mapstat/$event/format" >/tmp/arguments
		[[ -s /tmp/arguments ]] || fail "$event: no format"
		! grep -oE 'MAPSTAT_[A-Z_0-9]*' /tmp/arguments || fail "$event: names without a value"
		! grep -E 'field:.*\[[^]0-9]' "$tracefs/events/mapstat/$event/format" | grep -v __data_loc ||
			fail "$event: a length that is no number"
	done
}

test_case "one run, recorded by all" run_traced
test_case "formats have no name that user space does not know" formats_name_nothing
test_case "perf script" by_perf
test_case "trace-cmd report" by_trace_cmd
test_case "bpftrace" by_bpftrace
test_case "unload" unload
run_cases

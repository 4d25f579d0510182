# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# What the guest-side tests share: the module's life, its files, and what it holds. Sourced
# in a guest of vm/run, never run.
#
# shellcheck disable=SC2034 # some of these are for those who source this

. "$MAPSTAT_SOURCE/tests/lib/ktap.sh"

FILES=/sys/kernel/debug/mapstat
DESIGNS=(rwlock sharded readdirty readdirty_classic seqlock rhashtable hlist)
ALL_MAPS=$(IFS=, && echo "${DESIGNS[*]}")

# insmod MODULE [PARAMETER=VALUE...]: the rounds of the cache model take a third of a run, or
# more where the CPU is emulated; what is not about them, or names no cache, does without.
insmod() {
	local more=()
	[[ $1 != mapstat.ko || " $* " == *" cache"* || " $* " == *" experiment="* ]] || more=(cache=off)
	command insmod "$@" "${more[@]}"
}

is_loaded() {
	[[ -d /sys/module/mapstat ]]
}

# A file of debugfs that is open keeps the module loaded for that moment: it is refused with
# EAGAIN or EBUSY, and asking again is what a user does. 20 s is the limit, and 50 times where
# the machine is so busy that less fit in.
unload() {
	local deadline=$((SECONDS + 20)) tries=0 said
	is_loaded || return 0
	until said=$(rmmod mapstat 2>&1); do
		[[ $said == *"in use"* || $said == *"temporarily unavailable"* ]] || fail "rmmod: $said"
		((++tries < 50 || SECONDS < deadline)) || fail "rmmod after 20 s and $tries times: $said"
	done
	[[ ! -e "$FILES" ]] || fail "$FILES is still there after rmmod"
}

# What is still loaded, from a case that failed, say, is in the way of the next.
fresh() {
	local module
	for module in session_cache mapstat_kunit; do
		[[ ! -d /sys/module/$module ]] || rmmod "$module"
	done
	unload
}

state() {
	cat "$FILES/control"
}

# wait_run [SECONDS]: until the run has ended, well or not.
wait_run() {
	local deadline=$((SECONDS + ${1:-120})) now
	while now=$(state) && [[ $now == running* ]]; do
		((SECONDS < deadline)) || fail "still '$now' after ${1:-120} s"
		sleep 0.1
	done
	[[ $now == idle ]] || {
		tail -n 1 "$FILES/results"
		fail "control reads '$now' after the run"
	}
}

wait_running() {
	local deadline=$((SECONDS + 30))
	until [[ $(state) == running* ]]; do
		((SECONDS < deadline)) || fail "control reads '$(state)', not 'running'"
	done
}

# stress PARAMETER=VALUE...: load, run to the end, keep the results in /tmp/results. The
# module stays.
stress() {
	fresh
	insmod mapstat.ko autostart=1 "$@"
	wait_run 200
	cat "$FILES/results" >/tmp/results
	verdict=$(tail -n 1 /tmp/results)
	echo "$verdict"
}

# succeeds PARAMETER=VALUE...: a run that has to end well, and rows that have to hold together.
succeeds() {
	stress "$@"
	[[ $verdict == "# SUCCESS "* ]] || fail "the verdict is: $verdict"
	formats results /tmp/results "$@"
}

# The checks of the text formats, against docs/debugfs.md.
formats() {
	python3 "$MAPSTAT_SOURCE/tests/lib/formats.py" "$@"
}

# kernel_log_mark; kernel_log: the module's lines since then
kernel_log_mark() {
	MARK="mark $RANDOM$RANDOM$RANDOM"
	echo "$MARK" >/dev/kmsg
}

kernel_log() {
	dmesg | sed "1,/$MARK/d" | sed -n 's/^\[[^]]*\] //; /^mapstat: /p'
}

meminfo() {
	awk -v name="$1:" '$1 == name { print $2 }' /proc/meminfo
}

# Memory that the kernel holds, in kB, once what can be given back was: caches dropped, RCU
# callbacks run. The least of a few readings: a leak is in all of them.
held() {
	local i now least=
	for i in 1 2 3; do
		echo 3 >/proc/sys/vm/drop_caches
		sleep 0.4
		now=$(meminfo "$1")
		if [[ -z $least ]] || ((now < least)); then
			least=$now
		fi
	done
	echo "$least"
}

# keeps_nothing LIMIT COMMAND...: the command, three times over. A leak takes its share each
# time; what the rest of the system takes for itself (a shell that forks fills caches of the
# kernel) it does not take three times. So the least of the three growths has to be at most
# LIMIT kB of slab memory, and two pages of percpu memory.
keeps_nothing() {
	local limit=$1 i slab percpu more more_percpu least='' least_percpu='' now
	shift
	slab=$(held Slab) percpu=$(meminfo Percpu)
	for i in 1 2 3; do
		"$@"
		now=$(held Slab)
		more=$((now - slab)) slab=$now
		now=$(meminfo Percpu)
		more_percpu=$((now - percpu)) percpu=$now
		echo "time $i: $more kB more slab memory, now $slab; $more_percpu kB more percpu memory, now $percpu"
		((${least:-999999} < more)) || least=$more
		((${least_percpu:-999999} < more_percpu)) || least_percpu=$more_percpu
	done
	at_most "percpu memory, kB more each time" "$least_percpu" 8
	if ! is_loaded && [[ -r /proc/vmallocinfo ]]; then
		equal "vmalloc areas of the unloaded module" "$(grep -c '\[mapstat' /proc/vmallocinfo || true)" 0
	fi
	# KASAN's quarantine and kmemleak's own records grow with every allocation. There,
	# kmemleak itself is the judge, at the end of the guest.
	[[ -e /sys/kernel/debug/kmemleak ]] || at_most "slab memory, kB more each time" "$least" "$limit"
}

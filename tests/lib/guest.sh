# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# Shared by the tests in guests: loading and unloading the module, its files, and the memory it
# holds. Sourced in a guest of vm/run, never run.
#
# shellcheck disable=SC2034 # some of these are for scripts that source this

. "$MAPSTAT_SOURCE/tests/lib/ktap.sh"

FILES=/sys/kernel/debug/mapstat
DESIGNS=(rwlock sharded readdirty readdirty_classic seqlock rhashtable hlist)
ALL_MAPS=$(IFS=, && echo "${DESIGNS[*]}")

# insmod MODULE [PARAMETER=VALUE...]: with cache=off unless the test sets cache or experiment.
# Counted rounds take a third of a run, and more on emulated CPUs.
insmod() {
	local more=()
	[[ $1 != mapstat.ko || " $* " == *" cache"* || " $* " == *" experiment="* ]] || more=(cache=off)
	command insmod "$@" "${more[@]}"
}

is_loaded() {
	[[ -d /sys/module/mapstat ]]
}

# An open file of debugfs keeps the module loaded: rmmod fails with EAGAIN or EBUSY, and is tried
# again. The limit is 20 s, or 50 tries if the machine is so busy that these take longer.
unload() {
	local deadline=$((SECONDS + 20)) tries=0 said
	is_loaded || return 0
	until said=$(rmmod mapstat 2>&1); do
		[[ $said == *"in use"* || $said == *"temporarily unavailable"* ]] || fail "rmmod: $said"
		((++tries < 50 || SECONDS < deadline)) || fail "rmmod after 20 s and $tries times: $said"
	done
	[[ ! -e "$FILES" ]] || fail "$FILES is still there after rmmod"
}

# Unloads what a failed case left loaded, which would block the next.
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

# wait_run [SECONDS]: until the run has ended; fails if it failed
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

# stress PARAMETER=VALUE...: load, complete a run, keep the results in /tmp/results. The module
# stays loaded.
stress() {
	fresh
	insmod mapstat.ko autostart=1 "$@"
	wait_run 200
	cat "$FILES/results" >/tmp/results
	verdict=$(tail -n 1 /tmp/results)
	echo "$verdict"
}

# succeeds PARAMETER=VALUE...: a run that must succeed, with consistent rows
succeeds() {
	stress "$@"
	[[ $verdict == "# SUCCESS "* ]] || fail "the verdict is: $verdict"
	formats results /tmp/results "$@"
}

# Checks the text formats against docs/debugfs.md.
formats() {
	python3 "$MAPSTAT_SOURCE/tests/lib/formats.py" "$@"
}

# kernel_log_mark; kernel_log: prints the module's lines since then
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

# Memory that the kernel holds, in kB, with caches dropped and RCU callbacks run. The minimum of a
# few readings: a leak is in all of them.
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

# keeps_nothing LIMIT COMMAND...: runs the command three times. A leak grows each time; the rest of
# the system (for example a fork that fills kernel caches) does not grow three times. So the
# smallest of the three growths must be at most LIMIT kB of slab memory, and two pages of percpu
# memory.
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
	# KASAN's quarantine and kmemleak's own records grow with every allocation. On those kernels
	# kmemleak checks at the end of the guest.
	[[ -e /sys/kernel/debug/kmemleak ]] || at_most "slab memory, kB more each time" "$least" "$limit"
}

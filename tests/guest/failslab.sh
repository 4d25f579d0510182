#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Failing allocations, for a kernel with failslab: at random during a run, and one after the other
# in insmod, until each has failed once. kmemleak checks at the end.
. "$MAPSTAT_SOURCE/tests/lib/guest.sh"

slab=/sys/kernel/debug/failslab

# All caches may fail, except debug objects': without these, debug objects disable themselves.
choose_caches() {
	local cache
	for cache in /sys/kernel/slab/*; do
		[[ $cache == */debug_objects_cache ]] || echo 1 >"$cache/failslab"
	done
	echo Y >"$slab/cache-filter"
}

failing() {
	echo 0 >"$slab/verbose"
	echo -1 >"$slab/times"
	echo "$1" >"$slab/interval"
	echo N >"$slab/task-filter"
	# Allocations that may sleep must not fail, or the rest of the system suffers.
	echo Y >"$slab/ignore-gfp-wait"
	echo 100 >"$slab/probability"
}

not_failing() {
	echo 0 >"$slab/probability"
}

# A run that is out of memory may end with that failure, but must not have lost a value: the threads
# know what they have stored. Once memory is available again, the next run succeeds.
in_a_run() {
	local failures deadline=$((SECONDS + 60))
	fresh
	insmod mapstat.ko autostart=0 maps="$ALL_MAPS" rounds=1 duration_ms=1500 keys=5000 \
		read_permille=300 delete_permille=400 "$@"
	echo start >"$FILES/control"
	# During the operations, not while the maps are filled: that would end the run.
	while [[ $(state) == "running 0/1" ]]; do
		((SECONDS < deadline)) || fail "the maps are not filled after 60 s"
		sleep 0.1
	done
	failing 7
	while [[ $(state) == running* ]]; do
		sleep 0.2
	done
	not_failing
	cp "$FILES/results" /tmp/results
	verdict=$(tail -n 1 /tmp/results)
	echo "$verdict"
	[[ $verdict == "# SUCCESS "* || $verdict == "# FAILURE out of memory"* ]] || fail "values were lost"
	awk -F '\t' '
		/^# map\t/ { for (i = 1; i <= NF; i++) if ($i == "errors") column = i }
		!/^#/ && $column != 0 { print; wrong = 1 }
		END { exit wrong }' /tmp/results
	failures=$(cat "$FILES"/maps/*/stats | awk '$1 == "alloc_failures_total" { sum += $2 } END { print sum + 0 }')
	echo "$failures operations returned -ENOMEM"
	((failures > 0)) || fail "no allocation failed: this has tested nothing"
	echo start >"$FILES/control"
	wait_run
	[[ $(tail -n 1 "$FILES/results") == "# SUCCESS "* ]] || fail "$(tail -n 1 "$FILES/results")"
	unload
}

# each_in_insmod FIRST PARAMETER...: from allocation FIRST on, one after the other fails in this
# task's init_module(2). Not before the kernel reads the parameters: until then it sets up the
# module and its trace events, and warns if memory is short for these.
each_in_insmod() {
	local first=$1
	shift
	not_failing
	echo N >"$slab/ignore-gfp-wait"
	fresh
	python3 - "$first" "$@" <<-'END'
		import ctypes, errno, os, sys
		libc = ctypes.CDLL(None, use_errno=True)
		FINIT, DELETE = 313, 176
		options = " ".join(sys.argv[2:]).encode()
		module = os.open("mapstat.ko", os.O_RDONLY)

		def insmod(nth, options):
		    """With the nth allocation failing; also returns how many that is too many."""
		    reader = os.open("/proc/thread-self/fail-nth", os.O_RDONLY)
		    writer = os.open("/proc/thread-self/fail-nth", os.O_WRONLY)
		    os.write(writer, b"%d" % nth)
		    status = libc.syscall(FINIT, module, options, 0)
		    error = ctypes.get_errno()
		    left = int(os.read(reader, 16))
		    os.write(writer, b"0")
		    os.close(reader)
		    os.close(writer)
		    return status, error, left

		MANY = 1000000
		status, error, left = insmod(MANY, b"threads=-1")
		if not status or error != errno.EINVAL:
		    sys.exit(f"threads=-1 is not refused: {os.strerror(error)}")
		nth, failed = max(int(sys.argv[1]), MANY - left + 1) - 1, 0
		print(f"from allocation {nth + 1} on")
		while True:
		    nth += 1
		    status, error, left = insmod(nth, options)
		    if status:
		        failed += 1
		        if error not in (errno.ENOMEM,):
		            print(f"allocation {nth} of insmod: {os.strerror(error)}")
		        if os.path.exists("/sys/kernel/debug/mapstat"):
		            sys.exit(f"allocation {nth} of insmod: refused, but its files are there")
		    else:
		        # The module went on without that memory; or nothing was injected: all have
		        # failed.
		        if libc.syscall(DELETE, b"mapstat", os.O_NONBLOCK):
		            sys.exit(f"allocation {nth}: rmmod: {os.strerror(ctypes.get_errno())}")
		        if left:
		            break
		print(f"{nth} allocations, {failed} made insmod fail")
		with open("/tmp/allocations", "w", encoding="ascii") as file:
		    print(nth, failed, file=file)
	END
	[[ ! -e $FILES ]] || fail "files are left"
}

each_of_loading() {
	local allocations failed
	each_in_insmod 1 autostart=0
	read -r allocations failed </tmp/allocations
	echo "$allocations" >/tmp/allocations_of_loading
	((failed >= 50)) || fail "too few to have reached the module's own"
}

# Those of loading have failed before and come first; a few more or less are due to the parameters.
each_of_starting() {
	local loading allocations failed
	loading=$(</tmp/allocations_of_loading)
	kernel_log_mark
	each_in_insmod $((loading - 25)) autostart=1 rounds=1 duration_ms=1 keys=10 threads=1 "$@"
	read -r allocations failed </tmp/allocations
	((allocations > loading + 25)) || fail "none is of the run's start"
	# What can run without its buffers only logs it.
	failed=$((failed + $(kernel_log | grep -c '^mapstat: .*no memory' || true)))
	((failed >= 5)) || fail "$failed failed: too few to have reached the module's own"
}

if [[ -e $slab/probability ]]; then
	choose_caches
	test_case "operations while one allocation in 7 fails" in_a_run
	test_case "the same with long values" in_a_run value_size=200 key_size=24
	test_case "each allocation of insmod fails once" each_of_loading
	test_case "each allocation of a run's start fails once" each_of_starting maps="$ALL_MAPS" cache=off
	test_case "the same with the model and events" each_of_starting maps=rwlock cache=model events=1
else
	test_case "failing allocations" skip "this kernel has no failslab"
fi
run_cases

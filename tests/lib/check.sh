# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# The parts of tests/check. Sourced by it, never run.

CHECK_PACKAGES=(git perl python3 shellcheck)
# Only for guest/tracers.sh, which skips the tools that are missing.
TRACER_PACKAGES=(bpftrace linux-perf trace-cmd)
RESULTS=build/check
PASSED=0 FAILED=0 SKIPPED=0
STATUS_SHOWN='' LAST_TOLD=0
declare -a NAMES=() KERNELS=() CPUS=() LIMITS=() PROGRAMS=() BAD=()
declare -A RUNNING=() STARTED=()	# by process: which test, since when

# Reads the selected tests from tests/list.
read_list() {
	local set kernel cpus limit program name
	while read -r set kernel cpus limit program; do
		[[ -n $set && $set != '#'* ]] || continue
		[[ $SET == all || $SET == "$set" ]] || continue
		name=${program#*/}
		[[ $program == guest/* || $program == host/* ]] || name=$program
		name=$(sed 's/\.sh\>//; s/[^A-Za-z0-9.]\{1,\}/-/g' <<<"$name")
		[[ $kernel == - ]] || name+="@$kernel"
		[[ ! $name =~ $ONLY ]] && continue
		[[ " ${NAMES[*]:-} " != *" $name "* ]] || name+="-${cpus}cpus"
		NAMES+=("$name") KERNELS+=("$kernel") CPUS+=("$cpus") LIMITS+=("$limit") PROGRAMS+=("$program")
	done <tests/list
}

say() {
	clear_status
	printf '%s\n' "$*"
}

clear_status() {
	[[ -z $STATUS_SHOWN ]] || printf '\r\033[K'
	STATUS_SHOWN=
}

# Installs and builds what the tests need; a build would otherwise take the time of a kernel's first
# test.
prepare() {
	local kernel
	path_is_usable || exit 2
	mkdir -p "$RESULTS"
	rm -rf -- "${RESULTS:?}"/*
	install_packages || exit 2
	PARSER=$(vm/source)/tools/testing/kunit/kunit.py
	[[ -f $PARSER ]] || {
		say "tests/check: no $PARSER"
		exit 2
	}
	for kernel in $(kernels_needed); do
		say "preparing $kernel"
		# A build that fails is reported here; each test on this kernel will fail.
		vm/build "$kernel" >"$RESULTS/build-$kernel.log" 2>&1 &
		wait_for_build $! "$kernel" || tail -n 20 "$RESULTS/build-$kernel.log" | sed 's/^/    /'
	done
}

# Kernels of the guests, and those that a test on the host builds for.
kernels_needed() {
	{
		printf '%s\n' "${KERNELS[@]}" | grep -vx -- -
		printf '%s\n' "${PROGRAMS[@]}" | sed -n 's,^host/\(build\|install\).sh ,,p'
	} | sort -u
}

# If no kernel is built for, any path will do.
path_is_usable() (
	[[ -n $(kernels_needed) ]] || return 0
	# shellcheck source=vm/lib/common.sh
	. vm/lib/common.sh
	PROGRAM=tests/check
	path_for_kbuild "$PWD"
)

install_packages() (
	# shellcheck source=vm/lib/common.sh
	. vm/lib/common.sh
	PROGRAM=tests/check
	# shellcheck source=vm/lib/packages.sh
	. vm/lib/packages.sh
	packages_install "${CHECK_PACKAGES[@]}" "${READER_PACKAGES[@]}"
	[[ " ${PROGRAMS[*]} " != *" guest/tracers.sh "* ]] || (packages_install "${TRACER_PACKAGES[@]}") || true
)

# Building a kernel takes minutes: show the progress.
wait_for_build() {
	local start=$SECONDS
	RUNNING[$1]=-1
	while kill -0 "$1" 2>/dev/null; do
		show_status "preparing $2: $((SECONDS - start)) s, $(tail -n 1 "$RESULTS/build-$2.log" | cut -c 1-70)"
		sleep 0.5
	done
	unset "RUNNING[$1]"
	clear_status
	wait "$1"
}

# On a terminal one line, rewritten; in a file a line every 20 s.
show_status() {
	if [[ -t 1 ]]; then
		printf '\r\033[K%s' "${1:0:$((${COLUMNS:-$(tput cols 2>/dev/null || echo 80)} - 1))}"
		STATUS_SHOWN=1
	elif ((SECONDS - LAST_TOLD >= 20)); then
		printf '%s\n' "$1"
		LAST_TOLD=$SECONDS
	fi
}

# start NUMBER: a test in a session of its own, so that it can be ended with all its processes.
start() {
	local name=${NAMES[$1]} kernel=${KERNELS[$1]} program=${PROGRAMS[$1]} limit=${LIMITS[$1]}
	local command=() mem=1024
	if [[ $kernel == - ]]; then
		[[ $program != host/* ]] || program=tests/$program
		# shellcheck disable=SC2206 # the program and its arguments
		command=($program)
	else
		[[ $kernel != *kasan ]] || mem=2048
		command=(vm/run --kernel "$kernel" --cpus "${CPUS[$1]}" --mem "$mem" --timeout "$limit"
			--console "$RESULTS/$name.console" -- "bash \$MAPSTAT_SOURCE/tests/$program")
		# vm/run has that limit for the guest; this one is for vm/run.
		limit=$((limit + 300))
	fi
	setsid timeout -k 20 "$limit" "${command[@]}" >"$RESULTS/$name.ktap" 2>"$RESULTS/$name.log" </dev/null &
	RUNNING[$!]=$1
	STARTED[$!]=$SECONDS
}

# reap: reports tests that have ended. Returns 1 if there was none.
reap() {
	local process number status reaped=1
	for process in "${!RUNNING[@]}"; do
		! kill -0 "$process" 2>/dev/null || continue
		wait "$process"
		status=$?
		number=${RUNNING[$process]}
		unset "RUNNING[$process]"
		tell "$number" "$status" $((SECONDS - STARTED[$process]))
		reaped=0
	done
	return $reaped
}

# summary_count WORD FILE: from the last line of kunit.py's output
summary_count() {
	sed -n "s/.*Testing complete\..*[ :]$1: \([0-9]*\).*/\1/p" "$2" | grep . || echo 0
}

# tell NUMBER STATUS SECONDS: reports a test's result
tell() {
	local name=${NAMES[$1]} status=$2 seconds=$3 passed failed skipped why=''
	local parsed=$RESULTS/$name.parsed
	# kunit.py does not terminate on every malformed input.
	timeout 60 python3 "$PARSER" parse "$PWD/$RESULTS/$name.ktap" 2>&1 </dev/null | head -c 1000000 >"$parsed"
	((PIPESTATUS[0] != 124 && PIPESTATUS[0] != 141)) || why="its output is not KTAP"
	passed=$(summary_count passed "$parsed")
	skipped=$(summary_count skipped "$parsed")
	failed=$(($(summary_count failed "$parsed") + $(summary_count crashed "$parsed") + $(summary_count errors "$parsed")))
	case $status in
	0) [[ -n $why ]] || ((failed || passed || skipped)) || why="it has reported no test" ;;
	99) why="the kernel reported trouble, or died" ;;
	124 | 137) why="it took more than ${LIMITS[$1]} s" ;;
	98) why="the guest could not be started" ;;
	*) ((failed)) || why="exit status $status, though no case failed" ;;
	esac
	[[ -z $why ]] || failed=$((failed + 1))
	PASSED=$((PASSED + passed)) FAILED=$((FAILED + failed)) SKIPPED=$((SKIPPED + skipped))
	clear_status
	printf '%-6s %s: %d passed, %d failed, %d skipped (%d s)\n' \
		"$( ((failed)) && echo FAILED || echo ok)" "$name" "$passed" "$failed" "$skipped" "$seconds"
	((failed == 0)) || tell_failure "$name" "$why"
	LAST_TOLD=$SECONDS
}

tell_failure() {
	BAD+=("$1")
	{
		# kunit.py's output about what did not pass, without its clock.
		sed 's/^\[[0-9:]*\] //; /^==*[^A-Z]*$/d; /^==* .*\[PASSED\].* ==*$/d; /^==* [^[]*==*$/d' \
			"$RESULTS/$1.parsed" |
			grep -v '^\[PASSED\]\|^\[SKIPPED\]\|^# [0-9]* s$\|^Testing complete\|^$' | head -n 80
		if [[ -n $2 ]]; then
			echo "$2; the end of $RESULTS/$1.log:"
			tail -n 40 "$RESULTS/$1.log"
		fi
	} | sed 's/^/    /'
}

running_now() {
	local process number
	for process in "${!RUNNING[@]}"; do
		number=${RUNNING[$process]}
		printf '%s (%d cases, %d s) ' "${NAMES[$number]}" \
			"$(grep -cs '^ *\(not ok\|ok\) ' "$RESULTS/${NAMES[$number]}.ktap" || true)" $((SECONDS - STARTED[$process]))
	done
}

run_all() {
	local next=0
	LAST_TOLD=$SECONDS
	while ((next < ${#NAMES[@]} || ${#RUNNING[@]})); do
		while ((next < ${#NAMES[@]} && ${#RUNNING[@]} < JOBS)); do
			if ((SECONDS >= TIME_LIMIT)); then
				say "skipped ${NAMES[next]}: no time is left"
				SKIPPED=$((SKIPPED + 1))
			else
				start "$next"
			fi
			next=$((next + 1))
		done
		if ! reap; then
			show_status "$((SECONDS / 60)):$(printf %02d $((SECONDS % 60))) $((next - ${#RUNNING[@]}))/${#NAMES[@]} $(running_now)"
			sleep 0.5
		fi
	done
	clear_status
}

interrupted() {
	local process
	trap '' INT TERM HUP
	clear_status
	echo "interrupted"
	for process in "${!RUNNING[@]}"; do
		kill -TERM -- "-$process" 2>/dev/null || kill -TERM "$process" 2>/dev/null
	done
	wait
	FAILED=$((FAILED + ${#RUNNING[@]}))
	summary
}

# The last line, and the exit status.
summary() {
	((${#BAD[@]} == 0)) || printf 'failed: %s\n' "${BAD[*]}"
	echo "Their output is in $RESULTS; $((SECONDS / 60)) min $((SECONDS % 60)) s"
	((SKIPPED == 0)) || echo "$SKIPPED skipped, each with its reason"
	printf '%d passed, %d failed\n' "$PASSED" "$FAILED"
	exit $((FAILED > 0 || PASSED == 0))
}

#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The tests of vm/run and vm/scan: tests/host/vm.sh [KERNEL...] (default: uml). Prints KTAP.
set -u
cd -- "$(dirname -- "$0")/../.." || exit 2
(($#)) || set -- uml
dir=$(mktemp -d) || exit 2
trap 'rm -rf -- "$dir"' EXIT
# The plan comes first, as KTAP and the kernel's parser require, once the cases have been counted.
exec 3>&1 >"$dir/ktap"

count=0 failures=0
# report STATUS NAME: prints a line of KTAP
report() {
	local verdict=ok
	count=$((count + 1))
	(($1 == 0)) || { verdict="not ok" failures=$((failures + 1)); }
	echo "$verdict $count $2"
	[[ $verdict == ok || ! -s $dir/err ]] || sed 's/^/# /' "$dir/err"
}

# expect STATUS NAME COMMAND...: leaves its output in $dir/out and $dir/err
expect() {
	local want=$1 name=$2 got
	shift 2
	"$@" >"$dir/out" 2>"$dir/err"
	got=$?
	[[ $got == "$want" ]] || echo "exit status $got, not $want" >>"$dir/err"
	report $((got != want)) "$name"
}

holds() {
	local name=$1
	shift
	"$@"
	report $? "$name"
}

scan_says() {
	printf '[    0.1] Linux version 6.1\n[    9.9] %s\n[   10.0] Call Trace:\n' "$2" >"$dir/console"
	expect "$1" "scan $3" vm/scan "$dir/console"
}

run() {
	vm/run --kernel "$kernel" --no-module "$@"
}


while IFS='|' read -r name line; do
	scan_says 1 "$line" "finds $name"
done <<'END'
BUG|BUG: kernel NULL pointer dereference, address: 0000000000000008
BUG_ON|kernel BUG at kmod/main.c:10!
WARN_ON|WARNING: CPU: 1 PID: 99 at kmod/main.c:10 init+0x1/0x2 [mapstat]
WARN_ON of 6.12 on one CPU|WARNING: PID: 61 at kmod/main.c:10 init+0x1/0x2 [mapstat]
Oops|Oops: 0000 [#1] PREEMPT SMP KASAN
page fault|#PF: supervisor read; BUG: unable to handle page fault for address: ffff
general protection|general protection fault, probably for non-canonical address 0xdead
panic|Kernel panic - not syncing: Attempted to kill init! exitcode=0x00007f00
fault in User-Mode Linux|Kernel mode fault at addr 0x8, ip 0x60
lockdep, order|WARNING: possible circular locking dependency detected
lockdep, context|inconsistent {SOFTIRQ-ON-W} -> {IN-SOFTIRQ-W} usage; WARNING: inconsistent lock state
lockdep, static key|INFO: trying to register non-static key.
lock kept|WARNING: lock held when returning to user space!
RCU usage|WARNING: suspicious RCU usage
RCU stall|rcu: INFO: rcu_preempt self-detected stall on CPU
RCU stall elsewhere|rcu: INFO: rcu_preempt detected stalls on CPUs/tasks:
expedited RCU stall|rcu: INFO: rcu_preempt detected expedited stalls on CPUs/tasks: { 1-... }
hung task|INFO: task insmod:61 blocked for more than 60 seconds.
soft lockup|watchdog: BUG: soft lockup - CPU#1 stuck for 22s! [mapstat/1:99]
hard lockup|watchdog: Watchdog detected hard LOCKUP on cpu 0
KASAN|BUG: KASAN: slab-out-of-bounds in init+0x1/0x2 [mapstat]
UBSAN|UBSAN: array-index-out-of-bounds in kmod/main.c:10:3
KCSAN|BUG: KCSAN: data-race in load / store
kmemleak|kmemleak: 1 new suspected memory leaks (see /sys/kernel/debug/kmemleak)
sleep in atomic|BUG: sleeping function called from invalid context at kmod/main.c:10
schedule in atomic|BUG: scheduling while atomic: mapstat/0/61/0x00000002
DEBUG_OBJECTS|ODEBUG: free active (active state 1) object: (____ptrval____) object type: rcu_head
SLUB|BUG kmalloc-128 (Tainted: G           O      ): Right Redzone overwritten
list|list_del corruption. prev->next should be a, but was b
refcount|refcount_t: underflow; use-after-free.
END

while IFS='|' read -r name line; do
	scan_says 0 "$line" "ignores $name"
done <<'END'
a module's taint|mapstat: loading out-of-tree module taints kernel.
an injected failure|FAULT_INJECTION: forcing a failure.
KTAP|# mapstat_debug: ok 1 bug_is_not_a_report
debugging at boot|debug: kernel configured with DEBUGGING and WARNINGS
END

expect 2 "an unknown option" vm/run --nonsense -- true
expect 2 "an unknown kernel" vm/run --kernel linux-0.01 -- true
expect 2 "no command" vm/run --kernel uml --
expect 2 "a bad number" vm/run --cpus none -- true
expect 2 "a path that is no build tree" vm/run --kernel /etc -- true
expect 0 "help" vm/run --help
# With a user's PATH on Debian.
expect 0 "depmod and modprobe are found" env PATH=/usr/local/bin:/usr/bin:/bin \
	bash -c '. vm/lib/common.sh && depmod --version && modprobe --version'
expect 98 "a TMPDIR with a blank" env TMPDIR="$dir/a b" vm/run --no-module -- true

# Fails when minutes are spent on a kernel that cannot run: only the probe may be in the cache.
mkdir "$dir/cache"
expect 98 "User-Mode Linux without executable memory" unshare -m sh -c \
	"mkdir $dir/noexec && mount -t tmpfs -o noexec none /dev/shm && mount -t tmpfs -o noexec none $dir/noexec &&
		TMPDIR=$dir/noexec XDG_CACHE_HOME=$dir/cache vm/run --kernel uml -- true"
holds "prints what is missing" \
	grep -q "User-Mode Linux cannot run here: $dir/noexec does not allow executable mappings" "$dir/err"
holds "before anything is built" test -z "$(find "$dir/cache" -name 'linux-source*' -o -name 'uml-*' -o -name 'tmp.*')"

# trimmed: trims a cache of four kernels, the oldest of them in use, and three source trees
trimmed() (
	# shellcheck disable=SC2034 # for common.sh
	XDG_CACHE_HOME=$dir/trim
	# shellcheck source=/dev/null
	. vm/lib/common.sh
	# shellcheck source=/dev/null
	. vm/lib/cache.sh
	for entry in uml-{1,2,3,4} linux-source-7.3_7.3-{5,6,7} uml-kasan-8; do
		mkdir -p "$CACHE_DIR/$entry"aaaaaaaaaaa
		touch -d "2020-01-0${entry: -1}" "$CACHE_DIR/$entry"aaaaaaaaaaa.lock
	done
	echo "include $CACHE_DIR/linux-source-7.3_7.3-5aaaaaaaaaaa/Makefile" >"$CACHE_DIR/uml-4aaaaaaaaaaa/Makefile"
	echo "include $CACHE_DIR/linux-source-7.3_7.3-6aaaaaaaaaaa/Makefile" >"$CACHE_DIR/uml-2aaaaaaaaaaa/Makefile"
	mkdir "$CACHE_DIR"/linux-source-9_9-{1,2}aaaaaaaaaaa
	touch -d 2098-01-01 "$CACHE_DIR"/linux-source-9_9-1aaaaaaaaaaa.lock
	touch -d 2099-01-01 "$CACHE_DIR"/linux-source-9_9-2aaaaaaaaaaa.lock
	exec {lock}<>"$CACHE_DIR/uml-1aaaaaaaaaaa.lock"
	flock -s "$lock"
	cache_entry "$CACHE_DIR/linux-source-7.3_7.3-7aaaaaaaaaaa" false
	cache_trim
	cd "$CACHE_DIR" && echo *a
) 2>"$dir/err"

# Fails when the cache grows without bound, or an entry is removed that is in use, built from or
# used last.
holds "the cache is trimmed to two of each kernel, the sources of those and the last, and entries in use" test "$(trimmed)" = \
	"linux-source-7.3_7.3-5aaaaaaaaaaa linux-source-7.3_7.3-7aaaaaaaaaaa linux-source-9_9-2aaaaaaaaaaa uml-1aaaaaaaaaaa uml-3aaaaaaaaaaa uml-4aaaaaaaaaaa uml-kasan-8aaaaaaaaaaa"

test_kernel() {
	# shellcheck disable=SC2016 # the guest's shell
	expect 7 "$kernel: the command's status" run --console "$dir/console" --out "$dir/kept" -- \
		'echo to stdout; echo to stderr >&2; echo kept >"$OUT/file"; exit 7'
	holds "$kernel: stdout holds the command's output alone" grep -qx 'to stdout' "$dir/out"
	holds "$kernel: and nothing else" test "$(wc -l <"$dir/out")" = 1
	holds "$kernel: stderr" grep -qx 'to stderr' "$dir/err"
	holds "$kernel: --out" test "$(cat "$dir/kept/file")" = kept
	holds "$kernel: --console" grep -q 'Linux version' "$dir/console"
	# shellcheck disable=SC2016
	expect 0 "$kernel: root, debugfs, writable /tmp, read-only root" run -- \
		'[ "$(id -u)" = 0 ] && [ -d /sys/kernel/debug/bdi ] && [ -d /sys/kernel/tracing/events ] && touch /tmp/x && ! touch /etc/x && [ -e "$MAPSTAT_SOURCE/vm/run" ]'

	expect 0 "$kernel: binary output" run -- "perl -e 'binmode STDOUT; print pack(\"C*\", 0 .. 255) x 4000'"
	perl -e 'binmode STDOUT; print pack("C*", 0 .. 255) x 4000' >"$dir/binary"
	holds "$kernel: arrives unchanged" cmp "$dir/out" "$dir/binary"

	expect 99 "$kernel: a report on the console" run -- 'echo "WARNING: said by the test" >/dev/kmsg'
	holds "$kernel: is shown" grep -q 'WARNING: said by the test' "$dir/err"
	expect 99 "$kernel: a guest that ends without a status" run -- '/run/mapstat/busybox poweroff -f'
	# User-Mode Linux looks for init=, QEMU's initramfs for rdinit=.
	expect 99 "$kernel: a kernel that never gets to its first process" run --append 'init=/nonexistent rdinit=/nonexistent panic=-1' -- true
	holds "$kernel: reports it, with the reason" grep -q 'ended before its first process began: .*Kernel panic' "$dir/err"
	# Only an emulator fails sporadically.
	holds "$kernel: is started once more if emulated, and not again" \
		test "$(grep -c 'once more' "$dir/err")" = "$(grep -c ', tcg$' "$dir/err")"
	expect 124 "$kernel: a hang" run --timeout 15 -- 'while :; do :; done'
	test_blank
	test_user
	test_concurrent
	test_interrupted
}

# Fails when the path is split. (Without a Kbuild there is no module to build.)
test_blank() {
	mkdir "$dir/a clone"
	cp -r vm "$dir/a clone"
	# shellcheck disable=SC2016
	expect 0 "$kernel: from a path with a blank" "$dir/a clone/vm/run" --kernel "$kernel" -- '[ -e "$MAPSTAT_SOURCE/vm/run" ]'
	rm -r "$dir/a clone"
}

# lend DIR: copies what the kernel is booted with to a cache there; prints the kernel's name for
# vm/run. User-Mode Linux would be rebuilt, since its source is in another cache: a build tree is
# used instead.
lend() (
	for lib in common packages cache kernels debian source initramfs uml; do
		# shellcheck source=/dev/null
		. "vm/lib/$lib.sh"
	done
	kernel_prepare "$kernel"
	initramfs_tools
	mkdir -p "$1/apt"
	cp -r "${BUSYBOX%/bin/*}" "$1"
	cp -r "$CACHE_DIR"/apt/trixie{,.lock} "$1/apt"
	if [[ $KERNEL_KIND == uml ]]; then
		mkdir "$1/tree"
		cp "$KERNEL_BUILD"/{.config,Module.symvers} "$KERNEL_IMAGE" "$1/tree"
		echo "$1/tree"
	else
		cp -r "${KERNEL_IMAGE%/*}" "$1"
		echo "$kernel"
	fi
) 2>/dev/null

# Fails when a guest needs something that only root has. A user has several groups.
test_user() {
	local name
	name=$(lend "$dir/user/cache/mapstat")
	cp -r vm "$dir/user"
	chown -R nobody "$dir/user"
	chmod 755 "$dir"
	# shellcheck disable=SC2016
	expect 7 "$kernel: as a user other than root" setpriv --reuid nobody --regid nogroup --groups nogroup,users \
		env PATH=/usr/local/bin:/usr/bin:/bin HOME=/nonexistent XDG_CACHE_HOME="$dir/user/cache" TMPDIR="$dir/user" \
		"$dir/user/vm/run" --kernel "$name" --out "$dir/user/kept" -- 'echo kept >"$OUT/file"; exit 7'
	holds "$kernel: and --out" test "$(cat "$dir/user/kept/file")" = kept
	rm -r "$dir/user"
}

test_concurrent() {
	local pids=() pid n wrong=0
	for n in 1 2 3; do
		run -- "sleep 1; echo $n; exit $n" >"$dir/out.$n" 2>"$dir/err.$n" &
		pids+=($!)
	done
	for n in 1 2 3; do
		pid=${pids[n - 1]}
		wait "$pid"
		[[ $? == "$n" && $(<"$dir/out.$n") == "$n" ]] || wrong=1
	done
	cat "$dir"/err.? >"$dir/err"
	report $wrong "$kernel: three at the same time"
}

test_interrupted() {
	local pid tries=0
	mkdir -p "$dir/tmp"
	TMPDIR=$dir/tmp run -- 'echo up; sleep 100' >"$dir/out" 2>"$dir/err" &
	pid=$!
	until grep -q up "$dir/out" || ((++tries > 300)); do sleep 0.1; done
	kill -TERM "$(pgrep -P "$pid" -f vm/run || echo "$pid")"
	wait "$pid"
	holds "$kernel: interrupted, it leaves no file" test -z "$(ls -A "$dir/tmp")"
	holds "$kernel: nor a process" test -z "$(pgrep -f "$dir/tmp/mapstat-vm")"
}

for kernel; do
	test_kernel
done

# Fails when the memory of User-Mode Linux goes to a /dev/shm like a container's.

[[ " $* " != *" uml "* ]] || expect 0 "uml: with a small /dev/shm that is noexec" unshare -m sh -c \
	"mount -t tmpfs -o noexec,size=64m none /dev/shm && vm/run --kernel uml --no-module -- true"
{
	printf 'KTAP version 1\n1..%d\n' "$count"
	cat "$dir/ktap"
	echo "# $((count - failures)) passed, $failures failed"
} >&3
exit $((failures > 0))

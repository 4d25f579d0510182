#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# `make demo`, as a stranger types it: twice in a row, as a user who is not root, without a machine
# that runs natively, and interrupted.
# shellcheck source=tests/lib/host.sh
. "$(dirname -- "$0")/../lib/host.sh"

maps=(rwlock sharded readdirty readdirty_classic seqlock rhashtable)

# Breaks when the second run trips over the first, or a promised file is not there.
demo() {
	local start=$SECONDS map
	make -s demo >build/check/demo.out 2>&1 || {
		tail -n 40 build/check/demo.out
		fail "make demo failed"
	}
	at_most "seconds it took" $((SECONDS - start)) "${1:-600}"
	python3 tests/lib/formats.py results build/demo/results.tsv read_permille=973
	tail -n 1 build/demo/results.tsv | grep '^# SUCCESS '
	for map in "${maps[@]}"; do
		[[ -s build/demo/debugfs/maps/$map/latency ]] || fail "no latency of $map"
		grep -q "$map" build/check/demo.out || fail "$map is not in what it prints"
	done
	[[ -s build/demo/debugfs/version && -s build/demo/dmesg.txt ]] || fail "files are missing"
	grep -q 'native speed\.$' build/check/demo.out || fail "it does not say how it was measured"
	# The answer comes last: it fits one screen.
	at_most "lines of the answer" "$(sed -n '/^map .*vs best/,$p' build/check/demo.out | wc -l)" 24
	{ grep '.\{81\}' build/check/demo.out || true; } | no_line
}

# Breaks when something is written to a place that is root's: the cache, the checkout and /tmp are the user's.
not_root() {
	local home
	home=$(mktemp -d)
	git clone -q . "$home/mapstat"
	chown -R nobody "$home"
	chmod 755 "$home"
	# What the demo has built is the user's to build again; what is installed is installed.
	setpriv --reuid nobody --clear-groups env HOME="$home" XDG_CACHE_HOME="$home/cache" \
		make -s -C "$home/mapstat" demo >build/check/demo.out 2>&1 || {
		tail -n 40 build/check/demo.out
		rm -rf -- "$home"
		fail "make demo failed"
	}
	rm -rf -- "$home"
	grep -q 'native speed\.$' build/check/demo.out
}

# Breaks when a winner is named, or a time shown, on emulated CPUs.
emulated() {
	local dir status=0
	dir=$(mktemp -d)
	mkdir "$dir/noexec"
	# shellcheck disable=SC2016 # the inner shell's
	unshare -m sh -c 'mount -t tmpfs -o noexec none /dev/shm && mount -t tmpfs -o noexec none "$1/noexec" &&
		{ [ ! -e /dev/kvm ] || mount --bind /dev/null /dev/kvm; } &&
		TMPDIR=$1/noexec XDG_CACHE_HOME=$1 tests/demo' - "$dir" >build/check/demo.out 2>&1 || status=$?
	rm -rf -- "$dir"
	((status == 0)) || fail "$(tail -n 40 build/check/demo.out)"
	grep -q 'emulated: ' build/check/demo.out
	grep -q '^rwlock ' build/check/demo.out || fail "what was counted is not there"
	{ grep -i 'fastest\|ns per operation\|winner\|vs best' build/check/demo.out || true; } | no_line
}

# Breaks when the guest, or a temporary file, outlives it.
interrupted() {
	local pid tries=0
	setsid make -s demo >build/check/demo.out 2>&1 &
	pid=$!
	until grep -q 'uml, 2 CPU' build/check/demo.out || ((++tries > 600)); do sleep 0.1; done
	sleep 3
	kill -TERM -- "-$pid"
	wait "$pid" || true
	sleep 2
	! pgrep -s "$pid" >/dev/null || fail "processes are left: $(pgrep -s "$pid" -a)"
	[[ ! -e build/demo.new ]] || fail "build/demo.new is left"
	[[ -s build/demo/results.tsv ]] || fail "the results of the run before are gone"
}

mkdir -p build/check
test_case "make demo" demo
test_case "again, from what is there" demo 60
test_case "as a user who is not root" not_root
test_case "without native speed there is no winner" emulated
test_case "interrupted, it leaves nothing behind" interrupted
run_cases

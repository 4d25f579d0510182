#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# `make demo` as a newcomer runs it: twice in a row, as a user other than root, without native
# speed, and interrupted.
# shellcheck source=tests/lib/host.sh
. "$(dirname -- "$0")/../lib/host.sh"

maps=(rwlock sharded readdirty readdirty_classic seqlock rhashtable)

# Fails when the first run breaks the second, or a promised file is missing.
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
		grep -q "$map" build/check/demo.out || fail "$map is not in its output"
	done
	[[ -s build/demo/debugfs/version && -s build/demo/dmesg.txt ]] || fail "files are missing"
	grep -q 'native speed\.$' build/check/demo.out || fail "it does not print how it was measured"
	# The answer comes last, and fits one screen.
	at_most "lines of the answer" "$(sed -n '/^map .*vs best/,$p' build/check/demo.out | wc -l)" 24
	{ grep '.\{81\}' build/check/demo.out || true; } | no_line
}

# Fails when it writes to a place that only root may write: the user has the cache, the checkout and
# /tmp.
not_root() {
	local home
	home=$(mktemp -d)
	git clone -q . "$home/mapstat"
	chown -R nobody "$home"
	chmod 755 "$home"
	# What the demo built is built again by the user; packages stay installed.
	setpriv --reuid nobody --clear-groups env HOME="$home" XDG_CACHE_HOME="$home/cache" \
		make -s -C "$home/mapstat" demo >build/check/demo.out 2>&1 || {
		tail -n 40 build/check/demo.out
		rm -rf -- "$home"
		fail "make demo failed"
	}
	rm -rf -- "$home"
	grep -q 'native speed\.$' build/check/demo.out
}

# Fails when a winner is named, or a time shown, on emulated CPUs.
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
	grep -q '^rwlock ' build/check/demo.out || fail "the counts are missing"
	{ grep -i 'fastest\|ns per operation\|winner\|vs best' build/check/demo.out || true; } | no_line
}

# Fails when the guest, or a temporary file, outlives it.
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
	[[ -s build/demo/results.tsv ]] || fail "the previous run's results are gone"
}

mkdir -p build/check
test_case "make demo" demo
test_case "again, with everything built" demo 60
test_case "as a user other than root" not_root
test_case "no winner without native speed" emulated
test_case "interrupted, it leaves nothing behind" interrupted
run_cases

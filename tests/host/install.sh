#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# usage: install.sh KERNEL. What a person types at the top of a checkout, typed in copies of this one.
# shellcheck source=tests/lib/host.sh
. "$(dirname -- "$0")/../lib/host.sh"

kernel=${1:?}
OUT=$(mktemp -d)
readonly OUT
trap '[[ $BASHPID != "$CASE_PID" ]] || rm -rf -- "$CASE_LOG" "$OUT"' EXIT
unset MAKEFLAGS MFLAGS MAKELEVEL

# copy DIR: this tree's files, as a checkout of their own.
copy() {
	mkdir -p -- "$1"
	tree_files | rsync -a --files-from=- . "$1"
	git -C "$1" init -q
	git -C "$1" add -A
	git -C "$1" -c user.name=test -c user.email=test@localhost commit -q -m copy
}

# nothing_but_sources DIR: no file is there that the copy had not, and none is missing.
nothing_but_sources() {
	git -C "$1" status --porcelain --ignored | no_line
}

builds() {
	local dir
	dir=$(vm/build "$kernel" 2>/dev/null | tail -n 1)
	ln -s -- "$(realpath -- "$dir/.kernel")" "$OUT/kernel"
	copy "$OUT/clone"
	cd "$OUT/clone"
	make -j2 "KDIR=$(realpath "$OUT/kernel")" >"$OUT/log" 2>&1 || fail "$(tail -n 40 "$OUT/log")"
	[[ -f mapstat.ko ]] || fail "no mapstat.ko"
}

# Breaks when something that was built stays, or a file under version control goes: kbuild's own clean takes
# each *.mod, native's go.mod too. Without a build tree, the same.
cleans() {
	python3 -m compileall -q "$OUT/clone/native/report"
	touch "$OUT/clone/.checkpatch-camelcase.git.0"
	mkdir "$OUT/clone/build"
	cp -a "$OUT/clone" "$OUT/other"
	[[ -f $OUT/clone/kmod/main.o ]] || fail "there is nothing to clean"
	make -C "$OUT/clone" clean "KDIR=$(realpath "$OUT/kernel")"
	nothing_but_sources "$OUT/clone"
	make -C "$OUT/other" clean KDIR=/nonexistent
	nothing_but_sources "$OUT/other"
}

test_case "make builds the module" builds
test_case "make clean leaves what is under version control and nothing else" cleans
run_cases

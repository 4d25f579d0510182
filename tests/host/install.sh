#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# usage: install.sh KERNEL. What a person types at the top of a checkout, typed in copies of this one: make -j2
# and clean, and each target with -j2.
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

no_word_of_jobs() {
	{ grep -i 'jobserver\|forced in submake' "$@" || true; } | no_line
}

# Breaks when kbuild does not get the jobs of -j.
builds() {
	local dir
	dir=$(vm/build "$kernel" 2>/dev/null | tail -n 1)
	ln -s -- "$(realpath -- "$dir/.kernel")" "$OUT/kernel"
	copy "$OUT/clone"
	cd "$OUT/clone"
	make -j2 "KDIR=$(realpath "$OUT/kernel")" >"$OUT/log" 2>&1 || fail "$(tail -n 40 "$OUT/log")"
	no_word_of_jobs "$OUT/log"
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

# A copy in which each program that a recipe runs is a make that leaves ran: as a kernel's build tree, of User-Mode
# Linux, too.
fake() {
	local program
	copy "$OUT/fake"
	mkdir "$OUT/tree"
	printf '%s: ; @touch %s\n' '%' "$OUT/ran" >"$OUT/tree/Makefile"
	echo CONFIG_UML=y >"$OUT/tree/.config"
	touch "$OUT/tree/"{Module.symvers,linux}
	cd "$OUT/fake"
	touch modules.order
	for program in native/run tests/{check,demo} vm/{layout,compile-commands,test}; do
		printf '#!/bin/sh\nexec make -C %s modules\n' "$OUT/tree" >"$program"
	done
	printf 'import run\nrun.command(["make", "-C", "%s", "modules"])\n' "$OUT/tree" >vm/claims/__main__.py
	printf 'all install uninstall clean: ; @touch %s\n' "$OUT/ran" >userspace/Makefile
	git -c user.name=test -c user.email=test@localhost commit -q -a -m fake
}

# A target whose recipe hides the make that it comes to does not pass on -j2, and make says so. But with
# -n nothing may run.
shares_jobs() {
	local target targets tree
	cd "$OUT/fake"
	targets=$(sed -n 's/^\.PHONY: //p' Makefile)
	[[ $targets == *modules*claims*layout* ]] || fail "too few targets were found: $targets"
	for target in $targets; do
		# These run no make, or, as profile does, one that has an environment of its own.
		[[ $target != @(distclean|checkpatch|help|path|kdir|bench-readme|profile) ]] || continue
		for tree in "$OUT/tree" /nonexistent; do
			[[ $tree != /nonexistent || $target != @(modules|modules_install) ]] || continue
			rm -f "$OUT/ran"
			make -n "$target" "KDIR=$tree" "VM_KERNEL=$OUT/tree" >"$OUT/log" 2>&1 || fail "$target: $(cat "$OUT/log")"
			[[ ! -e $OUT/ran ]] || fail "make -n $target runs it"
			make -j2 "$target" "KDIR=$tree" "VM_KERNEL=$OUT/tree" >"$OUT/log" 2>&1 || fail "$target: $(cat "$OUT/log")"
			[[ -e $OUT/ran ]] || fail "make $target runs nothing"
			no_word_of_jobs "$OUT/log"
		done
	done
}

test_case "make -j2 builds the module" builds
test_case "make clean leaves what is under version control and nothing else" cleans
test_case "programs that run make stand for those of the recipes" fake
test_case "each target passes the jobs of -j2 on, and runs nothing with -n" shares_jobs
run_cases

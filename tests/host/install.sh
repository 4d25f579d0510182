#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# usage: install.sh KERNEL. The make targets at the top of a checkout, run in copies of this one:
# make -j2, make samples, install, uninstall and clean, each target with -j2, and all of it in a
# path with a blank.
# shellcheck source=tests/lib/host.sh
. "$(dirname -- "$0")/../lib/host.sh"

kernel=${1:?}
OUT=$(mktemp -d)
readonly OUT
trap '[[ $BASHPID != "$CASE_PID" ]] || rm -rf -- "$CASE_LOG" "$OUT"' EXIT
unset MAKEFLAGS MFLAGS MAKELEVEL

# copy DIR: this tree's files, as a separate checkout
copy() {
	mkdir -p -- "$1"
	tree_files | rsync -a --files-from=- . "$1"
	git -C "$1" init -q
	git -C "$1" add -A
	git -C "$1" -c user.name=test -c user.email=test@localhost commit -q -m copy
}

# nothing_but_sources DIR: it has exactly the files of the copy
nothing_but_sources() {
	git -C "$1" status --porcelain --ignored | no_line
}

no_word_of_jobs() {
	{ grep -i 'jobserver\|forced in submake' "$@" || true; } | no_line
}

# Fails when kbuild does not get the jobs of -j, or builds what was not requested.
builds() {
	local dir
	dir=$(vm/build "$kernel" 2>/dev/null | tail -n 1)
	ln -s -- "$(realpath -- "$dir/.kernel")" "$OUT/kernel"
	copy "$OUT/clone"
	cd "$OUT/clone"
	make -j2 "KDIR=$(realpath "$OUT/kernel")" >"$OUT/log" 2>&1 || fail "$(tail -n 40 "$OUT/log")"
	no_word_of_jobs "$OUT/log"
	[[ -f mapstat.ko ]] || fail "no mapstat.ko"
	[[ -z $(find samples -name '*.ko') ]] || fail "the sample was not requested"
	make -j2 samples "KDIR=$(realpath "$OUT/kernel")" >"$OUT/log" 2>&1 || fail "$(tail -n 40 "$OUT/log")"
	no_word_of_jobs "$OUT/log"
	[[ -f samples/session_cache.ko ]] || fail "no session_cache.ko"
}

# Fails when a built sample is installed for modprobe.
installs_the_module() {
	mkdir "$OUT/unbuilt"
	cp "$OUT/clone/Makefile" "$OUT/unbuilt"
	refused_with "run 'make' first" make -C "$OUT/unbuilt" modules_install "KDIR=$(realpath "$OUT/kernel")"
	make -C "$OUT/clone" modules_install "KDIR=$(realpath "$OUT/kernel")" "INSTALL_MOD_PATH=$OUT/root" >"$OUT/log" 2>&1 ||
		fail "$(cat "$OUT/log")"
	equal "modules" "$(find "$OUT/root" -name '*.ko*' -printf '%f\n' | sed 's/\.ko.*//' | sort)" \
		"$(find "$OUT/clone" -maxdepth 1 -name '*.ko' -printf '%f\n' | sed 's/\.ko.*//' | sort)"
}

# Fails when a built file stays, or a file under version control is removed: kbuild's own clean
# removes each *.mod, including native's go.mod. The same without a build tree.
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

# A copy in which each program that a recipe runs is replaced by a make that creates ran; also a
# fake kernel build tree, which is User-Mode Linux's as well.
fake() {
	local program
	copy "$OUT/fake"
	mkdir "$OUT/tree"
	printf '%s: ; @touch %s\n' '%' "$OUT/ran" >"$OUT/tree/Makefile"
	echo CONFIG_UML=y >"$OUT/tree/.config"
	touch "$OUT/tree/"{Module.symvers,linux}
	cd "$OUT/fake"
	touch modules.order
	for program in native/run tests/{check,demo,host/vm.sh} vm/{layout,compile-commands}; do
		printf '#!/bin/sh\nexec make -C %s modules\n' "$OUT/tree" >"$program"
	done
	printf 'import run\nrun.command(["make", "-C", "%s", "modules"])\n' "$OUT/tree" >vm/claims/__main__.py
	printf 'all install uninstall clean: ; @touch %s\n' "$OUT/ran" >userspace/Makefile
	git -c user.name=test -c user.email=test@localhost commit -q -a -m fake
}

# A target whose recipe hides the make that it runs does not pass -j2 on, and make warns about it.
# With -n nothing may run.
shares_jobs() {
	local target targets tree
	cd "$OUT/fake"
	targets=$(sed -n 's/^\.PHONY: //p' Makefile)
	[[ $targets == *modules*claims*layout* ]] || fail "too few targets were found: $targets"
	for target in $targets; do
		# These run no make, or, like profile, one with an environment of its own.
		[[ $target != @(distclean|checkpatch|help|path|kdir|bench-readme|profile) ]] || continue
		for tree in "$OUT/tree" /nonexistent; do
			[[ $tree != /nonexistent || $target != @(modules|modules_install|samples) ]] || continue
			rm -f "$OUT/ran"
			make -n "$target" "KDIR=$tree" "VM_KERNEL=$OUT/tree" >"$OUT/log" 2>&1 || fail "$target: $(cat "$OUT/log")"
			[[ ! -e $OUT/ran ]] || fail "make -n $target runs it"
			make -j2 "$target" "KDIR=$tree" "VM_KERNEL=$OUT/tree" >"$OUT/log" 2>&1 || fail "$target: $(cat "$OUT/log")"
			[[ -e $OUT/ran ]] || fail "make $target runs nothing"
			no_word_of_jobs "$OUT/log"
		done
	done
}

# one_line TEXT COMMAND...: it fails, with TEXT on its first line, and nothing after it but make's
# own output.
one_line() {
	local text=$1 said status=0
	shift
	said=$("$@" 2>&1) || status=$?
	((status)) || fail "was not refused: $*"
	[[ $said != *"No rule"* && $(head -n 1 <<<"$said") == *"$text"* ]] || fail "'$*' does not print '$text' but: $said"
	grep -v '^make' <<<"$said" | tail -n +2 | no_line
}

# Fails when a path with a blank is split: what needs kbuild refuses at once, and all else works.
blank() {
	local what="kbuild cannot build in a path with a blank or a colon: $OUT/a clone" target
	copy "$OUT/a clone"
	# Commands that split the path would remove or write "a".
	mkdir "$OUT/a"
	touch "$OUT/a/witness"
	cd "$OUT/a clone"
	make help | grep -q 'make install' || fail "no help"
	for target in modules modules_install samples sparse layout compile_commands.json; do
		one_line "$what" make "$target" "KDIR=$(realpath "$OUT/kernel")"
	done
	one_line "$what" make compile_commands.json KDIR=/nonexistent
	one_line "$what" vm/build uml
	one_line "$what" vm/run --kernel stock-6.1 -- true
	one_line "$what" tests/check --only kunit
	one_line "$what" tests/demo
	nothing_but_sources .
}

reads_there() {
	cd "$OUT/a clone"
	make -j2 mapstat >"$OUT/log" 2>&1 || fail "$(tail -n 40 "$OUT/log")"
	no_word_of_jobs "$OUT/log"
	build/mapstat --help >/dev/null
}

# In the copy in a path with a blank. DESTDIR has a blank too, and is relative to the top.
installs_the_reader() {
	cd "$OUT/a clone"
	make -j2 install PREFIX=/usr "DESTDIR=build/a root" >"$OUT/log" 2>&1 || fail "$(tail -n 40 "$OUT/log")"
	no_word_of_jobs "$OUT/log"
	equal "files" "$(cd "build/a root" && find . -type f | sort | paste -s -d ' ')" \
		"./usr/bin/mapstat ./usr/share/bash-completion/completions/mapstat ./usr/share/man/man1/mapstat.1"
	"build/a root/usr/bin/mapstat" --help >/dev/null
	make uninstall PREFIX=/usr "DESTDIR=build/a root"
	[[ -z $(find "build/a root" -type f) ]] || fail "$(find "build/a root" -type f)"
}

# A single object stands for all, which take too long for a quick test.
builds_native() {
	need "${NATIVE_PACKAGES[@]}"
	cd "$OUT/a clone"
	make -s -C native ../build/native/debug/kmod/stats/hist.o
	[[ -s build/native/debug/kmod/stats/hist.o ]] || fail "nothing was built"
}

blank_cleans() {
	cd "$OUT/a clone"
	make -C native clean
	[[ ! -e build/native ]] || fail "build/native is left"
	make clean
	nothing_but_sources .
	equal "what lies beside it" "$(find "$OUT/a")" "$OUT/a"$'\n'"$OUT/a/witness"
}

test_case "make -j2 builds the module, and the sample only on request" builds
test_case "make modules_install installs no sample" installs_the_module
test_case "make clean leaves exactly what is under version control" cleans
test_case "the recipes' programs are replaced" fake
test_case "each target passes the jobs of -j2 on, and runs nothing with -n" shares_jobs
test_case "in a path with a blank, what needs kbuild refuses" blank
test_case "the reader builds there" reads_there
test_case "make install and uninstall work there" installs_the_reader
test_case "native/ builds there" builds_native
test_case "make clean works there" blank_cleans
run_cases

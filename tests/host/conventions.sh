#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Conventions of the project that a program can check. Each test's name says when it fails.
# shellcheck source=tests/lib/host.sh
. "$(dirname -- "$0")/../lib/host.sh"

spdx_first() {
	local file
	# Text files; a .kunitconfig, as in the kernel; copies of files that tests compare with and
	# that have no licence line.
	tree_files | grep -v '^COPYING$\|\.md$\|^\.kunitconfig$\|^tests/reader/\(trees\|expect\)/' | while read -r file; do
		# A script's interpreter comes before it; an empty file needs none.
		[[ ! -s $file ]] || head -n 2 "$file" | grep -q 'SPDX-License-Identifier: GPL-2.0-only' || echo "$file"
	done | no_line
	# The kernel's rule: on the first line, // in .c, /* */ in .h.
	kernel_sources | while read -r file; do
		case $file in
		*.c) head -n 1 "$file" | grep -q '^// SPDX-License-Identifier: ' || echo "$file" ;;
		*.h) head -n 1 "$file" | grep -q '^/\* SPDX-License-Identifier: .* \*/$' || echo "$file" ;;
		esac
	done | no_line
}

versions_in_one_header() {
	# The shim gives compat.h a version.
	tree_files | grep '\.[ch]$\|Kbuild' | grep -vxF -e kmod/compat.h -e native/include/linux/version.h |
		xargs grep -nE 'LINUX_VERSION_CODE|KERNEL_VERSION\(' | no_line
}

nothing_left_to_do() {
	# Brackets, so that these lines do not match themselves.
	tree_files | xargs grep -nwE '[T]ODO|[F]IXME|[X]XX|[H]ACK' | no_line
}

# includes FILES-PATTERN: "FILE INCLUDED" lines, as paths from the root of the tree
includes() {
	local file line to
	kernel_sources | grep "$1" | while read -r file; do
		sed -n 's/^[[:space:]]*#[[:space:]]*include[[:space:]]*["<]\([^">]*\)[">].*/\1/p' "$file" | while read -r line; do
			to=$(realpath -m --relative-to=. "$(dirname "$file")/$line")
			[[ -e $to ]] || to=$line
			[[ -e $to ]] || to=include/$line
			echo "$file $to"
		done
	done
}

# Which layer may include which, downwards only; each layer has a number. The lower layers know of a
# map only the statistics' own part: struct cmap_stats.
layers() {
	includes . | awk '
		function layer(file) {
			if (file == "kmod/main.c") return 7
			if (file ~ "^debugfs/") return 6
			if (file ~ "^kmod/stress/") return 5
			if (file ~ "^kmod/cmap/") return 4
			if (file ~ "^kmod/designs/") return 3
			if (file ~ "^kmod/cachesim/") return 2
			if (file ~ "^kmod/stats/") return 1
			# Usable by all: the API, compat.h, memory.h, refusal.h.
			if (file ~ "^(include|kmod)/[^/]*") return 0
			return 8
		}
		layer($2) < 8 && layer($2) > layer($1) { print $1 " includes " $2 }' | no_line
}

# Fails when the check above finds no includes.
layers_are_seen() {
	(($(includes '^kmod/' | grep -c ' kmod/') > 100)) || fail "too few includes were found"
	includes '^kmod/cmap/front.h' | grep -q ' kmod/designs/design.h$'
}

no_user_space_in_kmod() {
	kernel_sources | grep '^\(kmod\|debugfs\)/' | xargs grep -nE '#.*(ifdef|defined).*__KERNEL__' | no_line
}

# Guarantee X in cmap.h is tested by a KUnit case named guarantee_X_... .
letters_are_tested() {
	local letter letters
	letters=$(sed -n 's/^ \* \([A-Z]\)  [A-Z].*/\1/p' include/mapstat/cmap.h)
	equal "letters of the contract" "$(tr -d '\n' <<<"$letters")" ABCDEFGHIJK
	for letter in $letters; do
		grep -rqE "KUNIT_CASE[A-Z_]*\(guarantee_${letter,}_" kunit || echo "$letter"
	done | no_line
}

parameters_are_documented() {
	local dir names
	dir=$(vm/build "${1:?}" 2>/dev/null | tail -n 1)
	names=$(mktemp)
	modinfo -p "$dir/mapstat.ko" >"$names"
	python3 tests/lib/formats.py documented_parameters "$names"
	rm -f "$names"
}

counters_are_named() {
	local names
	names=$(sed -n '/^enum cmap_counter {/,/^}/s/^\tCMAP_\([A-Z_]*\),$/\L\1/p' kmod/stats/counters.h)
	[[ -n $names ]] || fail "no counters found"
	for name in $names; do
		grep -q "\"$name\"" kmod/stats/counters.c || echo "$name"
	done | no_line
}

no_place_of_the_workshop() {
	tree_files |
		xargs grep -nE '/[w]ork/|/[r]oot/\.(cache|pyenv)|\.[l]ocal[^a-z]|[p]ypi|@[a-z]+\.[i]nternal' |
		grep -v 'HOME\|/usr/local' | no_line
}

# Fails when a comment has a private word where the field has a term, and when none would be found.
terms_of_the_field() {
	local file
	tree_files | grep '\.[ch]$' | xargs python3 tests/lib/comments.py | no_line
	file=$(mktemp --suffix=.c)
	printf '/* Nobody is told. */\nchar *s = "nobody";\n' >"$file"
	equal "words found" "$(python3 tests/lib/comments.py "$file" | wc -l)" 2
	rm -f "$file"
}

# Fails when a command in a document cannot be run as printed.
commands_can_be_typed() {
	local targets target
	targets=" $(sed -n 's/^\.PHONY: //p' Makefile | tr '\n' ' ') "
	[[ $targets == *" modules_install "* ]] || fail "no targets found"
	grep -ohE '(^    |`)make [a-z][a-z_.-]*' README.md CONTRIBUTING.md docs/*.md | sed 's/.* //' | sort -u |
		while read -r target; do
			[[ $targets == *" $target "* ]] || echo "make $target"
		done | no_line
	grep -nE '(^    |`)(make|vm/|tests/|native/|insmod |mapstat |build/mapstat ).*…' README.md CONTRIBUTING.md docs/*.md | no_line
}

test_case "every file has its licence line" spdx_first
test_case "kernel versions are in kmod/compat.h alone" versions_in_one_header
test_case "no marker of unfinished work" nothing_left_to_do
test_case "no layer includes one above it" layers
test_case "the check of layers finds includes" layers_are_seen
test_case "no #ifdef for user space in the module" no_user_space_in_kmod
test_case "each lettered guarantee has a KUnit case" letters_are_tested
test_case "each counter in the header has its name" counters_are_named
test_case "docs/debugfs.md has the module's parameters" parameters_are_documented stock-6.1
test_case "comments have the terms of the field" terms_of_the_field
test_case "commands in documents can be run as printed" commands_can_be_typed
test_case "no path of a particular machine" no_place_of_the_workshop
run_cases

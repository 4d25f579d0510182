#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# usage: build.sh KERNEL. Everything builds for KERNEL with W=1 and sparse, without a warning. Fails
# with any warning that names a file of this tree; those from the kernel's own headers are only
# counted in the log.
# shellcheck source=tests/lib/host.sh
. "$(dirname -- "$0")/../lib/host.sh"

kernel=${1:?}
log=$(mktemp)
readonly log
trap 'rm -f -- "$log" "$CASE_LOG"' EXIT

builds() {
	vm/build "$kernel" W=1 C=1 >"$log" 2>&1 || {
		tail -n 40 "$log"
		fail "the build failed"
	}
	dir=$(tail -n 1 "$log")
	for module in mapstat.ko session_cache.ko; do
		[[ -n $(find "$dir" -name "$module") ]] || fail "$module was not built"
	done
	# Otherwise nothing was checked.
	grep -q '^ *CHECK ' "$log" || fail "sparse has not run"
}

no_warning() {
	# make's warning about the compiler's version is not a compiler warning.
	grep -E '(^|[ :])(warning|error|modpost|WARNING|ERROR):' "$log" |
		grep -v '^warning: the compiler differs' >"$log.found" || true
	grep -c '/usr/src/\|linux-source' "$log.found" | sed 's/$/ warnings in headers of the kernel/' || true
	grep -v '^[^ ]*\(/usr/src/\|linux-source[^:]*\)' "$log.found" | no_line
	rm -f "$log.found"
}

# Sources as kbuild names them: it runs separately for samples/.
sources() {
	tree_files | grep '^\(kmod\|debugfs\|samples\)/.*\.c$' | sed 's,^samples/,,'
}

# Fails when an object is not checked, for example because of a Kbuild line.
every_source_is_checked() {
	local file
	sources | while read -r file; do
		grep -q "CHECK .*[ /]$file$" "$log" || fail "$file was not checked"
	done
}

# Fails when an object is missing in Kbuild.
every_source_is_compiled() {
	local file
	sources | while read -r file; do
		grep -q "CC \[M\] .*${file%.c}\.o$" "$log" || fail "$file was not compiled"
	done
}

# Fails when clangd is given another command, or another directory, than the compiler.
clangd_is_told() {
	vm/compile-commands "$(tail -n 1 "$log")" >"$log.json"
	python3 - "$log.json" <<-'END'
		import json, os, re, subprocess, sys
		seen = set()
		for entry in json.load(open(sys.argv[1])):
		    path = os.path.join(entry["directory"], entry["file"])
		    seen.add(os.path.relpath(path))
		    if path.endswith(("/main.c", "/session_cache.c")):
		        command = re.sub(r"-Wp,-MMD,\S+", "-fsyntax-only", entry["command"])
		        subprocess.run(command, shell=True, check=True, cwd=entry["directory"])
		assert {"kmod/main.c", "debugfs/map.c", "samples/session_cache.c"} <= seen, seen
	END
	rm -f "$log.json"
}

test_case "$kernel: builds with W=1 C=1" builds
test_case "$kernel: no warning from gcc, modpost or sparse" no_warning
test_case "$kernel: every source file was compiled" every_source_is_compiled
test_case "$kernel: every source file was checked" every_source_is_checked
test_case "$kernel: clangd has the compiler's commands" clangd_is_told
run_cases

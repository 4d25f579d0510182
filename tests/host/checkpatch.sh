#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The kernel's checkpatch.pl --strict, on each .c and .h of this tree. Fails with any message. The
# exceptions are in .checkpatch.conf, each with its reason.
# shellcheck source=tests/lib/host.sh
. "$(dirname -- "$0")/../lib/host.sh"

source=$(vm/source)
checkpatch=$source/scripts/checkpatch.pl

# Available in the kernel but not in user space: u64, strscpy(), __printf(). Usage texts are
# multi-line strings.
user_space=PREFER_KERNEL_TYPES,STRCPY,PREFER_DEFINED_ATTRIBUTE_MACRO,FUNCTION_ARGUMENTS
user_space+=,SPLIT_STRING,EMBEDDED_FUNCTION_NAME

# TRACE_EVENT() has its usual kernel layout.
trace=PARENTHESIS_ALIGNMENT,OPEN_ENDED_LINE

# Programs in native/ are C11 for user space, with an occasional long line of text, and with include
# files and other names that are given.
native=$user_space,ARRAY_SIZE,LONG_LINE_STRING,UNSPECIFIED_INT,LINE_SPACING
native+=,MULTISTATEMENT_MACRO_USE_DO_WHILE
# native/include stands for the kernel's headers: it defines what others use.
shim=$native,VOLATILE,CAMELCASE,DATA_RACE,MEMORY_BARRIER,NEW_TYPEDEFS,IS_ENABLED_CONFIG,MACRO_ARG_PRECEDENCE

# A clean file is not checked again until it, or what it is checked with, changes: the results are
# kept beside the kernel source, in the cache of vm/.
passed=${source%/*}/checkpatch

clean() {
	local key more=()
	[[ -f $checkpatch ]] || fail "no $checkpatch"
	case $1 in
	include/mapstat/trace.h) more=(--ignore "$trace") ;;
	# static_assert() would need a header that does not exist in user space.
	include/uapi/mapstat.h) more=(--ignore CAMELCASE) ;;
	userspace/* | tests/reader/* | vm/*) more=(--ignore "$user_space") ;;
	native/include/*) more=(--ignore "$shim") ;;
	native/*) more=(--ignore "$native") ;;
	esac
	key=$({ echo "$checkpatch ${more[*]} $1" && cat -- .checkpatch.conf "$1"; } | sha256sum | cut -c 1-32)
	[[ ! -e $passed/$key ]] || return 0
	perl "$checkpatch" --no-tree --strict --terse --show-types --no-summary "${more[@]}" \
		--file "$1" 2>&1 | no_line
	mkdir -p -- "$passed"
	touch -- "$passed/$key"
}

# Fails when .checkpatch.conf ignores so much that nothing is found.
sees_what_is_wrong() {
	local file said
	file=$(mktemp --suffix=.c)
	printf '// SPDX-License-Identifier: GPL-2.0-only\nint f(int a)\n{\n    if(a)return 1;\n\treturn 0;\n}\n' >"$file"
	said=$(perl "$checkpatch" --no-tree --strict --terse --show-types --no-summary --file "$file" 2>&1 || true)
	rm -f "$file"
	[[ $said == *SPACING* && $said == *LEADING_SPACE* ]] || fail "it prints: $said"
}

every_exception_has_a_reason() {
	awk '/^--ignore/ && last !~ /^#/ { print FILENAME ": no reason before " $0 } { last = $0 }' .checkpatch.conf | no_line
}

test_case "it finds errors" sees_what_is_wrong
test_case "each exception has a reason" every_exception_has_a_reason
for file in $(tree_files | grep '\.[ch]$'); do
	test_case "$file" clean "$file"
done
run_cases

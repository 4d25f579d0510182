#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# checkpatch.pl --strict of the kernel's source, over each .c and .h of ours. Breaks with any
# word of it. What it need not say is in .checkpatch.conf, each with its reason.
# shellcheck source=tests/lib/host.sh
. "$(dirname -- "$0")/../lib/host.sh"

source=$(vm/source)
checkpatch=$source/scripts/checkpatch.pl

# What the kernel has and user space has not: u64, strscpy(), __printf(). Usage texts are
# strings of many lines.
user_space=PREFER_KERNEL_TYPES,STRCPY,PREFER_DEFINED_ATTRIBUTE_MACRO,FUNCTION_ARGUMENTS
user_space+=,SPLIT_STRING,EMBEDDED_FUNCTION_NAME

# TRACE_EVENT() is laid out as everywhere in the kernel.
trace=PARENTHESIS_ALIGNMENT,OPEN_ENDED_LINE

# Programs in native/ are C11 of user space, with a line of text now and then that is longer, and
# include files and other names that they did not choose.
native=$user_space,ARRAY_SIZE,LONG_LINE_STRING,UNSPECIFIED_INT,LINE_SPACING
native+=,MULTISTATEMENT_MACRO_USE_DO_WHILE
# native/include is what the kernel's headers would be: they define what others are to use.
shim=$native,VOLATILE,CAMELCASE,DATA_RACE,MEMORY_BARRIER,NEW_TYPEDEFS,IS_ENABLED_CONFIG,MACRO_ARG_PRECEDENCE

# What was found clean is not looked at again until the file changes, or what judges it: kept
# beside the source, in the cache of vm/.
passed=${source%/*}/checkpatch

clean() {
	local key more=()
	[[ -f $checkpatch ]] || fail "no $checkpatch"
	case $1 in
	include/mapstat/trace.h) more=(--ignore "$trace") ;;
	# static_assert() would need a header that user space has not.
	include/uapi/mapstat.h) more=(--ignore CAMELCASE) ;;
	userspace/* | vm/*) more=(--ignore "$user_space") ;;
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

# Breaks when .checkpatch.conf forgives so much that nothing is seen any more.
sees_what_is_wrong() {
	local file said
	file=$(mktemp --suffix=.c)
	printf '// SPDX-License-Identifier: GPL-2.0-only\nint f(int a)\n{\n    if(a)return 1;\n\treturn 0;\n}\n' >"$file"
	said=$(perl "$checkpatch" --no-tree --strict --terse --show-types --no-summary --file "$file" 2>&1 || true)
	rm -f "$file"
	[[ $said == *SPACING* && $said == *LEADING_SPACE* ]] || fail "it says: $said"
}

every_exception_has_a_reason() {
	awk '/^--ignore/ && last !~ /^#/ { print FILENAME ": no reason before " $0 } { last = $0 }' .checkpatch.conf | no_line
}

test_case "it sees what is wrong" sees_what_is_wrong
test_case "each exception has a reason" every_exception_has_a_reason
for file in $(tree_files | grep '\.[ch]$'); do
	test_case "$file" clean "$file"
done
run_cases

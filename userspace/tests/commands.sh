# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# Tests of commands and their arguments. Sourced by run.
#
# shellcheck disable=SC2016,SC2034,SC2154 # sed's $ is not the shell's; here, tmp and status are run's

# -- narrow --

test_show_fits_30_columns() {
	local width arguments
	tree
	for width in 30 41; do
		for arguments in "--hist" "--answer" "--hist --op store rwlock" "conntrack.v6"; do
			# shellcheck disable=SC2086 # words
			COLUMNS=$width mapstat show $arguments
			exits 0 || return
			[[ $(wc -L < "$tmp/out") -le $width ]] || {
				say "show $arguments: $(wc -L < "$tmp/out") of $width columns"
				return 1
			}
			! grep -n ' $' "$tmp/out" || return 1
		done
		COLUMNS=$width mapstat explain readdirty rwlock
		exits 0 || return
		[[ $(wc -L < "$tmp/out") -le $width ]] || {
			say "explain: $(wc -L < "$tmp/out") of $width columns"
			return 1
		}
	done
}
# Nothing is lost where a line is broken within a word.
test_narrow_keeps_all() {
	local width
	tree
	mapstat show
	sed -n '/^SUCCESS/,$p' "$tmp/out" | tr -d ' \n' > "$tmp/wide"
	for width in 30 33 40; do
		COLUMNS=$width mapstat show
		sed -n '/^SUCCESS/,$p' "$tmp/out" | tr -d ' \n' | cmp - "$tmp/wide" || return
	done
}

# -- copies --

# tar and rsync go by the size, which debugfs gives as 0.
test_empty_copy() {
	local file command
	tree
	find "$tmp/tree" -type f > "$tmp/files"
	while read -r file; do : > "$file"; done < "$tmp/files"
	for command in show list json "explain rwlock seqlock" wait run; do
		# shellcheck disable=SC2086 # a command and its arguments
		refuses 11 "version is empty" $command && has err "tar or rsync" "cp -r" || return
	done
}

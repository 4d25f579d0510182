# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# Tests of commands and their arguments. Sourced by run.
#
# shellcheck disable=SC2016,SC2034,SC2154 # sed's $ is not the shell's; here, tmp and status are run's

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

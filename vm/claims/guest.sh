#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# usage: guest.sh LIST. The part of `make claims` inside a guest: for each line of LIST, "NAME
# PARAMETER=VALUE...", a complete run, and a copy of all files of the module in $OUT/NAME.
set -u
files=/sys/kernel/debug/mapstat

# keep DIRECTORY: plain copies; of events/cpuN only the number of bytes read.
keep() {
	local file
	(cd "$files" && find . -type f) | while read -r file; do
		mkdir -p "$1/${file%/*}"
		case $file in
		./events/cpu*) wc -c <"$files/$file" >"$1/$file" ;;
		*) cat "$files/$file" >"$1/$file" ;;
		esac
	done
	# Again, after the events were read.
	[[ ! -e $files/events/stats ]] || cat "$files/events/stats" >"$1/events/stats"
}

while read -r name parameters; do
	echo "$name: $parameters" >&2
	# shellcheck disable=SC2086 # they are several
	insmod mapstat.ko $parameters || exit
	mapstat wait 2>/dev/null || exit
	keep "$OUT/$name"
	rmmod mapstat || exit
done <"$1"

#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# usage: demo.sh PARAMETER=VALUE... The part of tests/demo inside the guest: one complete run, and
# all files of the module and the kernel log, as plain files in $OUT.
set -u
files=/sys/kernel/debug/mapstat

insmod mapstat.ko "$@" || exit
# Through a pipe: one line per round, whatever the guest's console can do.
mapstat wait 2> >(cat >&2)
status=$?
(
	cd "$files" && find . -type f | while read -r file; do
		mkdir -p "$OUT/debugfs/${file%/*}"
		cat "$file" >"$OUT/debugfs/$file"
	done
)
cp "$OUT/debugfs/results" "$OUT/results.tsv"
# Beside it for tests/demo, in it for mapstat -d.

echo "$MAPSTAT_ACCEL" | tee "$OUT/accel" >"$OUT/debugfs/accel"
rmmod mapstat || status=1
dmesg >"$OUT/dmesg.txt"
exit $status

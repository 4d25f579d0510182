#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The KUnit suites of mapstat_kunit.ko, as KTAP: the results that each suite left in debugfs, one
# after the other under one header.  With an argument: that percentage of the time and of the
# iterations of long cases.
. "$MAPSTAT_SOURCE/tests/lib/guest.sh" >&2

results=/sys/kernel/debug/kunit
modprobe kunit 2>/dev/null
insmod mapstat.ko autostart=0 || exit
insmod mapstat_kunit.ko scale="${1:-100}" || exit

suites=("$results"/mapstat*/results)
[[ -e ${suites[0]} ]] || suites=("$results"/*/results)
[[ -e ${suites[0]} ]] || { echo "no suite in $results" >&2 && exit 1; }
printf 'KTAP version 1\n1..%d\n' ${#suites[@]}
for i in "${!suites[@]}"; do
	# Each file is a KTAP document of one suite, with indented lines.

	sed -e '/^KTAP version/d' -e '/^1\.\.1$/d' -e '/^$/d' \
		-e "s/^\(not ok\|ok\) 1 /\1 $((i + 1)) /" "${suites[i]}"
done
rmmod mapstat_kunit && rmmod mapstat || exit 1

#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# No shell script gets a message from shellcheck. Fails with any message.
# shellcheck source=tests/lib/host.sh
. "$(dirname -- "$0")/../lib/host.sh"

clean() {
	shellcheck "$1"
}

busy_shell() {
	sh -n "$1"
}

for file in $(scripts); do
	if [[ $(head -n 1 "$file") == '#!/bin/busybox'* ]]; then
		test_case "$file" busy_shell "$file"
	else
		test_case "$file" clean "$file"
	fi
done
run_cases

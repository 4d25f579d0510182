#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The tests of vm/run itself: vm/test, whose plan comes last and is put first here, where KTAP
# and the kernel's parser of it want it.
cd -- "$(dirname -- "$0")/../.." || exit 2
ktap=$(mktemp) || exit 2
trap 'rm -f -- "$ktap"' EXIT

# shellcheck disable=SC2065 # a program of that name, no comparison
vm/test "$@" >"$ktap"
status=$?
echo "KTAP version 1"
grep '^1\.\.[0-9]*$' "$ktap"
grep -v '^KTAP version 1$\|^1\.\.[0-9]*$' "$ktap"
exit "$status"

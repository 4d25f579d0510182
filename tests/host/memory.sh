#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# usage: memory.sh KERNEL. tests/guest/memory.sh with 240 possible CPUs, two online, and little
# memory
cd -- "$(dirname -- "$0")/../.." || exit 2
# shellcheck disable=SC2016 # the guest knows where the source is
exec vm/run --kernel "${1:?}" --mem 512 --append possible_cpus=240 --timeout 900 -- \
	'bash $MAPSTAT_SOURCE/tests/guest/memory.sh'

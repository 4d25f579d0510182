#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# tests/guest/memory.sh where 240 CPUs could exist, two do, and memory is short: memory.sh KERNEL
cd -- "$(dirname -- "$0")/../.." || exit 2
# shellcheck disable=SC2016 # the guest knows where the source is
exec vm/run --kernel "${1:?}" --mem 512 --append possible_cpus=240 --timeout 900 -- \
	'bash $MAPSTAT_SOURCE/tests/guest/memory.sh'

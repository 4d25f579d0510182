#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The tests of mapstat(1) on recorded trees, which print KTAP.
cd -- "$(dirname -- "$0")/../.." && exec make -s --no-print-directory -C userspace test

// SPDX-License-Identifier: GPL-2.0-only
module mapstat/bench

go 1.19

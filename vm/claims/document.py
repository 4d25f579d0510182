# SPDX-License-Identifier: GPL-2.0-only
"""Formats figures: numbers, verdicts, tables; "-" for what is missing."""
import math

import cases
from data import compared

TITLES = {
    "lines": "lines accessed", "writes": "writes", "atomics": "locked instructions",
    "cold_misses": "cold misses", "capacity_misses": "capacity misses",
    "conflict_misses": "conflict misses", "coherence_misses": "coherence misses",
    "llc_misses": "last-level misses", "dtlb_misses": "TLB misses", "retries": "retries",
    "lock_waits": "lock waits", "allocs_per_op": "allocations",
    "dirty_lookups": "dirty lookups", "promotions": "promotions", "copied": "entries copied",
}


def number(value, decimals=2):
    if value is None:
        return "-"
    least = 10 ** -decimals
    return f"<{least:.{decimals}f}" if 0 < value < least / 2 else f"{value:.{decimals}f}"


def time(value):
    return f"{value.ns:.1f} ({value.least:.1f}..{value.most:.1f})" if value else "-"


def signed(value):
    """Three digits; 0 without a sign."""
    return "0" if math.isclose(value, 0, abs_tol=5e-7) else f"{value:.3g}"


def two(a, b, decimals=2):
    return f"{number(a, decimals)} / {number(b, decimals)}"


def verdict(a, b):
    """a against b: the ratio, if it is beyond the noise."""
    return compared(a.rounds, b.rounds) if a and b else "-"


def threaded(threads):
    return f"{threads} thread{'s' * (threads > 1)}"


def table(header, lines, left=1):
    """Markdown; the first columns are left-aligned."""
    yield "| " + " | ".join(header) + " |"
    yield "|" + "|".join(["---"] * left + ["--:"] * (len(header) - left)) + "|"
    for line in lines:
        yield "| " + " | ".join(str(cell) for cell in line) + " |"
    yield ""


def wrapped(text):
    yield text
    yield ""


def commands(*lines):
    for line in lines:
        yield f"    {line}"
    yield ""


def module_command(run, then):
    return (f"vm/run --kernel {cases.KERNEL} --cpus {cases.CPUS} --mem {cases.MEM} -- "
            f"'insmod mapstat.ko {cases.parameters_of(run)}; mapstat wait; {then}'")


def differences(explained, prices):
    """The differences that explain ranks first."""
    found = []
    for d in explained["differing"][:6]:
        price = f", {d['ns_each']:.1f} ns each" if prices and d["ns_each"] is not None else ""
        found.append(f"{d['difference']:.4g} more {TITLES.get(d['name'], d['name'])} in {d['more_in']}{price}")
    return "; ".join(found) if found else "nothing that is large enough to name"

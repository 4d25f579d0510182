# SPDX-License-Identifier: GPL-2.0-only
"""The counts for a pair of maps, and the claims about counts."""
import document as doc
from cases import PAIR, SIZES, THREADS
from data import spaced

COUNTS = ("lines", "writes", "atomics", "l1d_misses", "coherence_misses", "dtlb_misses")
MISSES = "cat /sys/kernel/debug/mapstat/maps/*/cache_miss"
RARE = ("lock_waits", "allocs_per_op", "dirty_lookups")
HEADER = ("lines", "writes", "locked", "L1D misses", "of these coherence", "TLB misses")


def table(m, run, pair):
    lines = []
    for n in SIZES:
        for threads in THREADS:
            tree = m.tree(f"{run}-{n}-{threads}")
            found = {f["name"]: f["values"] for f in tree.explain(pair)["figures"]} if tree else {}
            cells = [doc.two(*found.get(c, (None, None))) for c in COUNTS]
            rare = [doc.two(*found.get(c, (None, None)), 4) for c in RARE]
            lines.append((spaced(n), threads, *cells, *rare))
    yield f"Per operation, {pair[0]} / {pair[1]} (dirty lookups: since the map was created, filling it included):"
    yield ""
    yield from doc.table(("keys", "threads", *HEADER, "lock waits", "allocations", "dirty lookups"), lines)


def hops(m):
    maps = (*PAIR, "readdirty")
    lines = []
    for n in SIZES:
        for threads in THREADS:
            tree = m.tree(f"mix-{n}-{threads}")
            lines.append((spaced(n), threads,
                          *(doc.number(tree.per_op(of, "lines", "load_")) if tree else "-" for of in maps)))
    yield from doc.wrapped("Here: distinct cache lines that a load accesses, at 97:3. It is not quite the same: a hop is a "
                           "pointer that is followed; lines count the map's header, its counters, the key and the value too. "
                           "Hops are `-`: nothing counts them.")
    yield from doc.table(("keys", "threads", *maps), lines)
    yield from doc.commands(doc.module_command(f"mix-{SIZES[1]}-1", MISSES))


def rate(tree, of):
    if not tree:
        return "-"
    total = tree.totals(of)
    accesses = sum(float(total.get(f"{a}_total", 0)) for a in ("reads", "writes", "atomics"))
    misses = total.get("l1d_misses_total")
    return f"{100 * float(misses) / accesses:.1f} %" if accesses and misses is not None else "-"


def miss_rate(m):
    lines = []
    for n in SIZES:
        for threads in THREADS:
            tree = m.tree(f"mutex-{n}-{threads}")
            times = [m.time(f"mutex-{n}-{threads}", of) for of in ("sharded", PAIR[0])]
            lines.append((spaced(n), threads, rate(tree, "sharded"), rate(tree, PAIR[0]),
                          *map(doc.time, times), doc.verdict(*times)))
    yield from doc.wrapped("Here: first-level misses per access, at 97:3; map + mutex is `sharded` with `shards=1`, a table "
                           "behind one spinlock. Partly measured: of the map's own accesses only. A program has others, most "
                           "of which hit, so that its rate is lower.")
    yield from doc.table(("keys", "threads", "sharded, shards=1", PAIR[0], "sharded, ns", f"{PAIR[0]}, ns",
                          "sharded is"), lines)
    yield from doc.commands(doc.module_command(f"mutex-{SIZES[1]}-2", MISSES))


def false_sharing(m):
    tree = m.tree("falseshare")
    lines = []
    for what in ("counters", "sharded"):
        packed, padded = (tree.per_op(f"{what}_{layout}", "coherence_misses") if tree else None
                          for layout in ("packed", "padded"))
        if packed is None or padded is None:
            ratio = "-"
        else:
            ratio = f"{packed / padded:.0f}x" if padded else "none padded"
        times = [m.time("falseshare", f"{what}_{layout}") for layout in ("packed", "padded")]
        lines.append((what, doc.number(packed, 4), doc.number(padded, 4), ratio, *map(doc.time, times),
                      doc.verdict(*times)))
    yield from doc.wrapped("Here: coherence misses and ns per operation of `experiment=falseshare` with two threads: a counter for "
                           "each thread, and the sharded map with shards of its own for each thread, on shared cache lines (packed) "
                           "against lines of their own (padded). Partly measured: 16 cores are `-`: there are two CPUs, and if these "
                           "share a core, they share its L1D, so that a packed line costs no time. If all threads use all shards, as "
                           "in the mix above, padding takes nothing away: each lock was last taken by another thread half the time.")
    yield from doc.table(("what", "misses, packed", "padded", "packed to padded", "ns, packed", "padded", "packed is"), lines)
    yield from doc.commands(doc.module_command("falseshare",
                                               "cat /sys/kernel/debug/mapstat/maps/*/cache_miss /sys/kernel/debug/mapstat/maps/*/shared_lines"),
                            "mapstat falseshare")


def snapshot(m):
    lines = []
    for n in SIZES:
        hot, mixed = m.tree(f"hot-{n}-2"), m.tree(f"mix-{n}-2")
        lines.append((spaced(n), *(
            doc.number(tree.per_op(PAIR[0], "coherence_misses", "load_"), 4) if tree else "-"
            for tree in (hot, mixed))))
    yield from doc.wrapped(f"Here: the build fails if a field that readers need shares its line with one that is written "
                           f"(`make layout` prints them), so an unpadded snapshot is `-`: there is none to measure. What the "
                           f"padded one costs: coherence misses of a load of {PAIR[0]}, with two threads.")
    yield from doc.table(("keys", "reads only, hot keys", "97:3, uniform"), lines)
    yield from doc.commands(doc.module_command(f"hot-{SIZES[0]}-2", MISSES), "make layout")

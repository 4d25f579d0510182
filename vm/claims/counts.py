# SPDX-License-Identifier: GPL-2.0-only
"""What is counted of a pair of maps, and the claims that are about counts."""
import cases
import document as doc
from cases import MACHINES, PAIR, SIZES

PLACES = (("uml", 1, "UML"), ("qemu", 2, "QEMU"))
COUNTS = ("lines", "writes", "atomics", "l1d_misses", "coherence_misses", "dtlb_misses")
RARE = ("lock_waits", "allocs_per_op", "dirty_lookups")
HEADER = ("lines", "writes", "locked", "L1D misses", "of these coherence", "TLB misses")


def table(m, run, pair):
    lines = []
    for n in SIZES:
        for machine, threads, where in PLACES:
            tree = m.tree(machine, f"{run}-{n}")
            told = {f["name"]: f["values"] for f in tree.explain(pair)["figures"]} if tree else {}
            cells = [doc.two(*told.get(c, (None, None))) for c in COUNTS]
            rare = [doc.two(*told.get(c, (None, None)), 4) for c in RARE]
            lines.append((doc.spaced(n), threads, where, *cells, *rare))
    yield f"Per operation, {pair[0]} / {pair[1]} (dirty lookups: since the map was made, filling it included):"
    yield ""
    yield from doc.table(("keys", "threads", "where", *HEADER, "lock waits", "allocations",
                          "dirty lookups"), lines)


def command(machine, run, then="cat /sys/kernel/debug/mapstat/maps/*/cache_miss"):
    return doc.module_command(MACHINES[machine], cases.parameters_of(machine, run), then)


def hops(m):
    maps = (*PAIR, "readdirty")
    lines = []
    for n in SIZES:
        for machine, threads, where in PLACES:
            tree = m.tree(machine, f"mix-{n}")
            lines.append((doc.spaced(n), threads, where,
                          *(doc.number(tree.per_op(of, "lines", "load_")) if tree else "-" for of in maps)))
    yield from doc.wrapped("Here: distinct cache lines that a load touches, at 97:3. It is not quite the same: a hop is a "
                           "pointer that is followed; lines count the map's header, its counters, the key and the value too. "
                           "Hops are `-`: nothing counts them.")
    yield from doc.table(("keys", "threads", "where", *maps), lines)
    yield from doc.commands(command("uml", f"mix-{SIZES[1]}"))


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
        for machine, threads, where in PLACES:
            tree = m.tree(machine, f"mutex-{n}")
            lines.append((doc.spaced(n), threads, where, rate(tree, "sharded"), rate(tree, PAIR[0])))
    yield from doc.wrapped("Here: first-level misses per access, at 97:3; map + mutex is `sharded` with `shards=1`, a table "
                           "behind one spinlock. Partly measured: of the map's own accesses only. A program has others, most "
                           "of which hit, so that its rate is lower.")
    yield from doc.table(("keys", "threads", "where", "sharded, shards=1", PAIR[0]), lines)
    yield from doc.commands(command("qemu", f"mutex-{SIZES[1]}"))


def false_sharing(m):
    tree = m.tree("qemu", "falseshare")
    lines = []
    for what in ("counters", "sharded"):
        packed, padded = (tree.per_op(f"{what}_{layout}", "coherence_misses") if tree else None
                          for layout in ("packed", "padded"))
        if packed is None or padded is None:
            ratio = "-"
        else:
            ratio = f"{packed / padded:.0f}x" if padded else "none padded"
        lines.append((what, 2, "QEMU", doc.number(packed, 4), doc.number(padded, 4), ratio))
    yield from doc.wrapped("Here: coherence misses per operation of `experiment=falseshare`: a counter for each thread, and the "
                           "sharded map with shards of its own for each thread, on shared cache lines (packed) against lines of "
                           "their own (padded). Partly measured: ns/op is `-`, since two threads in a kernel need two CPUs, which "
                           "are emulated here; 16 cores are `-`: there are two. Where all threads use all shards, as in the mix "
                           "above, padding takes nothing away: each lock was last taken by another thread half the time.")
    yield from doc.table(("what", "threads", "where", "packed", "padded", "packed to padded"), lines)
    yield from doc.commands(command("qemu", "falseshare",
                                    "cat /sys/kernel/debug/mapstat/maps/*/cache_miss /sys/kernel/debug/mapstat/maps/*/shared_lines"),
                            "mapstat falseshare")


def snapshot(m):
    lines = []
    for n in SIZES:
        hot, mixed = m.tree("qemu", f"hot-{n}"), m.tree("qemu", f"mix-{n}")
        lines.append((doc.spaced(n), 2, "QEMU", *(
            doc.number(tree.per_op(PAIR[0], "coherence_misses", "load_"), 4) if tree else "-"
            for tree in (hot, mixed))))
    yield from doc.wrapped(f"Here: the build fails where a field that readers need shares its line with one that is written "
                           f"(`make layout` prints them), so an unpadded snapshot is `-`: there is none to measure. What the "
                           f"padded one costs: coherence misses of a load of {PAIR[0]}.")
    yield from doc.table(("keys", "threads", "where", "reads only, hot keys", "97:3, uniform"), lines)
    yield from doc.commands(command("qemu", f"hot-{SIZES[0]}"), "make layout")

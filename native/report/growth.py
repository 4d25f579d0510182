# SPDX-License-Identifier: GPL-2.0-only
"""Goals from grow.tsv, memory.tsv and oversubscribed.tsv: medians of their rounds.
The work of a store is counted in the builds with statistics."""
import collections
import os
import statistics

import rows
from cells import OURS, PEERS, STATS, competes, table
from verdict import judged

GROW = ("design start n round insert_ns settled_ns delete_ns store_p50_ns store_p99_ns longest_store_ns "
        "moved_buckets copied_entries cleared_bytes allocs_locked bytes_locked").split()
MEMORY = "design start n round bytes_per_entry worst_bytes_per_entry".split()
OVERSUBSCRIBED = "design n threads mix dist round mops min_ops mean_ops max_ops".split()
WORK = "moved_buckets copied_entries cleared_bytes allocs_locked bytes_locked".split()
MILLION = 1000000


class Medians:
    """Figures by (design, start or threads, n); path is named in the reason if there are none."""

    def __init__(self, directory, name, header, by):
        self.path = os.path.join(directory, name)
        self.there = os.path.exists(self.path)
        self.header = header
        self.groups = collections.defaultdict(list)
        if self.there:
            for row in rows.read(self.path, header).rows:
                self.groups[row["design"], row[by], row["n"]].append(row)

    def get(self, design, by, n, column):
        values = [row[column] for row in self.groups.get((design, by, n), []) if row[column] is not None]
        return statistics.median(values) if values else None

    def best(self, by, n, column, which, pick=min):
        """(figure, design) of the best of a kind, or None."""
        found = [(value, design) for design in sorted({d for d, b, m in self.groups if (b, m) == (by, n)})
                 if competes(design, which) and (value := self.get(design, by, n, column)) is not None]
        return pick(found) if found else None

    def missing_peers(self, by, n, column):
        missing = [peer for peer in PEERS if self.get(peer, by, n, column) is None]
        return f"; not measured: {' '.join(missing)}" if missing else ""

    def why_not(self, what):
        return f"{what} was not measured" if self.there else f"no {self.path}"


def not_behind(grow):
    """How much longer the best peer takes than the best of ours."""
    for work, start, column in (("growth from empty to 10^6, until at rest", "empty", "settled_ns"),
                                ("10^6 inserts, pre-sized", "presized", "insert_ns"),
                                ("10^6 deletes", "presized", "delete_ns")):
        work += ": best peer to best of ours"
        ours, peer = (grow.best(start, MILLION, column, which) for which in ("ours", "peer"))
        if not ours or not peer:
            yield judged(work, 1, True, None, grow.why_not("any peer" if ours else "any of ours"))
            continue
        yield judged(work, 1, True, peer[0] / ours[0],
                     f"{peer[1]} {peer[0]:.1f} ns an entry, {ours[1]} {ours[0]:.1f}"
                     + grow.missing_peers(start, MILLION, column))


def stall(grow):
    classic, default = (grow.get(design, "empty", MILLION, "longest_store_ns")
                        for design in ("readdirty_classic", "readdirty"))
    work = "longest store, from empty to 10^6: readdirty_classic to readdirty"
    if classic is None or not default:
        yield judged(work, 100, True, None, grow.why_not("readdirty_classic" if default else "readdirty"))
        return
    yield judged(work, 100, True, classic / default, f"{classic / 1e3:.1f} us, {default / 1e3:.1f} us")


def slow_stores(grow):
    for design in OURS:
        limit = 1.2 if design in ("seqlock", "readdirty") else None
        grown, made = (grow.get(design, start, MILLION, "store_p99_ns")
                       for start in ("empty", "presized"))
        work = f"store p99, 10^6: {design} from empty to pre-sized"
        if grown is None or not made:
            yield judged(work, limit, False, None, grow.why_not(design))
            continue
        yield judged(work, limit, False, grown / made, f"{grown:.0f} ns, {made:.0f} ns")


def constant_work(grow):
    """The most that one store does itself, at the largest n compared with all smaller ones."""
    for design in ("seqlock", "readdirty"):
        counted = design + STATS
        sizes = sorted({n for d, start, n in grow.groups if (d, start) == (counted, "empty")
                        and grow.get(d, start, n, "moved_buckets") is not None})
        work = f"most work of one store while growing: {design}, largest n to smaller ones"
        if len(sizes) < 2:
            yield judged(work, 1, False, None, grow.why_not(f"{counted}, with two n,"))
            continue
        *few, many = sizes
        pairs = [(c, max(grow.get(counted, "empty", n, c) for n in few),
                  grow.get(counted, "empty", many, c)) for c in WORK]
        worst = max(more / least if least else (1 if not more else float("inf")) for _, least, more in pairs)
        yield judged(work, 1, False, worst, f"n up to {few[-1]}, and {many}: "
                     + ", ".join(f"{c} {least:.0f} and {more:.0f}" for c, least, more in pairs))


def memory(file):
    for work, start, column, limit in (
            ("bytes per entry, 10^6, pre-sized: best of ours", "presized", "bytes_per_entry", 24),
            ("bytes per entry at the worst moment of growth to 10^6: best of ours", "empty",
             "worst_bytes_per_entry", 48)):
        ours = file.best(start, MILLION, column, "ours")
        if not ours:
            yield judged(work, limit, False, None, file.why_not("any of ours"), " B")
            continue
        each = [f"{d} {v:.1f}" for d in OURS if (v := file.get(d, start, MILLION, column)) is not None]
        yield judged(work, limit, False, ours[0], ", ".join(each), " B")


def oversubscribed(file):
    sizes = sorted({n for _, _, n in file.groups}) or [1000]
    for n in sizes:
        work = f"97.3:2.7, n = {n}: 1000 threads to 2, operations a second, best of ours"
        best = file.best(1000, n, "mops", "ours", max)
        two = best and file.get(best[1], 2, n, "mops")
        if not two:
            yield judged(work, 0.8, True, None, file.why_not("any of ours, with both,"))
            continue
        least, mean, most = (file.get(best[1], 1000, n, c) for c in ("min_ops", "mean_ops", "max_ops"))
        yield judged(work, 0.8, True, best[0] / two,
                     f"{best[1]} {best[0]:.1f} M/s, {two:.1f} M/s; a thread did {least:.0f}..{most:.0f}, "
                     f"in the mean {mean:.0f}")


def progress(directory):
    """Lines: progress of threads that share CPUs; the least and the most of any thread."""
    file = Medians(directory, "oversubscribed.tsv", OVERSUBSCRIBED, "threads")
    for n in sorted({n for _, _, n in file.groups}):
        lines = [("design", "threads", "mops", "operations of a thread", "mean")]
        for design, threads in sorted({(d, t) for d, t, m in file.groups if m == n},
                                      key=lambda at: (at[1], at[0])):
            mops, least, mean, most = (file.get(design, threads, n, c)
                                       for c in ("mops", "min_ops", "mean_ops", "max_ops"))
            if mops is not None:
                lines.append((design, str(threads), f"{mops:.1f}", f"{least:.0f}..{most:.0f}", f"{mean:.0f}"))
        if lines[1:]:
            yield f"n={n} mix=97.3 dist=uniform, threads share CPUs"
            yield from table(lines)
            yield ""


def goals(directory):
    grow = Medians(directory, "grow.tsv", GROW, "start")
    yield from not_behind(grow)
    yield from memory(Medians(directory, "memory.tsv", MEMORY, "start"))
    yield from constant_work(grow)
    yield from stall(grow)
    yield from slow_stores(grow)
    yield from oversubscribed(Medians(directory, "oversubscribed.tsv", OVERSUBSCRIBED, "threads"))

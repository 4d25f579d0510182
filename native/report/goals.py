# SPDX-License-Identifier: GPL-2.0-only
"""The goals, each with its result. Without a measurement it is '-', with the reason."""
import collections
import os
import statistics

import growth
import kernel
import ranktest
import rows
from cells import NONE, OFF, ON, OURS, PLAIN, Bench, Cell, kind, table
from verdict import Goal, judged

SIZES = (1000, 100000, 1000000)
MIXED = "97.3"
DISAGREE = "; rounds disagree"  # the difference from the limit is within the noise

class Speed:
    """Goals from native.tsv; keys are uniform."""

    def __init__(self, bench):
        self.bench = bench

    def named(self, n, threads, mix, design, dist="uniform"):
        return design, self.bench.get(n, threads, mix, dist, design)

    def best(self, n, threads, mix, which):
        found = self.bench.best(Cell(n, threads, mix, "uniform"), which)
        return found or (f"any of {'ours' if which == 'ours' else 'the peers'}", None)

    def compare(self, work, limit, at_least, slow, fast, at, plain=None):
        """How much longer the first takes than the second. plain: the unsynchronised table's figure;
        if that would miss the goal in the place of ours, too, the result mentions it."""
        for name, figure in (slow, fast):
            if figure is None:
                return judged(work, limit, at_least, None, f"{name} was not measured, {at}")
        why = ", ".join(f"{name} {figure.ns:.2f} ns ({figure.least:.2f}..{figure.most:.2f})"
                        for name, figure in (slow, fast)) + f", {at}"
        if limit and not ranktest.differ([ns / limit for ns in slow[1].values], fast[1].values):
            why += DISAGREE
        found = judged(work, limit, at_least, slow[1].ns / fast[1].ns, why)
        if found.verdict == "not reached" and plain:
            would = slow[1].ns / plain.ns if at_least else plain.ns / fast[1].ns
            if judged(work, limit, at_least, would, why).verdict == found.verdict:
                return found._replace(why=why + f"; {PLAIN} itself would be {would:.2f}x")
        return found

    def told_apart(self, work, one, other, at):
        """The goal is an unmeasurable cost: one is not slower than the other beyond the noise."""
        for name, figure in (one, other):
            if figure is None:
                return Goal(work, "not measurable", "-", "-", f"{name} was not measured, {at}")
        if not ranktest.enough(one[1].values, other[1].values):
            return Goal(work, "not measurable", "-", "-", f"fewer than {ranktest.ROUNDS} rounds, {at}")
        apart = one[1].ns > other[1].ns and ranktest.differ(one[1].values, other[1].values)
        why = ", ".join(f"{name} {figure.ns:.2f} ns ({figure.least:.2f}..{figure.most:.2f})"
                        for name, figure in (one, other)) + f", {at}"
        return Goal(work, "not measurable", f"{one[1].ns / other[1].ns:.3f}x",
                    "not reached" if apart else "reached", why)

    def near_plain(self):
        limits = {"hit": {1000: 1.05, 100000: 1.1, 1000000: 1.15},
                  "chase": dict.fromkeys(SIZES, 1.1), "miss": dict.fromkeys(SIZES, 1.1)}
        for mix, sizes in limits.items():
            for n, limit in sizes.items():
                yield self.compare(f"{mix}, n = {n}: best of ours to plain", limit, False,
                                   self.best(n, 1, mix, "ours"), self.named(n, 1, mix, PLAIN),
                                   "1 thread")

    def bulk(self):
        n = 1000000
        ours = self.best(n, 1, "bulk32", "ours")
        plain = self.named(n, 1, "bulk32", PLAIN)[1]
        yield self.compare(f"bulk of 32, n = {n}: best of ours to plain, one at a time", 0.55, False,
                           ours, self.named(n, 1, "hit", PLAIN), "1 thread", plain)
        yield self.compare(f"bulk of 32, n = {n}: rte_hash_lookup_bulk to best of ours", 3, True,
                           self.named(n, 1, "bulk32", "rte_hash"), ours, "1 thread", plain)

    def scaling(self):
        for n in SIZES:
            work = f"hit, n = {n}: 2 threads to 1, operations a second"
            name, two = self.best(n, 2, "hit", "ours")
            one = self.named(n, 1, "hit", name)[1]
            if two is None or one is None:
                yield judged(work, 1.95, True, None,
                             f"{name} was not measured with {1 if two else 2} threads")
                continue
            yield judged(work, 1.95, True, two.mops / one.mops,
                         f"{name} {two.mops:.1f} M/s with 2, {one.mops:.1f} M/s with 1")

    def mixed(self):
        for which, limit in (("peer", 2.5), ("rwlock", 5)):
            for n in SIZES:
                ours = self.best(n, 2, MIXED, "ours")
                other = self.best(n, 2, MIXED, "peer") if which == "peer" else \
                    self.named(n, 2, MIXED, "rwlock")
                name = "best peer" if which == "peer" else "our rwlock"
                missing = self.bench.missing_peers(Cell(n, 2, MIXED, "uniform"))
                without = f"; not measured: {' '.join(missing)}" if which == "peer" and missing else ""
                yield self.compare(f"97.3:2.7, n = {n}: {name} to best of ours", limit, True, other,
                                   ours, "2 threads" + without, self.named(n, 2, MIXED, PLAIN)[1])

    def one_against_one(self):
        pairs = [("rwlock", "pthread_rwlock", 1, "hit", 1), ("rwlock", "pthread_rwlock", 1, MIXED, 1),
                 ("sharded", "go_shard32", 2, MIXED, 2), ("readdirty", "go_syncmap", 1, "hit", 4),
                 ("readdirty", "go_syncmap", 2, "hit", 4)]
        for design, peer, threads, mix, limit in pairs:
            for n in SIZES:
                yield self.compare(f"{mix}, {threads} threads, n = {n}: {peer} to {design}"
                                   .replace("1 threads", "1 thread"), limit, True,
                                   self.named(n, threads, mix, peer),
                                   self.named(n, threads, mix, design), "uniform")
        for n in SIZES:
            yield self.compare(f"hit, 1 thread, n = {n}: readdirty to seqlock", 1.2, False,
                               self.named(n, 1, "hit", "readdirty"),
                               self.named(n, 1, "hit", "seqlock"), "uniform")

    def front(self):
        for n in SIZES:
            yield self.compare(f"{MIXED}, zipf 0.99, 2 threads, n = {n}: rwlock to rwlock_front", 3, True,
                               self.named(n, 2, MIXED, "rwlock", "zipf"),
                               self.named(n, 2, MIXED, "rwlock_front", "zipf"), "zipf",
                               self.named(n, 2, MIXED, PLAIN, "zipf")[1])
        for threads in (1, 2):
            yield self.compare(f"{MIXED}, {threads} threads, n = 1000000: rwlock_front to rwlock's own loop"
                               .replace("1 threads", "1 thread"), None, False,
                               self.named(1000000, threads, MIXED, "rwlock_front"),
                               self.named(1000000, threads, MIXED, "rwlock"), "uniform")

    def generic(self):
        found = False
        designs = {d for cell in self.bench.cells.values() for d in cell}
        for design in sorted(d for d in designs if d.endswith("_generic") and kind(d) == "ours"):
            for n in SIZES:
                found = True
                fast = design.removesuffix("_generic")
                yield self.compare(f"hit, n = {n}: byte strings to u64, {fast}", 1.2, True,
                                   self.named(n, 1, "hit", design), self.named(n, 1, "hit", fast),
                                   "1 thread")
        if not found:
            yield judged("hit: byte strings to u64", 1.2, True, None, "no _generic design was measured")

    def goals(self):
        for part in (self.near_plain, self.bulk, self.scaling, self.mixed, self.one_against_one,
                     self.front, self.generic):
            yield from part()


def in_the_kernel(directory):
    bench, reason = kernel.read(directory)
    for yardstick, limit in (("rhashtable", 2), ("hlist", None)):
        for n in SIZES:
            work = f"in the kernel (UML), hit, n = {n}: {yardstick} to best of ours"
            if not bench:
                yield judged(work, limit, True, None, reason)
                continue
            speed = Speed(bench)
            yield speed.compare(work, limit, True, speed.named(n, 1, "hit", yardstick),
                                speed.best(n, 1, "hit", "ours"), "1 thread")


def by_the_calls(directory):
    """stats.tsv: our designs by the public calls, as other modules use them; or None."""
    path = os.path.join(directory, "stats.tsv")
    return path, Speed(Bench(rows.read(path, rows.NATIVE))) if os.path.exists(path) else None


def front_cost(directory):
    """A front is used by the public calls, so its cost is the difference to these: the loop inside
    a design, which has the load inlined, cannot use a front."""
    path, speed = by_the_calls(directory)
    for threads in (1, 2):
        n = 1000000
        work = f"{MIXED}, {threads} thread{'s' * (threads > 1)}, n = {n}: rwlock_front to rwlock by cmap_load()"
        if not speed:
            yield judged(work, 1.05, False, None, f"no {path}")
            continue
        yield speed.compare(work, 1.05, False, speed.named(n, threads, MIXED, "rwlock_front"),
                            speed.named(n, threads, MIXED, "rwlock" + OFF), "uniform")


def statistics_cost(directory):
    """Our designs three times: statistics compiled out, off, on."""
    path, speed = by_the_calls(directory)
    for n in SIZES:
        on_to_off = f"hit, 1 thread, n = {n}: statistics on to off, best of ours"
        off_to_none = f"hit, 1 thread, n = {n}: statistics off to compiled out, best of ours"
        if not speed:
            yield judged(on_to_off, 1.05, False, None, f"no {path}")
            yield Goal(off_to_none, "not measurable", "-", "-", f"no {path}")
            continue
        found = [(figure.ns, d) for d in OURS if (figure := speed.named(n, 1, "hit", d + NONE)[1])]
        best = min(found)[1] if found else "any of ours, as "
        none, off, on = (speed.named(n, 1, "hit", best + how) for how in (NONE, OFF, ON))
        yield speed.compare(on_to_off, 1.05, False, on, off, "uniform")
        yield speed.told_apart(off_to_none, off, none, "uniform")


def record(directory):
    path = os.path.join(directory, "record.tsv")
    work = "histogram record"
    if not os.path.exists(path):
        yield judged(work, 2, False, None, f"no {path}", " ns")
        return
    ns = [row["ns_per_op"] for row in rows.read(path, rows.RECORD).rows]
    if None in ns:
        yield judged(work, 2, False, None, "a round took no longer than the loop around nothing", " ns")
        return
    yield judged(work, 2, False, statistics.median(ns), f"{min(ns):.2f}..{max(ns):.2f} ns in {len(ns)} rounds",
                 " ns")


def all_goals(bench, directory):
    return [*Speed(bench).goals(), *in_the_kernel(directory), *growth.goals(directory),
            *front_cost(directory), *statistics_cost(directory), *record(directory)]


def text(found):
    yield "goals: medians of this run; keys are uniform unless stated otherwise"
    lines = [("work", "goal", "measured", "verdict", "of what, or why not")]
    yield from table([*lines, *[tuple(goal) for goal in found]], (0, 3, 4))
    counts = collections.Counter(goal.verdict for goal in found)
    yield (f"{counts['reached']} reached, {counts['not reached']} not reached, "
           f"{counts['-']} not measured; of {sum(DISAGREE in goal.why for goal in found)} the rounds disagree")

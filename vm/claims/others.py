# SPDX-License-Identifier: GPL-2.0-only
"""The claims about anything other than the pair or counts."""
import math
import statistics

import cases
import document as doc
from cases import PAIR, SIZES, THREADS
from data import differ, spaced

DESIGNS = ("rwlock", "sharded", "readdirty", "readdirty_classic", "seqlock")


def bench_command(name):
    return f"build/native/bench --external build/native/go-maps {dict(cases.BENCHES)[name]}"


def shards(m):
    lines = []
    for n in SIZES:
        for threads in THREADS:
            a, b = (m.bench("mix", design, n, threads) for design in ("sharded", PAIR[0]))
            speed = [m.bench("mix", design, n, threads, "mops") for design in ("sharded", PAIR[0])]
            lines.append((spaced(n), threads, "bench", doc.time(a), doc.time(b), doc.verdict(a, b),
                          doc.two(*(s.ns if s else None for s in speed), 1),
                          doc.verdict(m.bench("mix", "go_shard32", n, threads),
                                      m.bench("mix", "go_syncmap", n, threads))))
        a, b = (m.time(f"shards-{n}-2", design) for design in ("sharded", PAIR[0]))
        lines.append((spaced(n), 2, "UML", doc.time(a), doc.time(b), doc.verdict(a, b),
                      doc.two(*(2000 / t.ns if t else None for t in (a, b)), 1), "-"))
    yield from doc.wrapped("Here: at 97:3. Partly measured: 8 threads on CPUs of their own are `-` (there are two CPUs), the share "
                           "of the CPU is `-` (each thread is pinned and always busy).")
    yield from doc.table(("keys", "threads", "where", "sharded (32)", PAIR[0], "sharded is", "M ops/s, sharded / classic",
                          "go_shard32 to go_syncmap"), lines)
    lines = []
    for n in SIZES:
        tree = m.tree(f"shards-{n}-2")
        found = doc.differences(tree.explain(("sharded", PAIR[0])), True) if tree else "-"
        lines.append(f"- {spaced(n)} keys, 2 threads, by `explain`: {found}.")
    yield from (*lines, "")
    yield from doc.commands(bench_command("mix"), doc.module_command(
        f"shards-{SIZES[1]}-2", f"mapstat explain sharded {PAIR[0]}"))


def saved(before, after, decimals):
    """In per cent of the first, if it is beyond the noise."""
    if before and after and differ(before.rounds, after.rounds):
        return f"{100 * (1 - after.ns / before.ns):.{decimals}f} %"
    return doc.verdict(before, after)


def u64(m):
    lines = []
    for n in (64, 2000, *SIZES):
        for design in ("rwlock", "seqlock"):
            fast, slow = m.bench("u64", design, n, 1), m.bench("u64", f"{design}_generic", n, 1)
            lines.append((spaced(n), design, doc.time(slow), doc.time(fast), saved(slow, fast, 1)))
    yield from doc.wrapped("Here: loads that hit, one thread, in the bench: the map with its path for byte strings against the one for "
                           "u64 keys.")
    yield from doc.table(("keys", "design", "byte strings", "u64", "saved"), lines, 2)
    yield from doc.commands(bench_command("u64"))


def presizing(m):
    lines = []
    for n in (10000, *SIZES):
        for design in DESIGNS:
            empty, made = (m.grown(design, start, n, "store_p99_ns") for start in ("empty", "presized"))
            longest = [m.grown(design, start, n, "longest_store_ns") for start in ("empty", "presized")]
            lines.append((spaced(n), design, doc.time(empty), doc.time(made), saved(empty, made, 0),
                          " / ".join(f"{t.ns / 1000:.0f}" if t else "-" for t in longest)))
    yield from doc.wrapped("Here: a map from empty to that many entries, one thread, each store timed: its p99, without "
                           "and with pre-sizing. Below 0 it is worse. The longest store is what a growth pause costs: "
                           "the p99 does not show it.")
    yield from doc.table(("entries", "design", "p99 of store from empty, ns", "with capacity, ns", "p99 better by",
                          "longest store, us, empty / capacity"), lines, 2)
    yield from doc.commands(bench_command("grow"))


def timed_operations(tree):
    """Operations by kind: with sample_shift=0 two thirds are recorded, chosen regardless of kind."""
    found = {}
    for line in tree.lines(f"maps/{PAIR[0]}/latency"):
        fields = line.split("\t")
        if line.startswith("# ") and len(fields) > 1 and fields[1].startswith("count="):
            found[fields[0].removeprefix("# ")] = int(fields[1].removeprefix("count="))
    return found


def real_mix(m):
    tree = m.tree("draws")
    done = timed_operations(tree) if tree else {}
    loads, every = done.get("load", 0), sum(done.get(k, 0) for k in ("load", "store", "delete"))
    if every:
        error = 100 * abs(loads / every - 0.973)
        million = math.sqrt(0.973 * 0.027 / 1e6)
        chance = 100 * math.sqrt(0.973 * 0.027 / every)
        yield from doc.wrapped(f"Here: of {spaced(every)} operations {100 * loads / every:.4f} % were loads, {error:.4f} % from 97.3 %. "
                               f"Independent draws would deviate by {chance:.4f} % (one standard deviation), and 10^6 of them "
                               f"by {100 * million:.4f} %: an error below 0.001 % occurs by chance in "
                               f"{100 * math.erf(0.00001 / million / math.sqrt(2)):.0f} % of such draws.")
    else:
        yield from doc.wrapped("Here: the share of reads is `-`: its run is missing.")
    tree = m.tree("poisson")
    ops = tree.rounds(PAIR[0], "ops") if tree else []
    if ops:
        yield from doc.wrapped(f"Arrivals with `arrival=poisson rate=80`, 20 s: {ops[0]:.0f}, a mean gap of {20000 / ops[0]:.2f} ms "
                               f"(12.5 +- {12.5 / math.sqrt(ops[0]):.2f}); it does not depend on the number of keys.")
    else:
        yield from doc.wrapped("The mean gap is `-`: its run is missing.")
    yield from doc.commands(doc.module_command("draws", f"cat /sys/kernel/debug/mapstat/maps/{PAIR[0]}/latency"),
                            doc.module_command("poisson", "cat /sys/kernel/debug/mapstat/results"))


def pauses(m):
    tree = m.tree("pauses")
    fits = []
    for column in ("load_p99_ns", "load_p999_ns", "store_p99_ns", "store_p999_ns", "store_max_ns"):
        pairs = [(float(r["pause_max_ns"]), float(r[column])) for r in (tree.rows if tree else [])
                 if r["round"] != "median" and "-" not in (r["pause_max_ns"], r[column])]
        fits.append((column, len(pairs), *fit(pairs)))
    yield from doc.wrapped("Here: 40 rounds with many inserts and deletes; each round's percentile on its longest pause, by least "
                           "squares with one regressor. Partly measured: latencies have no timestamps, so that aligning them with "
                           "events within 50 ms is `-`; a VIF is `-` with one regressor; a garbage-collected heap is `-`: the kernel "
                           "has none.")
    yield from doc.table(("figure of a round", "rounds", "slope, ns per ns of pause", "R^2"), fits)
    yield from doc.commands(doc.module_command("pauses", f"cat /sys/kernel/debug/mapstat/results "
                                                         f"/sys/kernel/debug/mapstat/maps/{PAIR[0]}/pauses"))


def fit(pairs):
    """Slope and R2, or the reason why there are none."""
    x, y = [p[0] for p in pairs], [p[1] for p in pairs]
    if len(pairs) < 3 or len(set(x)) < 2:
        return "- (no two different pauses)", "-"
    if len(set(y)) < 2:
        return "0 (it is the same in all rounds)", "-"
    slope = statistics.linear_regression(x, y).slope
    return doc.signed(slope), f"{statistics.correlation(x, y) ** 2:.2f}"


def events(m):
    tree = m.tree("events")
    lines = [line.split("\t") for line in tree.lines("events/stats")] if tree else []
    if lines:
        header, *cpus = lines
        column = {name: i for i, name in enumerate(header)}
        found = {name: sum(int(c[column[name]]) for c in cpus)
                for name in ("produced_total", "dropped_total", "read_total")}
        yield from doc.wrapped(f"Here: records of the model's rounds through a relay channel per CPU (`events/cpuN`, or BPF). With "
                               f"no reader before the end {spaced(found['produced_total'])} were produced, "
                               f"{spaced(found['read_total'])} read, {spaced(found['dropped_total'])} dropped and counted: none is "
                               f"lost silently. Each has time, pid, virtual address, page frame, access (read or write), L1 miss, "
                               f"TLB miss, map, operation; the misses are the model's.")
    else:
        yield from doc.wrapped("Here: `-`: this build has no events/stats, or its run is missing.")
    yield from doc.commands(doc.module_command("events", "wc -c /sys/kernel/debug/mapstat/events/cpu0; "
                                                         "cat /sys/kernel/debug/mapstat/events/stats"))


def front(m):
    lines = []
    for n in SIZES:
        tree = m.tree(f"front-{n}")
        for design in ("seqlock", PAIR[0]):
            hits = tree.totals(design, "front_stats").get("hit_permille") if tree else None
            cells = []
            for threads in THREADS:
                a, b = (m.bench("front", name, n, threads) for name in (f"{design}_front", design))
                cells += [doc.time(b), doc.time(a), doc.verdict(a, b)]
            lines.append((spaced(n), design, f"{int(hits) / 10:.1f} %" if hits else "-", *cells))
    yield from doc.wrapped("Here: a per-CPU cache before the map, enabled and disabled at run time (`front=on`, or a word to "
                           "`maps/<name>/front`); loads that hit, hot keys. Shares of hits: UML; times: bench.")
    yield from doc.table(("keys", "design", "hits in front", "1 thread, without", "with", "the front is", "2 threads, without",
                          "with", "the front is"), lines, 2)
    yield from doc.commands(bench_command("front"), doc.module_command(f"front-{SIZES[1]}", "cat /sys/kernel/debug/mapstat/maps/*/front_stats"))

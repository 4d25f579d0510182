# SPDX-License-Identifier: GPL-2.0-only
"""docs/claims.md: a section for each published claim, and the answer in README.md."""
import collections
import os

import cases
import counts
import document as doc
import others
from cases import GO_PAIR, PAIR, SIZES, THREADS
from data import put_between, spaced

HEAD = """<!-- SPDX-License-Identifier: GPL-2.0-only -->
# Published claims, tested

A 2024 audit of a session cache in Go made these claims. Its figures are printed as **published**: they are not
ours, and we have not seen them measured. All others were measured by `make claims`, which writes this page.

| where | what it is good for |
|---|---|
| UML | the module in User-Mode Linux {kernel} with two CPUs, at native speed: times and counts |
| bench | the same maps in user space: times; Go's maps beside them in the same run |

Times are medians in ns per operation with the range of the rounds, with one and with two threads. Of two maps one is
called faster only if that is beyond the noise: at least five rounds each, and p < 0.05 in the exact two-sided
Mann-Whitney test on the rounds. "a / b" is the first map's figure and the second's, per operation. All counts are of
UML. Accesses and misses are the model's: {source}. It knows the map's own accesses, no others, and no prefetcher. CPU: {cpu}.
What the kernel's primitives cost there: {primitives}.
"""

Claim = collections.namedtuple("Claim", "title published lines")


def name_of(tree):
    return tree.source(PAIR[1]) if tree else None


def pair_times(m, run, bench):
    for n in SIZES:
        for threads in THREADS:
            of = {design: m.time(f"{run}-{n}-{threads}", design) for design in (*PAIR, "readdirty")}
            yield (spaced(n), threads, "UML", *time_cells(of), "-", "-")
            of = {d: m.bench(bench, d, n, threads) for d in (*PAIR, "readdirty", *GO_PAIR)}
            yield (spaced(n), threads, "bench", *time_cells(of),
                   doc.time(of[GO_PAIR[0]]), doc.verdict(of[GO_PAIR[0]], of[GO_PAIR[1]]))


def time_cells(of):
    a, b = (of[design] for design in PAIR)
    return doc.time(a), doc.time(b), doc.verdict(a, b), doc.verdict(of["readdirty"], b)


def explained(m, run):
    for n in SIZES:
        for threads in THREADS:
            tree = m.tree(f"{run}-{n}-{threads}")
            head = f"- {spaced(n)} keys, {doc.threaded(threads)}: "
            if not tree or not tree.ok:
                yield head + "-"
                continue
            found = tree.explain(PAIR)
            unexplained = [f" {t}" for t in found["text"] if t.startswith("These figures do not")]
            yield f"{head}{found['text'][0]} {doc.differences(found, True)}.{''.join(unexplained[:1])}"
    yield ""


def pair_section(m, run, bench):
    yield from doc.table(("keys", "threads", "where", *PAIR, f"{PAIR[0]} is", "readdirty (default) is",
                          GO_PAIR[0], f"{GO_PAIR[0]} to {GO_PAIR[1]}"), pair_times(m, run, bench))
    yield from counts.table(m, run, PAIR)
    yield (f"A filled {PAIR[0]} is promoted after as many loads as it has entries: until then each load takes the lock of "
           f"its dirty side. The column of dirty lookups shows how much of that is in these figures.")
    yield ""
    yield "From `explain`:"
    yield ""
    yield from explained(m, run)
    bench_arguments = dict(cases.BENCHES)[bench]
    explain = f"mapstat explain {PAIR[0]} {PAIR[1]}"
    yield from doc.commands(*(doc.module_command(f"{run}-{SIZES[1]}-{threads}", explain) for threads in THREADS),
                            f"build/native/bench --external build/native/go-maps {bench_arguments}")


def pair_of_each(m, run, bench):
    """(place and threads, n, the pair's times)"""
    for n in SIZES:
        for threads in THREADS:
            yield (f"in the kernel, {doc.threaded(threads)}", n,
                   [m.time(f"{run}-{n}-{threads}", design) for design in PAIR])
            yield (f"in user space, {doc.threaded(threads)}", n,
                   [m.bench(bench, design, n, threads) for design in PAIR])


def answer(m, run, bench):
    found = [doc.verdict(*times) for _, _, times in pair_of_each(m, run, bench)]
    slower = sum(v.endswith("slower") for v in found)
    faster = sum(v.endswith("faster") for v in found)
    neither = sum(v.startswith("no difference") for v in found)
    if not slower + faster + neither:
        return "Not measured."
    text = (f"Of {slower + faster + neither} cases {PAIR[0]} is slower than {PAIR[1]} in {slower}, faster in {faster}, "
            f"and neither beyond the noise in {neither}.")
    if slower and faster:
        text += " So it turns on the number of keys and of CPUs, and no single ratio is the answer."
    return text


def mix(m):
    yield from doc.wrapped(f"Here: {answer(m, 'mix', 'mix')}")
    yield from pair_section(m, "mix", "mix")


def hot(m):
    yield from doc.wrapped(f"Here, 90 % of the operations on 10 % of the keys (`dist=hotspot`), reads only: "
                           f"{answer(m, 'hot', 'hot')}")
    yield from pair_section(m, "hot", "hot")


CLAIMS = (
    Claim("sync.Map against map + RWMutex, 97:3",
          "84.2 against 36.5 ns/op (2.3x slower); 11.8 against 27.4 M ops/s", mix),
    Claim("the same, hot keys, reads only", "3.2 against 8.7 ns (2.7x faster)", hot),
    Claim("the cost of the read path: pointer hops per read", "2.1 on average", counts.hops),
    Claim("L1d miss rate, map + mutex against sync.Map", "12.7 against 5.3 %", counts.miss_rate),
    Claim("false sharing: two counters on one line against padded, 16 cores",
          "82.3 against 12.6 ns/op; 1 247 891 against 8 302 L1d invalidations", counts.false_sharing),
    Claim("padding of the read snapshot (pointer + flag, 9 bytes, padded to 16)", "fewer cache misses",
          counts.snapshot),
    Claim("32 shards against sync.Map, 8 threads, 10^6 operations",
          "2.9 against 1.2 M ops/s; 2.1 against 6.8 us; CPU 52 against 78 %", others.shards),
    Claim("a fast path for 64-bit keys (64 entries, no conflicts / 2 000 entries)",
          "2.18 -> 1.73 ns (20.6 %) / 3.45 -> 2.81 ns (18.5 %)", others.u64),
    Claim("pre-sizing to 10 000 removes growth jitter", "p99 better by 41 %", others.presizing),
    Claim("the real mix of an order service",
          "reads 97.3 %, writes 2.7 % (error < 0.001 % over 10^6 draws); Poisson, mean gap 12.5 ms = 80/s",
          others.real_mix),
    Claim("the tail is explained by pauses (OLS; events aligned within 50 ms)",
          "pause ms: 0.87, VIF 1.03; heap used: 12.4, p = 0.018, VIF 2.15", others.pauses),
    Claim("memory-access records", "pid, virtual address, page frame, access type, TLB miss, through a ring buffer",
          others.events),
    Claim("acceleration without touching callers (LRU before the lookup function)", "described, not measured",
          others.front),
)


def text(m):
    source = next((s for s in (name_of(t) for t in m.trees.values()) if s), None)
    kernel, primitives = m.kernel()
    yield HEAD.format(source=source.removeprefix("model ") if source else "-", cpu=m.cpu(), kernel=kernel,
                      primitives=primitives)
    for i, claim in enumerate(CLAIMS, 1):
        yield f"## {i}. {claim.title}"
        yield ""
        yield f"**Published:** {claim.published}."
        yield ""
        yield from claim.lines(m)


def write(path, m):
    lines = "\n".join(text(m)).rstrip("\n") + "\n"
    with open(f"{path}.tmp", "w", encoding="utf-8") as file:
        file.write(lines)
    os.replace(f"{path}.tmp", path)


def reasons(m):
    for n in SIZES:
        for threads in THREADS:
            tree = m.tree(f"mix-{n}-{threads}")
            found = doc.differences(tree.explain(PAIR), False) if tree and tree.ok else "-"
            yield f"- {spaced(n)} keys, {doc.threaded(threads)}: {found}"


def short(a, b):
    """The verdict, and the medians it compares."""
    return f"{doc.verdict(a, b)}: {doc.two(a.ns, b.ns, 1)}" if a and b else "-"


def write_answer(path, m):
    found = {(where, n): short(*times) for where, n, times in pair_of_each(m, "mix", "mix")}
    places = sorted({where for where, _ in found})
    for threads in THREADS:
        place = f"Go's own, {doc.threaded(threads)}"
        places.append(place)
        for n in SIZES:
            found[place, n] = short(*(m.bench("mix", design, n, threads) for design in GO_PAIR))
    lines = list(doc.table(("keys", *places), ((spaced(n), *(found[p, n] for p in places)) for n in SIZES)))
    put_between(path, "<!-- claims -->", "<!-- /claims -->",
                [answer(m, "mix", "mix"), "",
                 f"In each cell {PAIR[0]} / {PAIR[1]}, of Go's own {GO_PAIR[0]} / {GO_PAIR[1]}, in ns per operation:", "",
                 *lines, "What differs per operation, by `mapstat explain` in the kernel:",
                 "", *reasons(m)])

# SPDX-License-Identifier: GPL-2.0-only
"""docs/claims.md: a section for each published claim, and the answer in README.md."""
import collections
import os

import cases
import counts
import document as doc
import others
from cases import GO_PAIR, MACHINES, PAIR, SIZES
from data import put_between

HEAD = """<!-- SPDX-License-Identifier: GPL-2.0-only -->
# Published claims, put to the test

A 2024 audit of a session cache in Go made these claims. Its figures are printed as **published**: they are not
ours, and we have not seen them measured. All others were measured by `make claims`, which writes this page.

| where | what it is good for |
|---|---|
| UML | the module in User-Mode Linux: native speed, one CPU, one thread: times and counts |
| bench | the same maps in user space on real CPUs, one and two threads: times; Go's maps beside them in the same run |
| QEMU | the module in Debian's 6.1 with two emulated CPUs: counts only. Its times are the emulator's, and are not shown |

Times are medians in ns per operation with the range of the rounds; a verdict is given only where the ranges do not
touch. "a / b" is the first map's figure and the second's, per operation. Accesses and misses are the model's:
{source}. It knows the map's own accesses, no others, and no prefetcher. CPU: {cpu}.
"""

Claim = collections.namedtuple("Claim", "title published lines")


def name_of(tree):
    return tree.source(PAIR[1]) if tree else None


def pair_times(m, run, bench):
    for n in SIZES:
        of = {design: m.time("uml", f"{run}-{n}", design) for design in (*PAIR, "readdirty")}
        yield (doc.spaced(n), 1, "UML", *time_cells(of), "-", "-")
        for threads in (1, 2):
            of = {d: m.bench(bench, d, n, threads) for d in (*PAIR, "readdirty", *GO_PAIR)}
            yield (doc.spaced(n), threads, "bench", *time_cells(of),
                   doc.time(of[GO_PAIR[0]]), doc.verdict(of[GO_PAIR[0]], of[GO_PAIR[1]]))


def time_cells(of):
    a, b = (of[design] for design in PAIR)
    return doc.time(a), doc.time(b), doc.verdict(a, b), doc.verdict(of["readdirty"], b)


def explained(m, run):
    for n in SIZES:
        for machine, threads in (("uml", 1), ("qemu", 2)):
            tree = m.tree(machine, f"{run}-{n}")
            head = f"- {doc.spaced(n)} keys, {threads} thread{'s' * (threads > 1)}: "
            if not tree or not tree.ok:
                yield head + "-"
                continue
            told = tree.explain(PAIR)
            said = f"{told['text'][0]} " if machine == "uml" else ""
            unexplained = [t for t in told["text"] if t.startswith("These figures do not")]
            yield (f"{head}{said}{doc.differences(told, machine == 'uml')}."
                   f"{' ' + unexplained[0] if unexplained and machine == 'uml' else ''}")
    yield ""


def pair_section(m, run, bench):
    yield from doc.table(("keys", "threads", "where", *PAIR, f"{PAIR[0]} is", "readdirty (default) is",
                          GO_PAIR[0], f"{GO_PAIR[0]} to {GO_PAIR[1]}"), pair_times(m, run, bench))
    yield from counts.table(m, run, PAIR)
    yield (f"A filled {PAIR[0]} is promoted after as many loads as it has entries: until then each load takes the lock of "
           f"its dirty side. The column of dirty lookups tells how much of that is in these figures.")
    yield ""
    yield "What `explain` says:"
    yield ""
    yield from explained(m, run)
    bench_arguments = dict(cases.BENCHES)[bench]
    uml = cases.parameters_of("uml", f"{run}-{SIZES[1]}")
    qemu = cases.parameters_of("qemu", f"{run}-{SIZES[1]}")
    explain = f"mapstat explain {PAIR[0]} {PAIR[1]}"
    yield from doc.commands(doc.module_command(MACHINES["uml"], uml, explain),
                            doc.module_command(MACHINES["qemu"], qemu, explain),
                            f"build/native/bench --external build/native/go-maps {bench_arguments}")


def verdicts(m, run, bench):
    """(where and threads, n, verdict), measured ones."""
    for n in SIZES:
        a, b = (m.time("uml", f"{run}-{n}", design) for design in PAIR)
        yield "in the kernel, 1 thread", n, doc.verdict(a, b)
        for threads in (1, 2):
            a, b = (m.bench(bench, design, n, threads) for design in PAIR)
            yield f"in user space, {threads} thread{'s' * (threads > 1)}", n, doc.verdict(a, b)


def answer(m, run, bench):
    found = [v for _, _, v in verdicts(m, run, bench) if v != "-"]
    slower = sum(v.endswith("slower") for v in found)
    faster = sum(v.endswith("faster") for v in found)
    if not found:
        return "Not measured."
    text = (f"Of {len(found)} cases {PAIR[0]} is slower than {PAIR[1]} in {slower}, faster in {faster}, and within "
            f"the spread in {len(found) - slower - faster}.")
    if slower and faster:
        text += " So it turns on the number of keys and of CPUs, and no single ratio is the answer."
    return text


def mix(m):
    yield from doc.wrapped(f"Here: {answer(m, 'mix', 'mix')} With two threads UML has no figure: it has one CPU.")
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
    yield HEAD.format(source=source.removeprefix("model ") if source else "-", cpu=m.cpu())
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
        for machine, threads in (("uml", 1), ("qemu", 2)):
            tree = m.tree(machine, f"mix-{n}")
            told = doc.differences(tree.explain(PAIR), False) if tree and tree.ok else "-"
            yield f"- {doc.spaced(n)} keys, {threads} thread{'s' * (threads > 1)}: {told}"


def write_answer(path, m):
    found = {(where, n): verdict for where, n, verdict in verdicts(m, "mix", "mix")}
    places = sorted({where for where, _ in found})
    for threads in (1, 2):
        place = f"Go's own, {threads} thread{'s' * (threads > 1)}"
        places.append(place)
        for n in SIZES:
            found[place, n] = doc.verdict(*(m.bench("mix", design, n, threads) for design in GO_PAIR))
    lines = list(doc.table(("keys", *places), ((doc.spaced(n), *(found[p, n] for p in places)) for n in SIZES)))
    put_between(path, "<!-- claims -->", "<!-- /claims -->",
                [answer(m, "mix", "mix"), "", *lines, "What differs per operation, by `mapstat explain` in the kernel:",
                 "", *reasons(m)])

# SPDX-License-Identifier: GPL-2.0-only
"""The tables in README.md."""
import os
import statistics
import tempfile

import kernel
from cells import OURS, PLAIN, Cell, ratio
from rows import Wrong

BEGIN, END = "<!-- bench -->", "<!-- /bench -->"
WORK = (("hit", 1, "hit", "uniform"), ("miss", 1, "miss", "uniform"),
        ("dependent hits", 1, "chase", "uniform"), ("bulk of 32", 1, "bulk32", "uniform"),
        ("hit", 2, "hit", "uniform"), ("97.3 : 2.7", 2, "97.3", "uniform"),
        ("97.3 : 2.7, zipf", 2, "97.3", "zipf"))


def spaced(n):
    return f"{n:,}".replace(",", " ")


def named(found):
    return f"{found[0]} {found[1].ns:.1f}" if found else "-"


def about(bench, figures):
    """The machine and kernel, and the spread of the rounds of these figures."""
    where = [c.partition(": ")[2] for name in ("cpu: ", "kernel: ")
             for c in bench.comments if c.startswith(name)]
    spreads = [100 * (f.most - f.least) / f.ns for f in figures]
    return (f"Medians of {max(f.rounds for f in figures)} rounds{' on ' if where else ''}"
            f"{', '.join(where)}. From the fastest round to the slowest it is "
            f"{statistics.median(spreads):.0f} % of the median in half of these figures, "
            f"{max(spreads):.0f} % in the worst.")


def kernel_table(directory):
    bench, reason = kernel.read(directory)
    if not bench:
        yield f"`-`: {reason}"
        return
    designs = (*OURS, *kernel.YARDSTICKS)
    yield "ns per operation, with 1 / 2 threads:"
    yield ""
    yield f"| n | mix | {' | '.join(designs)} |"
    yield "|--:|---|" + "--:|" * len(designs)
    figures = []
    for n in bench.sizes():
        for name, mix in (("hit", "hit"), ("97.3 : 2.7", "97.3")):
            cells = []
            for design in designs:
                each = [bench.get(n, threads, mix, "uniform", design) for threads in (1, 2)]
                figures += [f for f in each if f]
                cells.append(" / ".join(f"{f.ns:.1f}" if f else "-" for f in each))
            yield f"| {spaced(n)} | {name} | {' | '.join(cells)} |"
    if not figures:
        raise Wrong(f"{bench.path}: nothing for the table was measured")
    yield ""
    yield about(bench, figures)


def table(bench):
    figures = []
    yield "| work | threads | n | plain, ns | ours, ns | best peer, ns | ours to plain | best peer to ours |"
    yield "|---|--:|--:|--:|---|---|--:|--:|"
    for work, threads, mix, dist in WORK:
        for n in bench.sizes():
            cell = Cell(n, threads, mix, dist)
            plain, ours, peer = bench.get(*cell, PLAIN), bench.best(cell, "ours"), bench.best(cell, "peer")
            if not (plain or ours or peer):
                continue
            figures += [f for f in (plain, ours and ours[1], peer and peer[1]) if f]
            yield "| " + " | ".join((
                work, str(threads), spaced(n), f"{plain.ns:.1f}" if plain else "-", named(ours), named(peer),
                ratio(ours[1].ns, plain.ns) if ours and plain else "-",
                ratio(peer[1].ns, ours[1].ns) if ours and peer else "-")) + " |"
    if not figures:
        raise Wrong(f"{bench.path}: nothing for the table was measured")
    yield ""
    yield about(bench, figures)


def put_between(path, begin, end, lines):
    """Puts lines between the markers; replaces the file atomically."""
    with open(path, encoding="utf-8") as file:
        old = file.read()
    for marker in (begin, end):
        if old.count(marker) != 1:
            raise Wrong(f"{path}: {old.count(marker)} times '{marker}', should be once")
    if old.index(begin) > old.index(end):
        raise Wrong(f"{path}: '{end}' is before '{begin}'")
    before, rest = old.split(begin)
    text = "\n".join(lines)
    new = f"{before}{begin}\n{text}\n{end}{rest.split(end)[1]}"
    directory = os.path.dirname(os.path.abspath(path))
    handle, temporary = tempfile.mkstemp(dir=directory, prefix=".bench.")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(new)
        os.chmod(temporary, os.stat(path).st_mode & 0o777)
        os.replace(temporary, path)
    except BaseException:
        os.unlink(temporary)
        raise


def write(path, bench, directory):
    put_between(path, BEGIN, END, ["### In the kernel", "", *kernel_table(directory), "",
                                   "### In user space", "", *table(bench)])

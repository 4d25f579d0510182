# SPDX-License-Identifier: GPL-2.0-only
"""The maps inside a kernel, from uml.tsv, which has native.tsv's columns."""
import os

import ranktest
import rows
from cells import OURS, Bench, ratio, table

YARDSTICKS = ("rhashtable", "hlist")
NAME = "uml.tsv"


def read(directory, name=NAME):
    """(its Bench, None), or (None, the reason)."""
    path = os.path.join(directory, name)
    if not os.path.exists(path):
        return None, f"no {path}"
    return Bench(rows.read(path, rows.NATIVE)), None


def release(bench):
    """Of the kernel, according to the file."""
    return next((c.split()[1].rstrip(",") for c in bench.comments if c.startswith("kernel: ")), "-")


def in_order(bench):
    return sorted(bench.cells, key=lambda cell: (cell.mix, cell.n, cell.threads))


def best_line(bench, cell):
    """The best of ours compared with each yardstick."""
    ours = bench.best(cell, "ours")
    if not ours:
        return "# best of ours: -: none was measured in this cell"
    said = []
    for yardstick in YARDSTICKS:
        figure = bench.get(*cell, yardstick)
        said.append(f"to {yardstick}: "
                    + (ranktest.compared(ours[1].values, figure.values) if figure else "-: not measured"))
    return f"# best of ours, {ours[0]}, {'; '.join(said)}"


def cell_text(bench, cell):
    yardsticks = [bench.get(*cell, y) for y in YARDSTICKS]
    lines = [("design", "ns_per_op", "min..max", *(f"to {y}" for y in YARDSTICKS))]
    for design in (*OURS, *YARDSTICKS):
        figure = bench.get(*cell, design)
        if figure:
            lines.append((design, f"{figure.ns:.2f}", f"{figure.least:.2f}..{figure.most:.2f}",
                          *(ratio(figure.ns, y and y.ns) for y in yardsticks)))
        else:
            lines.append((design, *"-" * (len(lines[0]) - 1)))
    yield from table(lines)
    yield best_line(bench, cell)


def text(directory):
    bench, reason = read(directory)
    if not bench:
        yield f"in the kernel (UML): -: {reason}"
    else:
        yield "in the kernel (UML)"
        yield from (f"# {comment}" for comment in bench.comments)
        for cell in in_order(bench):
            yield ""
            yield f"kernel: {bench.where(cell)}"
            yield from cell_text(bench, cell)
    yield ""

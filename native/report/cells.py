# SPDX-License-Identifier: GPL-2.0-only
"""Medians and ratios: a cell is what was measured side by side, (n, threads, mix, dist)."""
import collections
import re
import statistics

import rows

OURS = "rwlock sharded readdirty readdirty_classic seqlock".split()
PEERS = ("pthread_rwlock cds_lfht ck_ht libcuckoo tbb rte_hash go_syncmap go_rwmutex "
         "go_shard32").split()
PLAIN = "plain"
MIXES = "hit miss chase 97.3 bulk32".split()

Cell = collections.namedtuple("Cell", "n threads mix dist")


# Designs of ours that count work, and those by the public calls, to measure the cost of statistics.
STATS = "_stats"
NONE, OFF, ON = "_none", "_off", "_on"
# Like ON, while another map has a front and a third one is observed.
BESIDE = "_beside"


def kind(design):
    """plain, ours or peer. Every name that is neither plain nor ours is a peer, known or not: an
    unknown name must not make ours look better."""
    if design == PLAIN:
        return "plain"
    return "ours" if re.sub(rf"(_generic|_front|{STATS}|{NONE}|{OFF}|{ON}|{BESIDE})+$", "", design) in OURS else "peer"


def competes(design, which):
    """May it be the best of its kind? Of ours, only the designs themselves: the path for byte
    strings and the front are optional, and have goals of their own."""
    return kind(design) == which and (which != "ours" or design in OURS)


class Figure:
    """A design in a cell: the median of its rounds, and their spread."""

    def __init__(self, measured):
        self.rounds = len(measured)
        self.values = ns = [row["ns_per_op"] for row in measured]
        mops = [row["mops"] for row in measured]
        self.measured = None not in ns and None not in mops
        if self.measured:
            self.ns, self.least, self.most = statistics.median(ns), min(ns), max(ns)
            self.mops = statistics.median(mops)


class Bench:
    def __init__(self, file):
        self.path, self.comments, self.warnings = file.path, file.comments, []
        grouped = collections.defaultdict(list)
        seen = set()
        for row in file.rows:
            cell = Cell(row["n"], row["threads"], row["mix"], row["dist"])
            at = (cell, row["design"], row["round"])
            if at in seen:
                raise rows.Wrong(f"{file.path}: twice: {self.where(cell)}, {row['design']}, "
                                 f"round {row['round']}")
            seen.add(at)
            grouped[cell, row["design"]].append(row)
        self.cells = collections.defaultdict(dict)
        for (cell, design), measured in grouped.items():
            self.cells[cell][design] = Figure(measured)
        self.check_rounds()
        self.check_designs()

    @staticmethod
    def where(cell):
        return f"n={cell.n} threads={cell.threads} mix={cell.mix} dist={cell.dist}"

    def check_rounds(self):
        """Designs take turns within a round: if one has fewer rounds, the run was cut short."""
        for cell, designs in self.cells.items():
            most = max(f.rounds for f in designs.values())
            for design, figure in designs.items():
                # One line may stand for all rounds that were not measured.
                if figure.rounds != most and figure.measured:
                    raise rows.Wrong(f"{self.path}: {self.where(cell)}: {design} has "
                                     f"{figure.rounds} of {most} rounds: the run was cut short")

    def check_designs(self):
        designs = {d for cell in self.cells.values() for d in cell}
        for design in sorted(designs):
            if kind(design) == "peer" and design not in PEERS:
                self.warnings.append(f"no such design is known: {design}; it counts as a peer")
        for design in OURS + PEERS + [PLAIN]:
            if design not in designs:
                self.warnings.append(f"no rows of {design}")

    def get(self, n, threads, mix, dist, design):
        """The figure, or None if it was not measured."""
        figure = self.cells.get(Cell(n, threads, mix, dist), {}).get(design)
        return figure if figure and figure.measured else None

    def best(self, cell, which):
        """(design, figure) of the fastest of a kind in a cell, or None."""
        found = [(f.ns, d, f) for d, f in self.cells.get(cell, {}).items()
                 if f.measured and competes(d, which)]
        return min(found)[1:] if found else None

    def missing_peers(self, cell):
        """The peers that were not measured, and so cannot be the best one."""
        return [peer for peer in PEERS if not self.get(*cell, peer)]

    def sizes(self):
        return sorted({cell.n for cell in self.cells})

    def in_order(self):
        def order(cell):
            mix = MIXES.index(cell.mix) if cell.mix in MIXES else len(MIXES)
            return cell.n, cell.threads, mix, cell.mix, cell.dist

        return sorted(self.cells, key=order)


def ratio(value, to):
    return f"{value / to:.2f}x" if value is not None and to else "-"


def table(lines, left=(0,)):
    """Columns: those in left are left-aligned, the others right-aligned."""
    widths = [max(len(line[i]) for line in lines) for i in range(len(lines[0]))]
    for line in lines:
        yield "  ".join(text.ljust(w) if i in left else text.rjust(w)
                        for i, (text, w) in enumerate(zip(line, widths))).rstrip()


def cell_text(bench, cell):
    plain = bench.get(*cell, PLAIN)
    peer = bench.best(cell, "peer")
    ours = bench.best(cell, "ours")
    lines = [("design", "ns_per_op", "min..max", "mops", "to plain", "to best peer", "")]

    def order(item):
        design, figure = item
        return "plain ours peer".split().index(kind(design)), not figure.measured, \
            figure.measured and figure.ns, design

    for design, figure in sorted(bench.cells[cell].items(), key=order):
        if not figure.measured:
            continue
        mark = {"ours": ours, "peer": peer}.get(kind(design))
        lines.append((design, f"{figure.ns:.2f}", f"{figure.least:.2f}..{figure.most:.2f}",
                      f"{figure.mops:.1f}", ratio(figure.ns, plain and plain.ns),
                      ratio(figure.ns, peer and peer[1].ns),
                      f"best {kind(design)}" if mark and mark[0] == design else ""))
    if lines[1:]:
        yield from table(lines, (0, len(lines[0]) - 1))
    missing = sorted(d for d, f in bench.cells[cell].items() if not f.measured)
    if missing:
        yield f"# not measured: {' '.join(missing)}"
    if not plain:
        yield "# no ratio to plain: plain was not measured in this cell"
    if not peer:
        yield "# no ratio to a peer: none was measured in this cell"


def text(bench):
    for comment in bench.comments:
        yield f"# {comment}"
    for cell in bench.in_order():
        yield ""
        yield bench.where(cell)
        yield from cell_text(bench, cell)
    yield ""

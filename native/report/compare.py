# SPDX-License-Identifier: GPL-2.0-only
"""The same designs in user space and in User-Mode Linux: how far times and order agree."""
import itertools

import kernel
import ranktest
import rows
from cells import OURS
from markdown import spaced

MIX = "97.3"
FAR = 1.3
OTHER = "uml-6.12.tsv"  # of another kernel; optional


class Place:
    """An environment in which a file's rows were measured."""

    def __init__(self, name, bench):
        self.name, self.bench = name, bench

    def get(self, n, threads, design):
        return self.bench.get(n, threads, MIX, "uniform", design)

    def ranked(self, n, threads):
        """Designs that were measured, the fastest first."""
        found = [(figure.ns, d) for d in OURS if (figure := self.get(n, threads, d))]
        return [design for _, design in sorted(found)]


def time(place, n, threads, design):
    figure = place.get(n, threads, design)
    return f"{figure.ns:.1f} ({place.ranked(n, threads).index(design) + 1})" if figure else "-"


def far(figure, user):
    if not figure or not user:
        return "-"
    found = figure.ns / user.ns
    return f"{found:.2f}x{'' if 1 / FAR <= found <= FAR else ' *'}"


def table(user, kernels, threads):
    header = ["n", "design", user.name]
    for place in kernels:
        header += [place.name, "to user space"]
    yield "| " + " | ".join(header) + " |"
    yield "|--:|---|" + "--:|" * (len(header) - 2)
    for n in user.bench.sizes():
        for design in OURS:
            cells = [spaced(n), design, time(user, n, threads, design)]
            for place in kernels:
                cells += [time(place, n, threads, design),
                          far(place.get(n, threads, design), user.get(n, threads, design))]
            yield "| " + " | ".join(cells) + " |"
    yield ""


def contradictions(user, place, threads):
    """Pairs whose order in the kernel is opposite to that in user space, both beyond the noise."""
    for n in user.bench.sizes():
        for a, b in itertools.combinations(OURS, 2):
            figures = [p.get(n, threads, d) for p in (user, place) for d in (a, b)]
            if None in figures:
                continue
            here, there = (ranktest.compared(x.values, y.values) for x, y in (figures[:2], figures[2:]))
            if {here[-6:], there[-6:]} == {"slower", "faster"}:
                yield f"- {spaced(n)} keys: {a} is {here} than {b} in user space, {there} in {place.name}"


def text(bench, directory):
    measured, reason = kernel.read(directory)
    if not measured:
        raise rows.Wrong(reason)
    other, _ = kernel.read(directory, OTHER)
    user = Place("user space", bench)
    kernels = [Place(f"UML {kernel.release(b)}", b) for b in (measured, other) if b]
    for threads in (1, 2):
        yield (f"{threads} thread{'s' * (threads > 1)}, {MIX} : 2.7: ns per operation, and the design's rank; "
               f"`*`: more than {100 * (FAR - 1):.0f} % from user space.")
        yield ""
        yield from table(user, kernels, threads)
        found = [line for place in kernels for line in contradictions(user, place, threads)]
        yield "In the opposite order, each beyond the noise:" if found else \
            "No two designs are in the opposite order beyond the noise."
        yield ""
        if found:
            yield from (*found, "")

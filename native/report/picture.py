# SPDX-License-Identifier: GPL-2.0-only
"""Bars: a group per design, a bar per n, logarithmic; one panel for one thread, one for two."""
import os
import shutil
import subprocess

from cells import Cell, kind
from rows import Wrong

PANELS = (("lookup hit, 1 thread, uniform keys", 1, "hit", "uniform"),
          ("97.3 : 2.7, 2 threads, uniform keys", 2, "97.3", "uniform"))

SCRIPT = """# Drawn from a run of the bench; do not edit.
set terminal svg noenhanced size 1100,{height} font 'sans,12' background 'white'
set output '{svg}'
set datafile separator "\\t"
set datafile missing '-'
set style data histograms
set style histogram clustered gap 1 errorbars linewidth 1
set errorbars lc rgb 'black'
set style fill solid 0.8 noborder
set boxwidth 0.9
set logscale y
set ylabel 'ns per operation and thread'
set grid ytics
set xtics rotate by -35 nomirror
set key top left title 'entries'
set multiplot layout {panels},1
"""


def quoted(text):
    return text.replace("'", "''")


def order(design):
    return "plain ours peer".split().index(kind(design))


def data(bench, threads, mix, dist):
    """Lines: design, then median, minimum, maximum for each n."""
    designs = {d for n in bench.sizes() for d in bench.cells.get(Cell(n, threads, mix, dist), {})}
    last = bench.sizes()[-1]

    def slowness(design):
        figure = bench.get(last, threads, mix, dist, design)
        return order(design), figure is None, figure and figure.ns, design

    lines = []
    for design in sorted(designs, key=slowness):
        fields = [design]
        for n in bench.sizes():
            figure = bench.get(n, threads, mix, dist, design)
            fields += [f"{v:.3f}" for v in (figure.ns, figure.least, figure.most)] if figure else ["-"] * 3
        if any(f != "-" for f in fields[1:]):
            lines.append("\t".join(fields))
    return lines


def draw(path, bench):
    gnuplot = shutil.which("gnuplot")
    if not gnuplot:
        raise Wrong("no gnuplot: install gnuplot-nox for the picture")
    base = os.path.splitext(path)[0]
    panels = [(title, lines) for title, *cell in PANELS if (lines := data(bench, *cell))]
    if not panels:
        raise Wrong(f"{bench.path}: nothing to draw: no hits of 1 thread, no 97.3 of 2")
    script = SCRIPT.format(svg=quoted(path + ".tmp"), panels=len(panels), height=420 * len(panels))
    for i, (title, lines) in enumerate(panels, 1):
        with open(f"{base}.{i}.dat", "w", encoding="utf-8") as file:
            file.write("\n".join(lines) + "\n")
        script += f"set title '{quoted(title)}'\nplot "
        script += ", ".join(
            f"'{quoted(base)}.{i}.dat' using {2 + 3 * j}:{3 + 3 * j}:{4 + 3 * j}"
            f"{':xtic(1)' if not j else ''} title '{n}'" for j, n in enumerate(bench.sizes())) + "\n"
    with open(f"{base}.gp", "w", encoding="utf-8") as file:
        file.write(script)
    done = subprocess.run([gnuplot, f"{base}.gp"], capture_output=True, text=True, check=False)
    if done.returncode or not os.path.exists(path + ".tmp"):
        raise Wrong(f"gnuplot {base}.gp: {done.stderr.strip()}")
    os.replace(path + ".tmp", path)

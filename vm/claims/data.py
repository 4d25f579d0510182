# SPDX-License-Identifier: GPL-2.0-only
"""The measurements, by name. A missing one is None, never a number."""
import json
import os
import statistics
import subprocess
import sys

import cases

sys.path.append(os.path.join(os.path.dirname(os.path.realpath(__file__)), "../../native/report"))
import markdown  # noqa: E402  pylint: disable=wrong-import-position,import-error
import ranktest  # noqa: E402  pylint: disable=wrong-import-position,import-error
import rows  # noqa: E402  pylint: disable=wrong-import-position,import-error

Wrong, put_between, spaced = rows.Wrong, markdown.put_between, markdown.spaced
compared, differ = ranktest.compared, ranktest.differ

MAPSTAT = "build/mapstat"


class Time:
    """ns per operation: the median of rounds, and their range."""

    def __init__(self, rounds):
        self.rounds = rounds
        self.ns, self.least, self.most = statistics.median(rounds), min(rounds), max(rounds)


class Tree:
    """The module's files after a run."""

    def __init__(self, path):
        self.path = path
        lines = [line.split("\t") for line in self.lines("results")]
        if not lines or lines[0][0] != "# map":
            raise Wrong(f"{path}/results: no header")
        header = [name.removeprefix("# ") for name in lines[0]]
        self.rows = [dict(zip(header, line)) for line in lines if line[0][0] != "#"]
        self.ok = lines[-1][0].startswith("# SUCCESS")
        self.explained = {}

    def lines(self, name):
        try:
            with open(os.path.join(self.path, name), encoding="utf-8") as file:
                return file.read().splitlines()
        except FileNotFoundError:
            return []

    def rounds(self, of_map, column):
        return [float(r[column]) for r in self.rows
                if r["map"] == of_map and r["round"] != "median" and r.get(column, "-") != "-"]

    def time(self, of_map):
        values = self.rounds(of_map, "ns_per_op")
        return Time(values) if values and self.ok else None

    def totals(self, of_map, name="cache_miss"):
        pairs = [line.split("\t") for line in self.lines(f"maps/{of_map}/{name}") if line[0] != "#"]
        return {p[0]: p[1] for p in pairs if len(p) == 2 and p[1] != "-"}

    def per_op(self, of_map, figure, kind=""):
        """A figure of cache_miss per operation; kind: one kind of operation, such as "load_"."""
        total = self.totals(of_map)
        ops = float(total.get(f"{kind}ops_total", 0))
        value = total.get(f"{kind}{figure}_total")
        return float(value) / ops if ops and value is not None else None

    def source(self, of_map):
        lines = self.lines(f"maps/{of_map}/cache_miss")
        return lines[0].split("\t")[1] if lines else None

    def explain(self, pair):
        if pair not in self.explained:
            result = subprocess.run([MAPSTAT, "-d", self.path, "explain", "--json", *pair],
                                    capture_output=True, text=True, check=False)
            if result.returncode:
                raise Wrong(f"{self.path}: {result.stderr}")
            self.explained[pair] = json.loads(result.stdout)
        return self.explained[pair]


class Measured:
    def __init__(self, directory):
        self.directory = directory
        self.trees = {}
        for run, _ in cases.runs():
            path = os.path.join(directory, "uml", run)
            if os.path.exists(os.path.join(path, "results")):
                self.trees[run] = Tree(path)
        self.benches = {name: self.read_bench(name) for name, _ in cases.BENCHES if name != "grow"}
        self.growth = self.read_growth()

    def read_bench(self, name):
        path = os.path.join(self.directory, f"{name}.tsv")
        return rows.read(path, rows.NATIVE) if os.path.exists(path) else None

    def read_growth(self):
        path = os.path.join(self.directory, "grow.tsv")
        return rows.read(path).rows if os.path.exists(path) else []

    def tree(self, run):
        return self.trees.get(run)

    def time(self, run, of_map):
        tree = self.tree(run)
        return tree.time(of_map) if tree else None

    def bench(self, name, design, n, threads, column="ns_per_op"):
        """A design's Time in the bench; mops for another column."""
        file = self.benches.get(name)
        values = [row[column] for row in (file.rows if file else [])
                  if (row["design"], row["n"], row["threads"]) == (design, n, threads)]
        return Time(values) if values and None not in values else None

    def kernel(self):
        """Its release, and the cost of its primitives."""
        for tree in self.trees.values():
            version = dict(line.split("\t") for line in tree.lines("version"))
            primitives = [line.partition("\t")[2] for line in tree.lines("results") if line.startswith("# primitives\t")]
            return version.get("kernel", "-"), "".join(primitives) or "-"
        return "-", "-"

    def cpu(self):
        for file in self.benches.values():
            for comment in file.comments if file else []:
                if comment.startswith("cpu: "):
                    return comment.removeprefix("cpu: ")
        return "-"

    def grown(self, design, start, n, column):
        values = [row[column] for row in self.growth
                  if (row["design"], row["start"], row["n"]) == (design, start, n)]
        return Time(values) if values and None not in values else None

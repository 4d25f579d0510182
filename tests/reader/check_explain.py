# SPDX-License-Identifier: GPL-2.0-only
"""Check "mapstat explain --json" against an independent parser of the tree.

usage: check_explain.py TREE JSON
"""
import json
import math
import os
import sys

import ranks

RESULTS = {"ns_per_op", "allocs_per_op", "alloc_bytes_per_op", "pauses", "pause_max_ns"}
ROUNDS = {"retries", "lock_waits"}
STATS = {"dirty_lookups", "promotions", "copied"}
MISSES = {"lines", "reads", "writes", "atomics", "l1d_misses", "cold_misses", "capacity_misses",
          "conflict_misses", "coherence_misses", "llc_misses", "dtlb_misses"}
TIMES = {"ns_per_op", "pause_max_ns"}
OPTIONAL = {"llc_misses"}
OPERATIONS = ("hits", "misses", "inserts", "updates", "deletes", "nochanges")


def same(what, want, got):
    equal = want == got
    if isinstance(want, float) and isinstance(got, (int, float)):
        equal = math.isclose(want, got, rel_tol=1e-6, abs_tol=1e-12)
    if not equal:
        sys.exit(f"# {what}: want {want!r}, got {got!r}")


def number(text):
    return None if text in (None, "-") else float(text)


def ratio(a, b):
    return None if a is None or not b else a / b


class Tree:
    def __init__(self, path):
        self.path = path
        lines = [line.split("\t") for line in self.text("results")]
        self.columns = [name.removeprefix("# ") for name in lines[0]]
        self.rows = [dict(zip(self.columns, line)) for line in lines if line[0][0] != "#"]
        self.verdict = lines[-1][0]
        self.sources_differ = False
        # For live files, vm/init sets MAPSTAT_ACCEL.
        try:
            self.accel = self.text("accel")[0]
        except FileNotFoundError:
            self.accel = os.environ.get("MAPSTAT_ACCEL") if path.startswith("/sys/") else None

    def text(self, name):
        with open(os.path.join(self.path, name), encoding="utf-8") as file:
            return file.read().splitlines()

    def pairs(self, name):
        try:
            lines = self.text(name)
        except FileNotFoundError:
            return {}
        fields = [line.split("\t") for line in lines if line[0] != "#"]
        return dict(f for f in fields if len(f) == 2)

    def source(self, name):
        try:
            text = self.text(f"maps/{name}/cache_miss")[0].split("\t")[1]
        except FileNotFoundError:
            return None
        return None if text.startswith("none") else text

    def of(self, name):
        rounds = [r for r in self.rows if r["map"] == name and r["round"] != "median" and not number(r.get("threads_away"))]
        (median,) = [r for r in self.rows if r["map"] == name and r["round"] == "median"]
        return rounds, median

    def figure(self, name, figure):
        rounds, median = self.of(name)
        if figure in TIMES and self.accel == "tcg":
            return None
        if figure in RESULTS:
            return number(median.get(figure))
        if figure in ROUNDS:
            both = [(number(r[figure]), number(r["ops"])) for r in rounds if r[figure] != "-"]
            return ratio(sum(n for n, _ in both), sum(ops for _, ops in both)) if both else None
        if figure in MISSES and self.sources_differ:
            return None
        if figure in MISSES:
            total = self.pairs(f"maps/{name}/cache_miss")
            return ratio(number(total.get(f"{figure}_total")), number(total.get("ops_total")))
        total = self.pairs(f"maps/{name}/stats")
        ops = sum(int(total.get(f"{c}_total", 0)) for c in OPERATIONS)
        return ratio(number(total.get(f"{figure}_total")), ops)


def check_answer(tree, document):
    rounds, wrong = [], False
    same("accel", tree.accel, document["accel"])
    for i, name in enumerate(document["maps"]):
        times = [float(r["ns_per_op"]) for r in tree.of(name)[0]] if tree.accel != "tcg" else []
        same(f"{name} rounds", len(times), document["rounds"][i])
        same(f"{name} least", min(times, default=None), document["ns_per_op_min"][i])
        same(f"{name} most", max(times, default=None), document["ns_per_op_max"][i])
        rounds.append(times)
        wrong |= sum(number(r["errors"]) or 0 for r in tree.rows if r["map"] == name) > 0
    decides = tree.verdict.startswith("# SUCCESS") and not wrong
    if not decides or min(document["rounds"]) < ranks.LEAST_ROUNDS:
        same("answer", "undecided", document["answer"])
        same("p", None, document["p"])
        same("reason", True, bool(document["reason"]))
        return
    p = ranks.p_value(*rounds)
    same("p", p, document["p"])
    if p >= ranks.MOST_P:
        same("answer", "within noise", document["answer"])
    else:
        same("answer", "slower", document["answer"])
        slower = document["maps"][0 if ranks.separation(*rounds) > 0 else 1]
        same("slower", slower, document["slower"])


def check_figures(tree, document):
    figures = {f["name"]: f for f in document["figures"]}
    same("figures", RESULTS | ROUNDS | STATS | MISSES, set(figures) | OPTIONAL)
    for name, figure in figures.items():
        for i, of_map in enumerate(document["maps"]):
            same(f"{of_map} {name}", tree.figure(of_map, name), figure["values"][i])
            same(f"{of_map} {name} is missing", figure["values"][i] is None,
                 figure["missing"][i] is not None)
        a, b = figure["values"]
        same(f"difference of {name}", None if None in (a, b) else a - b, figure["difference"])


def check_differing(document):
    figures = {f["name"]: f for f in document["figures"]}
    differences = [d["difference"] for d in document["differing"]]
    same("order", sorted(differences, reverse=True), differences)
    times = document["ns_per_op"]
    for d in document["differing"]:
        a, b = figures[d["name"]]["values"]
        same(f"{d['name']} differs by", abs(a - b), d["difference"])
        same(f"{d['name']} more in", document["maps"][a < b], d["more_in"])
        price = None
        if d["more_in"] == document["slower"]:
            price = abs(times[0] - times[1]) / d["difference"]
        same(f"{d['name']} each", price, d["ns_each"])


def main(path, file):
    tree = Tree(path)
    with open(file, encoding="utf-8") as text:
        document = json.load(text)
    sources = {tree.source(name) for name in document["maps"]} - {None}
    tree.sources_differ = len(sources) > 1
    check_answer(tree, document)
    check_figures(tree, document)
    check_differing(document)
    if not document["text"]:
        sys.exit("# no text")


main(sys.argv[1], sys.argv[2])

# SPDX-License-Identifier: GPL-2.0-only
"""Check "mapstat json" against an independent parser of the tree."""

import json
import os
import re
import sys

import ranks

NUMBER = re.compile(r"-?\d+(\.\d+)?$")
TEXT = {"module", "kernel", "clock", "design", "maps", "cpus", "dist", "arrival", "layout", "mode"}


def value(text, name=""):
    """The JSON value expected for a field."""
    if text == "-":
        return None
    if name in TEXT or not NUMBER.match(text):
        return text
    return json.loads(text)


def lines(tree, path):
    with open(os.path.join(tree, path), encoding="ascii") as f:
        return [line.split("\t") for line in f.read().splitlines()]


def same(what, want, got):
    if want != got:
        sys.exit(f"# {what}: want {want!r}\n#   got {got!r}")


def check_results(tree, doc):
    rows = lines(tree, "results")
    columns = ["map"] + rows[0][1:]
    data = [dict(zip(columns, [r[0]] + [value(c) for c in r[1:]])) for r in rows if r[0][0] != "#"]
    same("rounds", [r for r in data if r["round"] != "median"], doc["rounds"])
    same("medians", [r for r in data if r["round"] == "median"], doc["medians"])
    words = rows[-1][0].split(" ")
    parameters = [w.split("=", 1) for w in words[2:] if "=" in w and w[-1] != ":"]
    same("verdict", words[1], doc["verdict"]["state"])
    same("verdict's parameters", {k: value(v, k) for k, v in parameters},
         doc["verdict"]["parameters"])


def accel(tree):
    path = os.path.join(tree, "accel")
    if os.path.exists(path):
        return lines(tree, "accel")[0][0]
    return os.environ.get("MAPSTAT_ACCEL")	# for live files


def check_ranking(tree, doc):
    """Check the tests of the best map against the others, and the winner."""
    if doc["verdict"]["state"] != "SUCCESS" or accel(tree) == "tcg":
        same("ranking", None, doc["ranking"])
        same("reason", True, bool(doc["reason"]))
        return
    wrong = {r["map"] for r in doc["rounds"] + doc["medians"] if r["errors"]}
    medians = sorted((r["ns_per_op"], i, r["map"]) for i, r in enumerate(doc["medians"])
                     if r["map"] not in wrong)
    ranked = doc["ranking"]["maps"]
    same("order", [name for _, _, name in medians], [m["map"] for m in ranked])
    times = [[r["ns_per_op"] for r in doc["rounds"] if r["map"] == m["map"] and not r.get("threads_away")] for m in ranked]
    enough = all(len(t) >= ranks.LEAST_ROUNDS for t in times)
    p = [ranks.p_value(times[0], t) for t in times[1:]] if enough else []
    near("p", [None] + (p or [None] * (len(ranked) - 1)), [m["p"] for m in ranked])
    near("p_holm", [None] + (ranks.holm(p) or [None] * (len(ranked) - 1)),
         [m["p_holm"] for m in ranked])
    wins = enough and len(ranked) > 1 and max(ranks.holm(p)) < ranks.MOST_P
    same("winner", ranked[0]["map"] if wins else None, doc["ranking"]["winner"])
    same("reason", wins, doc["reason"] is None)


def near(what, want, got):
    same(what, [w is None for w in want], [g is None for g in got])
    same(what, [True] * len(want), [w is None or abs(w - g) < 1e-12 for w, g in zip(want, got)])


def bucket(fields):
    return [int(fields[0]), None if fields[1] == "inf" else int(fields[1]), int(fields[2])]


def operations(rows):
    want = {}
    for f in rows:
        if f[0].startswith("# ") and len(f) > 1 and f[1].startswith("count="):
            summary = dict(c.split("=") for c in f[1:])
            want[f[0][2:]] = {"summary": {k: value(v) for k, v in summary.items()}, "buckets": []}
        elif f[0][0] != "#":
            want[f[0]]["buckets"].append(bucket(f[1:]))
    return want


def check_latency(tree, name, doc):
    same(f"{name} latency", operations(lines(tree, f"maps/{name}/latency")), doc["operations"])


def lines_or_none(tree, path):
    return lines(tree, path) if os.path.exists(os.path.join(tree, path)) else None


def check_percpu(tree, name, doc):
    rows = lines_or_none(tree, f"maps/{name}/percpu")
    want = rows and {"cpus": [int(c[3:]) for c in rows[0][1:]],
                     "counters": {r[0]: [value(v) for v in r[1:]] for r in rows[1:]}}
    same(f"{name} percpu", want, doc["percpu"])
    by_cpu = {}
    for f in lines_or_none(tree, f"maps/{name}/latency_percpu") or []:
        if re.match(r"(# )?cpu\d", f[0]):
            comment, cpu = re.match(r"(# )?cpu(\d+)", f[0]).groups()
            by_cpu.setdefault(int(cpu), []).append([(comment or "") + f[1]] + f[2:])
    same(f"{name} latency_percpu", [{"cpu": c, "operations": operations(rows)} for c, rows in by_cpu.items()],
         doc["latency_percpu"]["cpus"])


def check_front(tree, name, doc):
    rows = lines_or_none(tree, f"maps/{name}/front")
    same(f"{name} front", rows and rows[0][0], doc["front"])
    rows = lines_or_none(tree, f"maps/{name}/front_stats")
    same(f"{name} front_stats", rows and {k: value(v) for k, v in rows}, doc["front_stats"])


def check_shared(tree, name, doc):
    rows = lines_or_none(tree, f"maps/{name}/shared_lines")
    if rows is None:
        return same(f"{name} shared_lines", None, doc)
    same(f"{name} source of shared_lines", rows[0][1], doc["source"])
    summary = [f[1:] for f in rows if f[0] == "# lines"]
    same(f"{name} summary", {k: value(v) for k, v in (c.split("=") for c in sum(summary, []))},
         doc["summary"])
    header = [f for f in rows if f[0] == "# line"]
    keys = ["line"] + header[0][1:] if header else []
    texts = ("sharing", "what", "line")
    want = [{k: v if k in texts else None if v == "-" else v if k in ("writers", "readers") else int(v)
             for k, v in zip(keys, f)} for f in rows if f[0].startswith("0x")]
    same(f"{name} shared_lines", want, doc["lines"])
    return None


def check_events(tree, doc):
    if lines_or_none(tree, "events/stats") is None:
        return same("events", None, doc)
    for name in ("stats", "sites"):
        header, *rows = lines(tree, f"events/{name}")
        keys = [header[0][2:]] + header[1:]
        same(f"events {name}", [dict(zip(keys, [value(v) for v in r])) for r in rows], doc[name])
    return None


def check_pauses(tree, name, doc):
    rows = lines(tree, f"maps/{name}/pauses")
    same(f"{name} events", [[int(f[1]), f[2], int(f[3]), int(f[4])] for f in rows if f[0] == "event"],
         [[e["end_ns"], e["kind"], e["duration_ns"], e["entries"]] for e in doc["events"]])
    same(f"{name} pauses", [[int(c) for c in f[1:]] for f in rows if f[0] == "hist"],
         doc["buckets"])
    same(f"{name} kinds", {f[0][2:]: dict((k, int(v)) for k, v in (c.split("=") for c in f[1:]))
                           for f in rows if f[0][0] == "#"}, doc["kinds"])


def check_misses(tree, name, doc):
    """Check cache misses; without the file, everything is empty."""
    path = f"maps/{name}/cache_miss"
    rows = lines(tree, path) if os.path.exists(os.path.join(tree, path)) else []
    same(f"{name} source of misses", rows[0][1] if rows else None, doc["source"])
    same(f"{name} misses", {f[0]: value(f[1]) for f in rows if len(f) == 2 and f[0][0] != "#"},
         doc["totals"])
    who = {"all": {"buckets_thousandths": {}, "summaries": {}}}
    for f in rows:
        one = who.setdefault(f[0].removeprefix("# "), {"buckets_thousandths": {}, "summaries": {}})
        if len(f) > 2 and f[0].startswith("# ") and "=" in f[2]:
            one["summaries"][f[1]] = {k: value(v) for k, v in (c.split("=") for c in f[2:])}
        elif len(f) == 5 and f[0][0] != "#":
            one["buckets_thousandths"].setdefault(f[1], []).append([int(c) for c in f[2:]])
    for part in ("buckets_thousandths", "summaries"):
        same(f"{name} {part} of misses", who["all"][part], doc[part])
    same(f"{name} misses of each CPU", [{"cpu": int(w[3:]), **one} for w, one in who.items()
                                        if re.fullmatch(r"cpu\d+", w)], doc["cpus"])


def main(tree, document):
    with open(document, encoding="utf-8") as f:
        doc = json.load(f)
    same("version", {k: value(v, k) for k, v in lines(tree, "version")}, doc["version"])
    same("control", "idle", doc["control"]["state"])
    stress = {n: lines(tree, f"stress/{n}") for n in os.listdir(os.path.join(tree, "stress"))}
    same("parameters", {n: value(f[0][0] if f else "", n) for n, f in stress.items()},
         doc["parameters"])
    same("accel", accel(tree), doc["accel"])
    check_results(tree, doc["results"])
    check_ranking(tree, doc["results"])
    check_events(tree, doc["events"])
    same("maps", sorted(os.listdir(os.path.join(tree, "maps"))), [m["name"] for m in doc["maps"]])
    for m in doc["maps"]:
        stats = {k: value(v, k) for k, v in lines(tree, f"maps/{m['name']}/stats")}
        same(f"{m['name']} stats", stats, m["stats"])
        check_latency(tree, m["name"], m["latency"])
        check_pauses(tree, m["name"], m["pauses"])
        check_misses(tree, m["name"], m["cache_miss"])
        check_percpu(tree, m["name"], m)
        check_front(tree, m["name"], m)
        check_shared(tree, m["name"], m["shared_lines"])


main(sys.argv[1], sys.argv[2])

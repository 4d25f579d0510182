# SPDX-License-Identifier: GPL-2.0-only
"""Checks the files parameters and last_error of a loaded module, in a guest of vm/run.

usage: published.py agrees MODINFO-LINES   parameters against modinfo -p and stress/
       published.py defaults               each value is the default, after insmod autostart=0
       published.py ranges                 the files accept the ranges in parameters, and nothing else
       published.py reader                 mapstat parameters agrees, as text and as JSON
       published.py races                  writers refused at the same time each read their own reason
Prints what is wrong and exits 1.
"""
import errno
import json
import os
import subprocess
import sys

import documents
from files import FILES, read, write

WRITERS, ROUNDS = 16, 200


def check(condition, message):
    if not condition:
        sys.exit(message)


def table():
    return {row["name"]: row for row in documents.parameters(f"{FILES}/parameters")}


def agrees(modinfo):
    with open(modinfo, encoding="ascii") as file:
        told = dict(line.rstrip("\n").split(":", 1) for line in file)
    rows = table()
    check({n: r["help"] for n, r in rows.items()} == told, f"modinfo has {told}, parameters {rows}")
    check(sorted(os.listdir(f"{FILES}/stress")) == sorted(rows), f"stress/ has {os.listdir(f'{FILES}/stress')}")
    for name, row in rows.items():
        check(read(f"stress/{name}") == row["value"] + "\n", f"stress/{name} is not {row['value']!r}")


def defaults():
    for name, row in table().items():
        wanted = "0" if name == "autostart" else row["default"]
        check(row["value"] == wanted, f"{name} is {row['value']!r}, by default {wanted!r}")


def beyond(row):
    """Values to be accepted, and values to be refused, according to the row."""
    kind, text = row["kind"], row["range"]
    if kind in ("word", "list"):
        return text.split(", "), [text.split(", ")[0] + "x", ""]
    if kind == "cpus":
        return ["0", ""], [",", "0-", "x"]
    numbers, _, least = text.rpartition(" in ")
    lo, hi = least.split(",")[0].split("..")
    if kind == "decimal":
        return [lo, hi], ["0.000", "1.000", hi + "9"]
    if numbers:
        good = [lo, "2", str(int(hi) // 2), hi] + ["0"] * numbers.startswith("0 or")
        return good, ["3", str(int(hi) + 1)] + ["0"] * (not numbers.startswith("0 or"))
    return [lo, hi], [str(int(lo) - 1), str(int(hi) + 1), "x", ""]


def ranges():
    for name, row in table().items():
        good, bad = beyond(row)
        for value in good:
            error = write(f"stress/{name}", value)
            check(not error, f"{name}={value} is in '{row['range']}': {errno.errorcode.get(error)}")
            write(f"stress/{name}", row["default"])
        for value in bad:
            error = write(f"stress/{name}", value)
            check(error == errno.EINVAL, f"{name}={value} is not in '{row['range']}': {errno.errorcode.get(error)}")
            said = read("last_error")
            check(said.startswith(f"{errno.EINVAL}\tparameter {name}={value}: ") and said.endswith(f"\t{os.getpid()}\n"),
                  f"{name}={value}: last_error is {said!r}")


def reader():
    rows = list(table().values())
    said = json.loads(subprocess.check_output(["mapstat", "parameters", "--json"]))
    wanted = [{key: float(v) if key in ("value", "default") and row["kind"] in ("number", "decimal") else v
               for key, v in row.items()} for row in rows]
    check([dict(sorted(p.items())) for p in said] == [dict(sorted(p.items())) for p in wanted],
          f"--json prints {said}\nparameters {wanted}")
    every = json.loads(subprocess.check_output(["mapstat", "json"]))["parameters"]
    check(every == {p["name"]: p["value"] for p in wanted}, f"mapstat json prints {every}")
    text = subprocess.check_output(["mapstat", "parameters"], env=os.environ | {"COLUMNS": "1000"}).decode()
    lines = text.splitlines()
    for row in rows:
        state = "default" if row["value"] == row["default"] else f"default: {row['default'] or 'empty'}"
        at = [i for i, line in enumerate(lines) if line == f"{row['name']}={row['value']}  {state}"]
        check(len(at) == 1, f"no line of {row['name']}: {text}")
        check(lines[at[0] + 1:at[0] + 3] == ["    " + row["range"], "    " + row["help"]], f"{row['name']}: {text}")


def refused_again_and_again():
    for i in range(ROUNDS):
        value = f"x{os.getpid()}y{i}"
        error = write("stress/keys", value)
        said = read("last_error")
        wanted = f"{errno.EINVAL}\tparameter keys={value}: not in 1..4294967295\t{os.getpid()}\n"
        check(error == errno.EINVAL and said == wanted, f"last_error is {said!r}, not {wanted!r}")


def races():
    writers = []
    for _ in range(WRITERS):
        pid = os.fork()
        if not pid:
            refused_again_and_again()
            os._exit(0)
        writers.append(pid)
    for pid in writers:
        check(os.waitpid(pid, 0)[1] == 0, "a writer read what was not its own")
    # A process that was not refused reads the last refusal, complete.
    said = read("last_error").split("\t")
    check(len(said) == 3 and int(said[2]) in writers, f"last_error is {said}")


if __name__ == "__main__":
    globals()[sys.argv[1]](*sys.argv[2:])

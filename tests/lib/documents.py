# SPDX-License-Identifier: GPL-2.0-only
"""Compares the tables of parameters in the documents with the module's file parameters.

usage: documents.py check PARAMETERS [DIRECTORY]   all of them; prints what differs and exits 1
       documents.py write PARAMETERS [DIRECTORY]   write those of docs/debugfs.md and mapstat.1

PARAMETERS: a copy of the file; DIRECTORY: the source tree, by default this one.  The README groups
parameters and describes them differently: only names and defaults are compared.
"""
import os
import re
import sys

HERE = os.path.join(os.path.dirname(os.path.realpath(__file__)), "../..")
HEADER = "# name\tkind\tdefault\trange\thelp\tvalue"
# The marker lines around each table.
MARKS = {
    "docs/debugfs.md": ("<!-- parameters -->\n", "<!-- /parameters -->\n"),
    "userspace/mapstat.1": ('.\\" parameters\n', '.\\" /parameters\n'),
}


def parameters(path):
    with open(path, encoding="ascii") as file:
        lines = file.read().splitlines()
    if lines[0] != HEADER:
        sys.exit(f"{path}: the header is {lines[0]!r}")
    names = HEADER[2:].split("\t")
    rows = [dict(zip(names, line.split("\t"), strict=True)) for line in lines[1:]]
    if not rows:
        sys.exit(f"{path}: no parameter")
    return rows


def for_docs(rows):
    lines = ["| name | default | range | what for |", "|---|---|---|---|"]
    for r in rows:
        lines.append(f"| {r['name']} | {r['default'] or 'empty'} | {r['range']} | {r['help']} |")
    return "\n".join(lines) + "\n"


def roff(text):
    return text.replace("\\", "\\e").replace("-", "\\-").replace("^", "\\(ha")


def for_man(rows):
    lines = []
    for r in rows:
        lines += [".TP", f".B {roff(r['name'])}={roff(r['default'])}",
                  f"\\&{roff(r['help'])}.", ".br", f"\\&{roff(r['range'])}"]
    return "\n".join(lines) + "\n"


TABLES = {"docs/debugfs.md": for_docs, "userspace/mapstat.1": for_man}


def read(directory, name):
    with open(os.path.join(directory, name), encoding="utf-8") as file:
        return file.read()


def cut(name, text):
    """The text before the table, the table, and the text after it."""
    begin, end = MARKS[name]
    if text.count(begin) != 1 or text.count(end) != 1:
        sys.exit(f"{name}: the table must be between {begin!r} and {end!r}")
    head, rest = text.split(begin)
    table, tail = rest.split(end)
    return head + begin, table, end + tail


def write(rows, directory):
    for name, table in TABLES.items():
        head, _, tail = cut(name, read(directory, name))
        with open(os.path.join(directory, name), "w", encoding="utf-8") as file:
            file.write(head + table(rows) + tail)


def differences(rows, directory):
    for name, table in TABLES.items():
        _, found, _ = cut(name, read(directory, name))
        found, wanted = found.splitlines(), table(rows).splitlines()
        yield from (f"{name}: not in the module: {line}" for line in found if line not in wanted)
        yield from (f"{name}: in the module, not here: {line}" for line in wanted if line not in found)
        if sorted(found) == sorted(wanted) and found != wanted:
            yield f"{name}: in another order"
    yield from readme(rows, read(directory, "README.md"))


def readme(rows, text):
    section = text.partition("\n## Parameters\n")[2].partition("\n## ")[0]
    found = {}
    for names, defaults in re.findall(r"^\| ([a-z_, ]+) \| ([^|]*?) \|", section, re.M):
        names, defaults = names.split(", "), defaults.split(", ")
        if names == ["name"]:
            continue
        # One for all, if they are the same.
        defaults = defaults * len(names) if len(defaults) == 1 else defaults
        if len(names) != len(defaults):
            yield f"README.md: {len(defaults)} defaults of {', '.join(names)}"
        found.update(zip(names, defaults))
    wanted = {r["name"]: r["default"] or "empty" for r in rows}
    for name in sorted(found.keys() | wanted.keys()):
        if found.get(name) != wanted.get(name):
            yield f"README.md: {name} is {found.get(name)}, in the module {wanted.get(name)}"


def main():
    rows = parameters(sys.argv[2])
    directory = sys.argv[3] if len(sys.argv) > 3 else HERE
    if sys.argv[1] == "write":
        write(rows, directory)
    wrong = list(differences(rows, directory))
    print("\n".join(wrong), end="\n" if wrong else "")
    sys.exit(bool(wrong))


if __name__ == "__main__":
    main()

# SPDX-License-Identifier: GPL-2.0-only
"""Reads the bench's files: tab-separated, one header line, '#' lines with settings and reasons.

A figure is a number above 0, or None if the file has '-'.
"""
import math
import os

NATIVE = "design n threads mix dist round mops ns_per_op".split()
RECORD = "work round ns_per_op loop_ns".split()
TEXTS = {"design", "mix", "dist", "start", "work"}
WHOLE = {"n", "threads", "round"}


class Wrong(Exception):
    """The content of a file is wrong."""


class File:
    def __init__(self, path, header):
        self.path = path
        self.header = header
        self.comments = []
        self.rows = []

    def wrong(self, number, message):
        return Wrong(f"{self.path}:{number}: {message}")

    def value(self, number, name, text):
        if name in TEXTS:
            if not text:
                raise self.wrong(number, f"no {name}")
            return text
        if text == "-":
            # A design that was not measured at all has no rounds.
            if name in WHOLE - {"round"}:
                raise self.wrong(number, f"no {name}")
            return None
        try:
            value = int(text) if name in WHOLE else float(text)
        except ValueError:
            raise self.wrong(number, f"{name} is '{text}', no number") from None
        if not math.isfinite(value) or value < 0 or (name == "ns_per_op" and not value):
            raise self.wrong(number, f"{name} is {text}")
        return value


def read(path, header=None):
    """Read a file; if a header is given, the file must have it."""
    with open(path, encoding="utf-8") as file:
        text = file.read()
    name = os.path.basename(path)
    if not text.endswith("\n"):
        raise Wrong(f"{path}: its last line has no end: it was truncated, or {name} is still being written")
    result = File(path, None)
    for number, line in enumerate(text.split("\n")[:-1], 1):
        if line.startswith("#"):
            result.comments.append(line[1:].strip())
            continue
        fields = line.split("\t")
        if result.header is None:
            if header and fields != header:
                raise result.wrong(number, f"the header is {fields}, should be {header}")
            result.header = fields
            continue
        if len(fields) != len(result.header):
            raise result.wrong(number, f"{len(fields)} columns, the header has {len(result.header)}")
        result.rows.append({n: result.value(number, n, f) for n, f in zip(result.header, fields)})
    if result.header is None:
        raise Wrong(f"{path}: no header")
    if not result.rows:
        raise Wrong(f"{path}: no rows")
    return result

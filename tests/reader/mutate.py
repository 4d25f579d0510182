# SPDX-License-Identifier: GPL-2.0-only
"""Damage recorded trees and check that mapstat rejects or shows them, and never crashes.

Accepted: exit status 0 (with valid JSON from "json"), or a documented error with a
message and nothing on standard output.  The program is built with sanitizers.
"""

import json
import os
import random
import shutil
import subprocess
import sys

SEED = 1
COMMANDS = (["json"], ["show"], ["list"], ["show", "--op", "store", "--hist"],
            ["parameters"], ["parameters", "--json"],
            ["explain", "readdirty", "rwlock"], ["explain", "--json", "readdirty", "rwlock"],
            ["show", "--per-cpu"], ["list", "--per-cpu"], ["show", "--json", "--hist", "--per-cpu"],
            ["list", "--json", "--per-cpu"],
            ["wait"])
REFUSALS = {1, 6, 8, 11}	# 1: "wait" after a failed run; 8: a map's name was changed
TOKENS = (b"-", b"inf", b"\t", b"\n", b"\0", b"=", b"#", b"# ", b"\xff\xfe", b"0", b"-1", b"1e9",
          b"18446744073709551615", b"18446744073709551616", b"9" * 400, b"median", b"A" * 5000,
          b"\x1b[2J", b"%s%n", b"\t" * 300, b"running 99999999999/1", b"# SUCCESS ")


def mutate(data, rng):
    for _ in range(rng.randint(1, 4)):
        at, kind = rng.randint(0, len(data)), rng.randrange(6)
        if kind == 0:
            data = data[:at] + rng.choice(TOKENS) + data[at:]
        elif kind == 1:
            data = data[:at] + data[at + rng.randint(1, 40):]
        elif kind == 2:
            data = data[:at]
        elif kind == 3 and data:
            at %= len(data)
            data = data[:at] + bytes([rng.randrange(256)]) + data[at + 1:]
        else:
            rows = data.split(b"\n")
            a, b = rng.randrange(len(rows)), rng.randrange(len(rows))
            if kind == 4:
                rows[a], rows[b] = rows[b], rows[a]
            else:
                fields = rows[a].split(b"\t")
                fields[rng.randrange(len(fields))] = rng.choice(TOKENS)
                rows[a] = b"\t".join(fields)
            data = b"\n".join(rows)
    return data


def complaint(command, result):
    if result.returncode == 0:
        if "json" in command or "--json" in command:
            try:
                json.loads(result.stdout.decode("utf-8"))
            except ValueError as error:
                return f"not JSON: {error}"
        return b"\x1b" in result.stdout and "an escape sequence in the output" or None
    if result.returncode not in REFUSALS:
        return f"exit status {result.returncode}"
    if result.stdout:
        return "output in spite of an error"
    return None if result.stderr.startswith(b"mapstat: ") else "no message"


def files(tree):
    found = []
    for path, _, names in os.walk(tree):
        found += [os.path.join(path, n) for n in names if "stress" not in path or n == "keys"]
    return sorted(found)


def main(program, trees, work, count):
    rng = random.Random(SEED)
    shutil.copytree(os.path.join(trees, "recorded"), work)
    shutil.copy(os.path.join(trees, "parameters"), work)
    others = os.path.join(trees, "results")
    outcomes = {}
    for number in range(count):
        path = rng.choice([os.path.join(work, "results"), rng.choice(files(work))])
        with open(path, "rb") as f:
            before = f.read()
        data = before
        if path.endswith("/results") and rng.random() < 0.5:
            with open(os.path.join(others, rng.choice(sorted(os.listdir(others)))), "rb") as f:
                data = f.read()
        data = mutate(data, rng)
        with open(path, "wb") as f:
            f.write(data)
        # A damaged control may read "running", and then waiting would not end.
        command = rng.choice(COMMANDS[:-1] if path.endswith("/control") else COMMANDS)
        result = subprocess.run([program, "-d", work] + command, capture_output=True, timeout=60,
                                check=False)
        wrong = complaint(command, result)
        if wrong:
            print(f"# mutation {number} of {path}, {command}: {wrong}")
            print("# " + result.stderr.decode("utf-8", "replace")[:3000].replace("\n", "\n# "))
            sys.exit(1)
        outcomes[result.returncode] = outcomes.get(result.returncode, 0) + 1
        with open(path, "wb") as f:
            f.write(before)
    print(f"# {count} damaged trees, exit statuses {outcomes}")
    if count >= 1000 and (outcomes.get(11, 0) < count // 10 or outcomes.get(0, 0) < count // 10):
        sys.exit("# too few mutations reach the parsers")


main(sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4]))

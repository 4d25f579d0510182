# SPDX-License-Identifier: GPL-2.0-only
"""Runs what cases.py lists, and leaves the results in a directory."""
import os
import re
import shlex
import shutil
import subprocess
import sys
import time

import cases

BENCH = "build/native/bench"
EXTERNAL = "build/native/go-maps"


def say(start, text):
    print(f"claims: {int(time.monotonic() - start)} s: {text}", file=sys.stderr)


def shortened(text):
    for key, value in cases.BRIEF.items():
        text = re.sub(rf"(?<!\S){key}\s*\d+", value, text)
    return text


def command(args, stdout=None):
    # make's jobserver descriptors stay open.
    result = subprocess.run(args, stdin=subprocess.DEVNULL, stdout=stdout, check=False, close_fds=False)
    if result.returncode:
        sys.exit(f"claims: status {result.returncode}: {shlex.join(args)}")


def guest(directory, brief):
    """All runs of the module, in one boot."""
    where = os.path.join(directory, "uml")
    shutil.rmtree(where, ignore_errors=True)
    os.makedirs(where)
    todo = os.path.abspath(os.path.join(where, "runs"))
    with open(todo, "w", encoding="ascii") as file:
        for run, parameters in cases.runs():
            file.write(f"{run} {shortened(parameters) if brief else parameters}\n")
    command(["vm/run", "--kernel", cases.KERNEL, "--cpus", str(cases.CPUS),
             "--mem", str(cases.MEM), "--timeout", str(cases.TIMEOUT), "--out", where, "--",
             f"bash $MAPSTAT_SOURCE/vm/claims/guest.sh {shlex.quote(todo)}"])


def benches(directory, brief):
    command(["vm/install", "bench"])
    command(["make", "-s", "--no-print-directory", "-C", "native", "bench"])
    for step in (["vm/install", "go"], ["native/bench/go/build", EXTERNAL]):
        if subprocess.run(step, stdin=subprocess.DEVNULL, check=False).returncode:
            print("claims: continuing without the maps in Go", file=sys.stderr)
            break
    for name, arguments in cases.BENCHES:
        out = os.path.join(directory, f"{name}.tsv")
        arguments = shortened(arguments) if brief else arguments
        command([BENCH, "--external", EXTERNAL, *arguments.split(), "--out", out])


def measure(directory, brief):
    start = time.monotonic()
    os.makedirs(directory, exist_ok=True)
    # Fail before the bench takes minutes, if no guest can be booted.
    command(["vm/build", cases.KERNEL], stdout=subprocess.DEVNULL)
    say(start, "native/bench, on real CPUs")
    benches(directory, brief)
    say(start, f"User-Mode Linux: {len(list(cases.runs()))} runs")
    guest(directory, brief)
    say(start, "measured")

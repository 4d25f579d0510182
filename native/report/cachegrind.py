# SPDX-License-Identifier: GPL-2.0-only
"""The instructions and misses of a lookup, by cachegrind: reproducible figures.

Each figure is the difference of two runs that differ only in the number of lookups, so it does not
include set-up. The caches are a fixed model, not this machine's. The keys are read from a list,
which misses D1 once in 8 lookups."""
import collections
import os
import subprocess
import tempfile

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.realpath(__file__))))
GEOMETRY = ["--I1=32768,8,64", "--D1=49152,12,64", "--LL=33554432,16,64"]
SEED = "1"
# The calibration of the clock lasts a fixed time, not a fixed number of calls. Code without a name
# is the entry into the vDSO and other libraries: an instruction or two per call.
UNSTEADY = ("clock_start", "clock_gettime", "???")
BATCH = 256
LOOKUPS = 400 * BATCH	# the difference between the two runs

Counts = collections.namedtuple("Counts", "instructions d1_misses ll_misses")


class Failed(Exception):
    pass


def run(command):
    # The environment's size moves the stack, and so changes which data share a cache set.
    env = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C"}
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, env=env, cwd=TOP)
    except FileNotFoundError as error:
        raise Failed(f"{error.filename}: not found; valgrind and a built bench are needed") from None
    if done.returncode:
        # Valgrind's own messages are not the reason.
        said = [line for line in (done.stderr or done.stdout).strip().split("\n")
                if not line.startswith(("==", "--"))]
        raise Failed(f"{' '.join(command)}: status {done.returncode}: " + "; ".join(said[-3:]))
    return done.stdout


def read(path):
    """A cachegrind.out file: Counts by (source file, line), without the unsteady parts."""
    sums, events, steady, source = {}, [], True, "???"
    with open(path, encoding="utf-8", errors="replace") as file:
        for line in file:
            if line.startswith("events:"):
                events = line.split()[1:]
            elif line.startswith("fl="):
                source = line[3:].strip()
            elif line.startswith("fn="):
                steady = not line[3:].startswith(UNSTEADY)
            elif line[:1].isdigit() and steady:
                number, *values = line.split()
                each = dict(zip(events, map(int, values)))
                add(sums, (source, int(number)),
                    Counts(each["Ir"], each["D1mr"] + each["D1mw"], each["DLmr"] + each["DLmw"]))
            elif line.startswith("summary:"):
                return sums
    raise Failed("cachegrind wrote no summary")


def add(sums, at, counts):
    had = sums.get(at, Counts(0, 0, 0))
    sums[at] = Counts(*(a + b for a, b in zip(had, counts)))


def count(bench, design, n, mix, ops):
    with tempfile.NamedTemporaryFile(prefix="cachegrind.") as out:
        run(["setarch", "-R", "valgrind", "--tool=cachegrind", "--cache-sim=yes", *GEOMETRY,
             f"--cachegrind-out-file={out.name}", bench, "--count", design, "--n", str(n),
             "--mix", mix, "--dist", "uniform", "--seed", SEED, "--ops", str(ops)])
        return read(out.name)


def warm_up(n):
    """Lookups of the shorter run: a read/dirty map is promoted after about n misses."""
    return (n + n // 4) // BATCH * BATCH + 80 * BATCH


def by_line(bench, design, n, mix):
    """Counts of one lookup by (source file, line)."""
    sums = count(bench, design, n, mix, warm_up(n) + LOOKUPS)
    for at, counts in count(bench, design, n, mix, warm_up(n)).items():
        add(sums, at, Counts(*(-value for value in counts)))
    return {at: Counts(*(value / LOOKUPS for value in counts)) for at, counts in sums.items()}


def per_lookup(lines):
    """Counts of one lookup: the sum over its lines."""
    return Counts(*map(sum, zip(*lines.values())))

# SPDX-License-Identifier: GPL-2.0-only
"""What a lookup executes and misses, by cachegrind: the same figures every time.

Each figure is the difference of two runs that do the same but for the number of lookups, so set-up
is not in it. The caches are a fixed model, not this machine's. The keys are read from a list, which
misses D1 once in 8 lookups."""
import collections
import os
import subprocess
import tempfile

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.realpath(__file__))))
GEOMETRY = ["--I1=32768,8,64", "--D1=49152,12,64", "--LL=33554432,16,64"]
SEED = "1"
# The clock is measured for a time, not for a number of calls. What has no name is the way into
# the vDSO and into other libraries: an instruction or two for each call.
UNSTEADY = ("clock_start", "clock_gettime", "???")
BATCH = 256
LOOKUPS = 400 * BATCH	# by which the two runs differ

Counts = collections.namedtuple("Counts", "instructions d1_misses ll_misses")


class Failed(Exception):
    pass


def run(command):
    # A stack that depends on who runs it would move what shares a cache set with what.
    env = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C"}
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, env=env, cwd=TOP)
    except FileNotFoundError as error:
        raise Failed(f"{error.filename}: not found; valgrind and a built bench are needed") from None
    if done.returncode:
        # What valgrind says of itself is not the reason.
        said = [line for line in (done.stderr or done.stdout).strip().split("\n")
                if not line.startswith(("==", "--"))]
        raise Failed(f"{' '.join(command)}: status {done.returncode}: " + "; ".join(said[-3:]))
    return done.stdout


def read(path):
    """A cachegrind.out file: Counts by (source file, line), without what is unsteady."""
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
    raise Failed("cachegrind left no summary")


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
    """Lookups of the shorter run: a read/dirty map is promoted when about n have missed."""
    return (n + n // 4) // BATCH * BATCH + 80 * BATCH


def by_line(bench, design, n, mix):
    """Counts of one lookup by (source file, line)."""
    sums = count(bench, design, n, mix, warm_up(n) + LOOKUPS)
    for at, counts in count(bench, design, n, mix, warm_up(n)).items():
        add(sums, at, Counts(*(-value for value in counts)))
    return {at: Counts(*(value / LOOKUPS for value in counts)) for at, counts in sums.items()}


def per_lookup(lines):
    """Counts of one lookup, of those of its lines."""
    return Counts(*map(sum, zip(*lines.values())))

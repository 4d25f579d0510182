# SPDX-License-Identifier: GPL-2.0-only
"""What is run for docs/claims.md: all parameters, in one place.

A run is a run of the module in a kernel that is booted for it; "{n}" stands for each of SIZES,
"{ms}" for its MS.
A bench is a run of native/bench. Times are taken where instructions run at native speed, in
User-Mode Linux (one CPU) and in the bench (real CPUs, user space); the emulated machine with
two CPUs only counts.
"""
import collections

SIZES = (1000, 100000, 1000000)
PAIR = ("readdirty_classic", "rwlock")  # sync.Map's design, and map + RWMutex's
GO_PAIR = ("go_syncmap", "go_rwmutex")

Machine = collections.namedtuple("Machine", "kernel cpus mem timeout")
MACHINES = {
    "uml": Machine("uml", 1, 4096, 900),
    "qemu": Machine("stock-6.1", 2, 2048, 1500),
}

MIX = "read_permille=973 delete_permille=100 keys={n}"
HOT = "read_permille=1000 dist=hotspot keys={n}"
TIMED = "cache=model rounds=5 duration_ms={ms}"
COUNTED = "cache=model rounds=3 duration_ms={ms}"
# A filled map of sync.Map's design is promoted after as many loads as it has entries: a round
# has to be long enough for that.
MS = {1000: 300, 100000: 300, 1000000: 1500}

# name, machine, parameters of the module
RUNS = (
    ("mix-{n}", "uml", f"maps=rwlock,readdirty_classic,readdirty threads=1 {MIX} {TIMED}"),
    ("hot-{n}", "uml", f"maps=rwlock,readdirty_classic,readdirty threads=1 {HOT} {TIMED}"),
    ("mutex-{n}", "uml", f"maps=sharded,readdirty_classic shards=1 threads=1 {MIX} {TIMED}"),
    ("front-{n}", "uml", f"maps=seqlock,readdirty_classic front=on threads=1 {HOT} {TIMED}"),
    ("draws", "uml", "maps=readdirty_classic threads=1 read_permille=973 keys=10000 sample_shift=0 "
                     "cache=off rounds=1 duration_ms=1000"),
    ("poisson", "uml", "maps=readdirty_classic threads=1 read_permille=973 keys=10000 arrival=poisson "
                       "rate=80 cache=off rounds=1 duration_ms=20000"),
    ("pauses", "uml", "maps=readdirty_classic threads=1 read_permille=900 delete_permille=500 "
                      "keys=20000 sample_shift=0 cache=off rounds=40 duration_ms=50"),
    ("events", "uml", "maps=readdirty_classic threads=1 read_permille=973 keys=1000 cache=model events=1 "
                      "rounds=1 duration_ms=100"),
    ("mix-{n}", "qemu", f"maps=rwlock,readdirty_classic,readdirty threads=2 {MIX} {COUNTED}"),
    ("hot-{n}", "qemu", f"maps=rwlock,readdirty_classic,readdirty threads=2 {HOT} {COUNTED}"),
    ("mutex-{n}", "qemu", f"maps=sharded,readdirty_classic shards=1 threads=2 {MIX} {COUNTED}"),
    ("shards-{n}", "qemu", f"maps=sharded,readdirty_classic shards=32 threads=2 {MIX} {COUNTED}"),
    ("falseshare", "qemu", "experiment=falseshare threads=2 keys=10000 cache=model rounds=3 duration_ms=300"),
)

N = ",".join(str(n) for n in SIZES)
TURNS = "--rounds 5 --ms 20"

# name, arguments of native/bench
BENCHES = (
    ("mix", f"--designs rwlock,readdirty_classic,readdirty,sharded,go_rwmutex,go_syncmap,go_shard32 "
            f"--mix 97.3 --dist uniform --n {N} --threads 1,2 {TURNS}"),
    ("hot", f"--designs rwlock,readdirty_classic,readdirty,go_rwmutex,go_syncmap "
            f"--mix hit --dist hotspot --n {N} --threads 1,2 {TURNS}"),
    ("u64", f"--designs rwlock,rwlock_generic,seqlock,seqlock_generic --mix hit --dist uniform "
            f"--n 64,2000,{N} --threads 1 {TURNS}"),
    ("front", f"--designs seqlock,seqlock_front,readdirty_classic,readdirty_classic_front --mix hit "
              f"--dist hotspot --n {N} --threads 1,2 {TURNS}"),
    ("grow", f"--grow --designs rwlock,sharded,readdirty,readdirty_classic,seqlock --n 10000,{N} "
             f"--rounds 3"),
)

# --brief: only to see that all of it works; the figures mean nothing.
BRIEF = {"rounds=": "rounds=2", "duration_ms=": "duration_ms=40", "--rounds": "--rounds 1",
         "--ms": "--ms 3"}


def runs(machine):
    """(name, size or None, parameters) of each run there."""
    for name, where, parameters in RUNS:
        if where != machine:
            continue
        for n in SIZES if "{n}" in name else (None,):
            yield (name.replace("{n}", str(n)), n,
                   parameters.replace("{n}", str(n)).replace("{ms}", str(MS.get(n))))


def parameters_of(machine, name):
    return {run: parameters for run, _, parameters in runs(machine)}[name]

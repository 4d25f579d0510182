# SPDX-License-Identifier: GPL-2.0-only
"""The runs for docs/claims.md, with all parameters in one place.

A run is a run of the module in User-Mode Linux; "{n}" stands for each of SIZES, "{ms}" for its
MS, "{threads}" for each of THREADS. A bench is a run of native/bench.
"""
SIZES = (1000, 100000, 1000000)
THREADS = (1, 2)
PAIR = ("readdirty_classic", "rwlock")  # sync.Map's design, and map + RWMutex's
GO_PAIR = ("go_syncmap", "go_rwmutex")

KERNEL, CPUS, MEM, TIMEOUT = "uml", 2, 4096, 1800

MIX = "read_permille=973 delete_permille=100 keys={n}"
HOT = "read_permille=1000 dist=hotspot keys={n}"
TURN = "cache=model rounds=5 duration_ms={ms}"
# A filled map of sync.Map's design is promoted after as many loads as it has entries: rounds
# must be long enough for that.
MS = {1000: 300, 100000: 300, 1000000: 1500}

# name, parameters of the module
RUNS = (
    ("mix-{n}-{threads}", f"maps=rwlock,readdirty_classic,readdirty threads={{threads}} {MIX} {TURN}"),
    ("hot-{n}-{threads}", f"maps=rwlock,readdirty_classic,readdirty threads={{threads}} {HOT} {TURN}"),
    ("mutex-{n}-{threads}", f"maps=sharded,readdirty_classic shards=1 threads={{threads}} {MIX} {TURN}"),
    ("shards-{n}-2", f"maps=sharded,readdirty_classic shards=32 threads=2 {MIX} {TURN}"),
    ("falseshare", "experiment=falseshare threads=2 keys=10000 cache=model rounds=5 duration_ms=300"),
    ("front-{n}", f"maps=seqlock,readdirty_classic front=on threads=1 {HOT} {TURN}"),
    ("draws", "maps=readdirty_classic threads=1 read_permille=973 keys=10000 sample_shift=0 "
              "cache=off rounds=1 duration_ms=1000"),
    ("poisson", "maps=readdirty_classic threads=1 read_permille=973 keys=10000 arrival=poisson "
                "rate=80 cache=off rounds=1 duration_ms=20000"),
    ("pauses", "maps=readdirty_classic threads=1 read_permille=900 delete_permille=500 "
               "keys=20000 sample_shift=0 cache=off rounds=40 duration_ms=50"),
    ("events", "maps=readdirty_classic threads=1 read_permille=973 keys=1000 cache=model events=1 "
               "rounds=1 duration_ms=100"),
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
             f"--rounds 5"),
)

# --brief: only to see that everything works; the figures mean nothing.
BRIEF = {"rounds=": "rounds=2", "duration_ms=": "duration_ms=40", "--rounds": "--rounds 1",
         "--ms": "--ms 3"}


def runs():
    """(name, parameters) of each run."""
    for name, parameters in RUNS:
        for n in SIZES if "{n}" in name else (None,):
            for threads in THREADS if "{threads}" in name else (None,):
                of = {"n": n, "ms": MS.get(n), "threads": threads}
                yield name.format(**of), parameters.format(**of)


def parameters_of(name):
    return dict(runs())[name]

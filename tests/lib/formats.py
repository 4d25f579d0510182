# SPDX-License-Identifier: GPL-2.0-only
"""Checks the debugfs files: the formats of docs/debugfs.md, and sums that must agree.

usage: formats.py results FILE [PARAMETER=VALUE...]
       formats.py version|stats|percpu|latency|latency_percpu|pauses|front_stats|cache_miss|shared_lines FILE
       formats.py sums DIRECTORY      maps/<name>, at rest
       formats.py rising ROOT SECONDS   no total falls while a run is under way
       formats.py parameters DIRECTORY MODINFO-LINES-FILE
Prints what is wrong and exits 1.
"""
import glob
import os
import re
import statistics
import sys
import time

DOCS = os.path.join(os.path.dirname(os.path.realpath(__file__)), "../../docs/debugfs.md")
OPS = "load store delete rmw range load_many load_response store_response delete_response".split()
KINDS = "promotion copy growth shrink grace_period".split()
PRIMITIVES = "irq_save_restore bh_disable_enable rcu_read_lock_unlock this_cpu_add smp_mb smp_rmb".split()
OVERFLOW_LO = 1 << 34


def check(condition, message):
    if not condition:
        sys.exit(message)


def lines_of(path):
    with open(path, encoding="ascii") as file:
        text = file.read()
    check(text.endswith("\n"), f"{path}: does not end in a newline")
    return text.split("\n")[:-1]


def documented():
    with open(DOCS, encoding="utf-8") as file:
        return file.read()


def counters():
    """The counters' names, from the header that the module is built with."""
    header = os.path.join(os.path.dirname(DOCS), "../kmod/stats/counters.h")
    with open(header, encoding="utf-8") as file:
        enum = re.search(r"^enum cmap_counter \{\n(.*?)^\}", file.read(), re.M | re.S)
    return [n.lower() for n in re.findall(r"^\tCMAP_([A-Z_]+),$", enum.group(1), re.M)]


def parameters():
    """Name -> default, from the table in docs/debugfs.md."""
    section = documented().partition("\n<!-- parameters -->\n")[2].partition("\n<!-- /parameters -->\n")[0]
    rows = re.findall(r"^\| ([a-z_]+) \| ([^|]*?) \|", section, re.M)
    return {name: default for name, default in rows if name != "name"}


# Results

def results_header():
    return re.search(r"^ {4}# (map\tround\t.*)$", documented(), re.M).group(1).split("\t")


def number(text):
    return None if text == "-" else float(text)


def check_row(row, given):
    where = f"row {row['map']} {row['round']}"
    for name, value in row.items():
        if name not in ("map", "round"):
            check(value == "-" or re.fullmatch(r"\d+(\.\d+)?", value),
                  f"{where}: {name} is '{value}', no number")
    check(float(row["ops"]) > 0 and float(row["ops_per_s"]) > 0, f"{where}: no operations")
    check(float(row["ns_per_op"]) > 0, f"{where}: ns_per_op is {row['ns_per_op']}")
    check(float(row["errors"]) == 0, f"{where}: {row['errors']} errors")
    check(float(row["misses"]) <= float(row["ops"]), f"{where}: more misses than operations")
    for group in "load store delete response".split():
        names = [f"{group}_{p}_ns" for p in "p50 p99 p999 max".split()]
        values = [number(row[name]) for name in names]
        check(len({v is None for v in values}) == 1, f"{where}: {group}: some are '-', some not")
        if values[0] is not None and row["round"] != "median":
            check(values == sorted(values), f"{where}: {names} are not in order: {values}")
    poisson = given.get("arrival") == "poisson"
    check((row["response_p50_ns"] != "-") == poisson,
          f"{where}: response times are {row['response_p50_ns']}, arrival={given.get('arrival')}")
    if "read_permille" in given and row["round"] != "median":
        read = int(given["read_permille"])
        check(read < 1000 or row["store_p50_ns"] == row["delete_p50_ns"] == "-",
              f"{where}: stores were timed with read_permille=1000")
        check(read > 0 or row["load_p50_ns"] == "-", f"{where}: loads were timed with read_permille=0")


def check_medians(rows, maps):
    for name in maps:
        rounds = [r for r in rows if r["map"] == name and r["round"] != "median"]
        # Disturbed rounds do not count, unless there are no others.
        rounds = [r for r in rounds if r["threads_away"] == "0"] or rounds
        (median,) = [r for r in rows if r["map"] == name and r["round"] == "median"]
        for column in results_header()[2:]:
            values = [float(r[column]) for r in rounds if r[column] != "-"]
            if not values:
                check(median[column] == "-", f"{name}: median {column} of nothing is {median[column]}")
            elif len(values) == len(rounds) and len(rounds) % 2:
                check(float(median[column]) == statistics.median(values),
                      f"{name}: median {column} is {median[column]}, of {values}")


def numbers_of(text):
    """Numbers in a list like those of CPUs."""
    ranges = [part.split("-") for part in text.split(",")] if text else []
    return {n for r in ranges for n in range(int(r[0]), int(r[-1]) + 1)}


def check_disturbed(rows, verdict):
    away = {int(r["round"]) for r in rows if r["round"] != "median" and r["threads_away"] != "0"}
    said = re.search(r" disturbed: threads were not on their CPUs in rounds ([-,\d]+): ", verdict)
    check(numbers_of(said.group(1) if said else "") == away, f"rounds with threads away: {away}, the verdict: {verdict}")


def results(path, *settings):
    given = dict(s.split("=", 1) for s in settings)
    lines = lines_of(path)
    header = results_header()
    check(lines[0] == "# " + "\t".join(header), f"the header is not the documented one: {lines[0]}")
    of = ", ns_per_op includes the clock" if given.get("arrival") == "poisson" else ", ns_per_op of batches in which none was timed"
    check(re.match(rf"# source\tclock (tsc|ktime), read [\d.]+ ns, empty loop [\d.]+ ns, latency of "
                   rf"1 in \d+(\.\d)? operations{of}$|# source\t.*-", lines[1]), f"source line: {lines[1]}")
    check(re.match(r"# misses\t(model|pmu|none|-)", lines[2]), f"misses line: {lines[2]}")
    check(re.fullmatch("# primitives\t" + ", ".join(rf"{p} \d+\.\d ns" for p in PRIMITIVES), lines[3]),
          f"primitives line: {lines[3]}")
    check(re.match(r"# (SUCCESS|FAILURE|RUNNING|NONE) ", lines[-1]), f"verdict line: {lines[-1]}")
    for name in parameters():
        check(re.search(rf" {name}=", lines[-1]), f"the verdict does not name {name}: {lines[-1]}")
    for name, value in given.items():
        check(f" {name}={value}" in lines[-1] + " ", f"the verdict does not have {name}={value}: {lines[-1]}")

    rows = []
    for line in lines[4:-1]:
        fields = line.split("\t")
        check(len(fields) == len(header), f"{len(fields)} columns, the header has {len(header)}: {line}")
        rows.append(dict(zip(header, fields)))
    maps = re.search(r" maps=(\S+)", lines[-1]).group(1).split(",")
    if " experiment=falseshare" in lines[-1]:
        maps = "counters_packed counters_padded sharded_packed sharded_padded".split()
    rounds = int(re.search(r" rounds=(\d+)", lines[-1]).group(1))
    if not lines[-1].startswith("# SUCCESS"):
        return
    # Designs take turns within a round; the medians come last.
    wanted = [(m, str(r)) for r in range(1, rounds + 1) for m in maps] + [(m, "median") for m in maps]
    check([(r["map"], r["round"]) for r in rows] == wanted,
          f"the rows are {[(r['map'], r['round']) for r in rows]}, should be {wanted}")
    for row in rows:
        check_row(row, given)
    check_medians(rows, maps)
    check_disturbed(rows, lines[-1])


# The files of one map, and version

def pairs(path):
    found = {}
    for line in lines_of(path):
        fields = line.split("\t")
        check(len(fields) == 2 and fields[0] not in found, f"{path}: not key<TAB>value, or twice: {line}")
        found[fields[0]] = fields[1]
    return found


def version(path):
    found = pairs(path)
    check(list(found) == "module abi kernel clock clock_read_ns loop_ns".split() + [p + "_ns" for p in PRIMITIVES], f"keys: {list(found)}")
    check(found["abi"] == "1", f"abi is {found['abi']}")
    check(found["kernel"] == os.uname().release, f"kernel is {found['kernel']}")
    check(found["clock"] in ("tsc", "ktime"), f"clock is {found['clock']}")
    for name in "clock_read_ns loop_ns".split():
        check(0 < float(found[name]) < 100000, f"{name} is {found[name]}")
    for name in PRIMITIVES:
        check(0 <= float(found[name + "_ns"]) < 100000, f"{name}_ns is {found[name + '_ns']}")
    # A compiler barrier may take no time; a locked instruction does.
    check(float(found["smp_mb_ns"]) > 0, "smp_mb() costs nothing")


def stats(path):
    found = pairs(path)
    wanted = ("design mode id key_size_bytes value_size_bytes entries buckets memory_bytes table_bytes "
              "bytes_per_entry percpu_bytes").split() + [c + "_total" for c in counters()] + ["latencies_lost_total"]
    check(list(found) == wanted, f"keys are {list(found)}, should be {wanted}")
    for name in wanted[2:]:
        check(re.fullmatch(r"-|\d+(\.\d+)?", found[name]), f"{name} is {found[name]}")
    check(int(found["percpu_bytes"]) >= 8 * len(counters()) * len(possible_cpus()),
          f"percpu_bytes is {found['percpu_bytes']}: the counters alone take more")
    memory, entries = found["memory_bytes"], found["entries"]
    check(memory == "-" or int(found["table_bytes"]) <= int(memory), "table_bytes above memory_bytes")
    if memory != "-" and int(entries):
        check(abs(float(found["bytes_per_entry"]) - int(memory) / int(entries)) < 1,
              f"bytes_per_entry is {found['bytes_per_entry']}, {memory} bytes, {entries} entries")
    return found


def possible_cpus():
    with open("/sys/devices/system/cpu/possible", encoding="ascii") as file:
        ranges = [r.split("-") for r in file.read().strip().split(",")]
    return [cpu for r in ranges for cpu in range(int(r[0]), int(r[-1]) + 1)]


def percpu(path):
    lines = lines_of(path)
    check(lines[0] == "# counter\t" + "\t".join(f"cpu{c}" for c in possible_cpus()), f"header: {lines[0]}")
    rows = {line.split("\t")[0]: [int(v) for v in line.split("\t")[1:]] for line in lines[1:]}
    for name, values in rows.items():
        check(len(values) == len(possible_cpus()), f"{name}: {len(values)} columns")
    return rows


def check_bucket(lo, hi, what):
    """One of the buckets of include/uapi/mapstat.h: (lo, hi], 32 to the power of two."""
    if hi == "inf":
        check(int(lo) == OVERFLOW_LO, f"{what}: the last bucket begins at {lo}")
        return
    lo, hi = int(lo), int(hi)
    width = 1 if lo < 64 else 1 << (lo.bit_length() - 6)
    check(hi - lo == width and lo % width == 0, f"{what}: ({lo}, {hi}] is no bucket")
    check(hi - lo <= max(1, lo * 0.032), f"{what}: ({lo}, {hi}] is wider than 3.2 %")


def quantile_bounds(buckets, count, share):
    """The bucket that holds the observation of that rank."""
    rank, seen = max(1, -(-count * share // 1000)), 0
    for lo, hi, n in buckets:
        seen += n
        if seen >= rank:
            return lo, hi
    return None


def check_histogram(what, summary, buckets):
    found = dict(field.split("=") for field in summary)
    check(list(found) == "count sum_ns p50_ns p90_ns p99_ns p999_ns max_ns".split(), f"{what}: {summary}")
    count = sum(n for _, _, n in buckets)
    check(int(found["count"]) == count > 0, f"{what}: count={found['count']}, the buckets hold {count}")
    check(all(n > 0 for _, _, n in buckets), f"{what}: an empty bucket is listed")
    lows = [int(lo) for lo, _, _ in buckets]
    check(lows == sorted(set(lows)), f"{what}: buckets out of order")
    least = sum(int(lo) * n for lo, _, n in buckets)
    check(int(found["sum_ns"]) >= least, f"{what}: sum_ns={found['sum_ns']}, by its buckets at least {least}")
    last_lo, last_hi = buckets[-1][0], buckets[-1][1]
    check(int(found["max_ns"]) >= int(last_lo) and (last_hi == "inf" or int(found["max_ns"]) <= int(last_hi)),
          f"{what}: max_ns={found['max_ns']} is not in the last bucket, ({last_lo}, {last_hi}]")
    if last_hi != "inf":
        most = sum(int(hi) * n for _, hi, n in buckets)
        check(int(found["sum_ns"]) <= most, f"{what}: sum_ns={found['sum_ns']}, by its buckets at most {most}")
    for name, share in ("p50", 500), ("p90", 900), ("p99", 990), ("p999", 999):
        lo, hi = quantile_bounds(buckets, count, share)
        value = int(found[name + "_ns"])
        check(int(lo) <= value and (hi == "inf" or value <= int(hi)),
              f"{what}: {name}_ns={value} is not in ({lo}, {hi}]")
    return count


def latency_blocks(path, keys):
    """Yields (key fields, summary fields, buckets) for each histogram of the file."""
    lines = lines_of(path)
    check(re.match(r"# source\t", lines[0]), f"source line: {lines[0]}")
    check(lines[1] == "# " + "\t".join(keys + ["lo_ns", "hi_ns", "count"]), f"header: {lines[1]}")
    blocks = []
    for line in lines[2:]:
        fields = line.removeprefix("# ").split("\t")
        key = tuple(fields[:len(keys)])
        if line.startswith("# "):
            check(key not in [b[0] for b in blocks], f"{path}: {key} twice")
            blocks.append((key, fields[len(keys):], []))
            continue
        check(blocks and blocks[-1][0] == key, f"{path}: no summary line before {line}")
        lo, hi, n = fields[len(keys):]
        check_bucket(lo, hi, line)
        blocks[-1][2].append((lo, hi, int(n)))
    for key, summary, buckets in blocks:
        check(key[-1] in OPS, f"{path}: no operation: {key}")
        check_histogram(f"{path}: {key}", summary, buckets)
    return blocks


def latency(path):
    return latency_blocks(path, ["op"])


def latency_percpu(path):
    blocks = latency_blocks(path, ["cpu", "op"])
    for key, _, _ in blocks:
        check(key[0] in [f"cpu{c}" for c in possible_cpus()], f"{path}: no CPU: {key}")
    return blocks


def pauses(path):
    """A copy of the file; it is empty while there was no pause."""
    totals, hist, events = {}, 0, []
    for line in lines_of(path) if os.path.getsize(path) else []:
        fields = line.split("\t")
        if line.startswith("# "):
            kind = fields[0][2:]
            if kind in KINDS:
                totals[kind] = dict(f.split("=") for f in fields[1:])
                check(set(totals[kind]) == {"total", "sum_ns", "max_ns"}, f"summary: {line}")
        elif fields[0] == "hist":
            check_bucket(fields[1], fields[2], line)
            hist += int(fields[3])
        elif fields[0] == "event":
            check(len(fields) == 5 and fields[2] in KINDS, f"event: {line}")
            events.append(fields)
        else:
            check(False, f"{path}: {line}")
    total = sum(int(t["total"]) for t in totals.values())
    check(hist == total, f"{path}: the histogram has {hist} pauses, the summaries {total}")
    check(len(events) == min(64, total), f"{path}: {len(events)} events of {total}")
    ends = [int(e[1]) for e in events]
    check(ends == sorted(ends), f"{path}: events out of order")
    for _, _, kind, duration, _ in events:
        check(int(duration) <= int(totals[kind]["max_ns"]), f"{path}: an event longer than the maximum")


MISS_TOTALS = ("ops reads writes atomics lines cold_misses capacity_misses conflict_misses coherence_misses "
               "invalidations l1d_misses llc_misses dtlb_misses").split()
MISS_KINDS = ["", *(k + "_" for k in "load store delete rmw range load_many".split())]


def miss_totals(path, lines):
    """The key<TAB>value lines: all operations, then each kind; what the source counts is the same for all."""
    found = {}
    for line in lines:
        key, value = line.split("\t")
        check(re.fullmatch(r"\d+|-", value) and key not in found, f"{path}: {line}")
        found[key] = None if value == "-" else int(value)
    kinds = [k for k in MISS_KINDS if f"{k}ops_total" in found]
    check(list(found) == [f"{k}{t}_total" for k in kinds for t in MISS_TOTALS], f"{path}: {list(found)}")
    for total in MISS_TOTALS:
        split = [found[f"{k}{total}_total"] for k in kinds[1:]]
        if split and None not in split:
            check(sum(split) == found[total + "_total"], f"{path}: {total}_total is not the sum of its kinds'")
    whys = [found.get(f"{w}_misses_total") for w in "cold capacity conflict coherence".split()]
    if None not in whys:
        check(sum(whys) == found["l1d_misses_total"], f"{path}: l1d_misses_total is not the sum of its reasons")
        check(found["lines_total"] <= found["reads_total"] + found["writes_total"] + found["atomics_total"],
              f"{path}: more lines than accesses")
    return found


def cache_miss(path):
    lines = lines_of(path)
    check(re.match(r"# source\t(model L1D \d+ KiB \d+-way \d+ B, dTLB \d+ entries \d+-way, pages .*, LRU, "
                   r"no prefetcher|pmu .*|none -?[A-Z]+.*)$", lines[0]), f"source line: {lines[0]}")
    (head,) = [i for i, line in enumerate(lines) if line.startswith("# cpu\t")]
    check(lines[head] == "# cpu\tmisses\tlo_thousandths\thi_thousandths\tcount", f"{path}: {lines[head]}")
    totals = miss_totals(path, lines[1:head])
    sums, where = {}, None
    for line in lines[head + 1:]:
        fields = line.removeprefix("# ").split("\t")
        if line.startswith("# "):
            where = tuple(fields[:2])
            check(where not in sums and where[1] in "l1d llc dtlb coherence".split(), f"{path}: {line}")
            sums[where] = [int(fields[2].removeprefix("count=")), 0]
            continue
        check(tuple(fields[:2]) == where, f"{path}: no summary line before {line}")
        check_bucket(fields[2], fields[3], line)
        sums[where][1] += int(fields[4])
    for (cpu, what), (count, buckets) in sums.items():
        check(count == buckets > 0, f"{path}: {cpu} {what}: count={count}, the buckets hold {buckets}")
        split = sum(c for (k, w), (c, _) in sums.items() if w == what and k != "all")
        check(cpu != "all" or split == count, f"{path}: {what}: all CPUs have {count}, each together {split}")
    check(bool(sums) == bool(totals.get("ops_total")), f"{path}: histograms without operations, or none")
    return totals


FRONT_KEYS = ("state resting_cpus entries_per_cpu memory_bytes hit_permille hits_total misses_total "
              "invalidations_total fills_total bypassed_total rests_total writes_total "
              "write_cost_ns").split()


def front_stats(path):
    rows = [line.split("\t") for line in lines_of(path)]
    check([key for key, _ in rows] == FRONT_KEYS, f"{path}: {[key for key, _ in rows]}")
    found = dict(rows)
    check(found["state"] in ("off", "on", "resting"), f"{path}: state {found['state']}")
    for key, value in rows[1:]:
        check(re.fullmatch(r"\d+", value) or value == "-" and key in ("hit_permille", "write_cost_ns"),
              f"{path}: {key} {value}")
    check((found["state"] == "resting") == (found["resting_cpus"] != "0"), f"{path}: {found}")
    check((found["state"] == "off") == (found["entries_per_cpu"] == "0"), f"{path}: {found}")
    check(int(found["invalidations_total"]) <= int(found["misses_total"]), f"{path}: {found}")
    return found


def shared_lines(path):
    """Returns the rows; none, if the source does not count lines."""
    lines = lines_of(path)
    check(re.match(r"# source\t\S", lines[0]), f"{path}: source line: {lines[0]}")
    if not lines[0].startswith("# source\tmodel "):
        check(len(lines) == 1, f"{path}: lines from {lines[0]}")
        return []
    fields = lines[1].split("\t")
    check(fields[0] == "# lines", f"{path}: {lines[1]}")
    summary = dict(f.split("=") for f in fields[1:])
    check(list(summary) == "shown of coherence_misses lost ops".split(), f"{path}: {lines[1]}")
    header = "line coherence_misses invalidated sharing writers readers what".split()
    check(lines[2] == "# " + "\t".join(header), f"{path}: header: {lines[2]}")
    rows = [dict(zip(header, line.split("\t"))) for line in lines[3:]]
    for row in rows:
        check(len(row) == len(header) and re.fullmatch(r"0x[0-9a-f]+", row["line"]), f"{path}: {row}")
        check(row["sharing"] in ("true", "false"), f"{path}: {row}")
        for cpus in row["writers"], row["readers"]:
            check(re.fullmatch(r"-|[0-9]+([-,][0-9]+)*", cpus), f"{path}: {row}")
        check(row["what"], f"{path}: {row}")
    misses = [int(row["coherence_misses"]) for row in rows]
    check(misses == sorted(misses, reverse=True), f"{path}: not in order: {misses}")
    check(len({row["line"] for row in rows}) == len(rows), f"{path}: a line is listed twice")
    check(len(rows) == int(summary["shown"]) == min(32, int(summary["of"])), f"{path}: {lines[1]}")
    total = sum(misses) + int(summary["lost"])
    check(total <= int(summary["coherence_misses"]), f"{path}: {lines[1]}, the rows have {total}")
    if summary["shown"] == summary["of"]:
        check(total == int(summary["coherence_misses"]), f"{path}: {lines[1]}, the rows have {total}")
    return rows


def sums(directory):
    found = stats(f"{directory}/stats")
    rows = percpu(f"{directory}/percpu")
    check([n.removesuffix("_total") for n in rows] == counters(), f"percpu has {list(rows)}")
    for name in counters():
        row = rows.get(name, rows.get(name + "_total"))
        check(sum(row) == int(found[name + "_total"]),
              f"{name}: {found[name + '_total']} in stats, {row} in percpu")
    # Only the sum over CPUs is meaningful for entries.
    check(int(found["entries"]) == int(found["inserts_total"]) - int(found["deletes_total"])
          or int(found["inserts_total"]) == 0, "entries are not inserts less deletes")
    whole = {key[0]: buckets for key, _, buckets in latency(f"{directory}/latency")}
    split = {}
    for (_, op), _, buckets in latency_percpu(f"{directory}/latency_percpu"):
        for lo, hi, n in buckets:
            split.setdefault(op, {}).setdefault((lo, hi), 0)
            split[op][lo, hi] += n
    check({op: {(lo, hi): n for lo, hi, n in b} for op, b in whole.items()} == split,
          "latency is not the sum of latency_percpu")
    check("load" in whole, "no load was timed")


# What never decreases: totals, and the counts of histograms

def totals_of_line(path, fields, header):
    """(name, value) of each total in a line of any of the files."""
    if fields[0].endswith("_total"):        # stats, percpu, cache_miss, front_stats
        return [((fields[0], i), value) for i, value in enumerate(fields[1:])]
    if path.endswith("events/stats"):       # a line per CPU
        return [((fields[0], name), value) for name, value in zip(header[1:], fields[1:])]
    if fields[0].startswith("# "):          # summaries of histograms, of pauses
        what = tuple(f for f in fields if "=" not in f)
        return [((*what, f.partition("=")[0]), f.partition("=")[2])
                for f in fields if f.startswith(("count=", "total="))]
    return []


def totals_of(root):
    found = {}
    for path in sorted(glob.glob(f"{root}/maps/*/*")) + [f"{root}/events/stats"]:
        with open(path, encoding="ascii") as file:
            lines = [line.rstrip("\n").split("\t") for line in file]
        for fields in lines:
            for name, value in totals_of_line(path, fields, lines[0]):
                if value.isdigit():
                    found[path, name] = int(value)
    return found


def rising(root, seconds):
    """Reads continuously during a run."""
    last, fell, looks, grew, end = {}, {}, 0, 0, time.monotonic() + float(seconds)
    while time.monotonic() < end or looks < 10:
        now = totals_of(root)
        for key, value in now.items():
            if value < last.get(key, 0):
                fell.setdefault(key, []).append((last[key], value))
        grew += sum(value > last.get(key, value) for key, value in now.items())
        last.update(now)
        looks += 1
    print(f"{looks} looks at {len(last)} totals, which grew {grew} times")
    check(grew, "nothing grows: is no run under way?")
    check(not fell, "\n".join(f"{path} {name} fell {len(times)} times, at first from {times[0][0]} to {times[0][1]}"
                              for (path, name), times in fell.items()))


# Parameters: the same names in the documentation, the module, and its files

def modinfo_parameters(modinfo):
    with open(modinfo, encoding="ascii") as file:
        return sorted(line.split(":")[0] for line in file if line.strip())


def documented_parameters(modinfo):
    documented_names = sorted(parameters())
    check(documented_names, "docs/debugfs.md has no table of parameters")
    check(modinfo_parameters(modinfo) == documented_names,
          f"modinfo -p: {modinfo_parameters(modinfo)}, docs/debugfs.md: {documented_names}")


def stress_parameters(directory, modinfo):
    documented_parameters(modinfo)
    files = sorted(os.listdir(directory))
    check(files == sorted(parameters()), f"stress/: {files}, docs/debugfs.md: {sorted(parameters())}")
    for name, default in parameters().items():
        with open(f"{directory}/{name}", encoding="ascii") as file:
            value = file.read()
        wanted = "" if default == "empty" else default
        if name == "autostart":  # the module was loaded with 0: no run yet
            wanted = "0"
        check(value == wanted + "\n", f"stress/{name} reads {value!r}, the default is {wanted!r}")


if __name__ == "__main__":
    globals()[sys.argv[1]](*sys.argv[2:])

# SPDX-License-Identifier: GPL-2.0-only
"""Typical readers of events/cpuN, and the sums that must hold with each of them.

usage: events.py drain                  read everything that is there; checks counts and records
       events.py slow                   run, and read a little, sleep, and so on
       events.py dead                   run, read a little and be killed; a few times
       events.py mapped                 run, and map and unmap a buffer repeatedly
       events.py sizes                  reads of odd sizes
       events.py holds                  keep cpu0 open for a minute
       events.py held                   keep cpu0 open until reads fail; prints the error
       events.py sums                   produced is the sum of read and dropped, on each CPU
       events.py same BPF RELAY         both files of JSON lines hold the same records
"""
import ctypes
import errno
import json
import mmap
import os
import signal
import struct
import sys
import time

EVENTS = "/sys/kernel/debug/mapstat/events"
# struct mapstat_event of include/uapi/mapstat.h
RECORD = struct.Struct("=QQQQIIIHHBBBBBB2sII")
NAMES = "time_ns seq addr pfn pid cpu map size site type flags l1 op invalidated version pad seq_cpu reserved".split()
READ, WRITE = 0, 1
ATOMIC, L1_MISS = 1, 2


def check(condition, message):
    if not condition:
        sys.exit(message)


def cpus():
    return sorted(int(name[3:]) for name in os.listdir(EVENTS) if name.startswith("cpu"))


def path(cpu):
    return f"{EVENTS}/cpu{cpu}"


def stats():
    """{cpu: (produced, dropped, read)}"""
    with open(f"{EVENTS}/stats", encoding="ascii") as file:
        header, *lines = file.read().splitlines()
    check(header == "# cpu\tproduced_total\tdropped_total\tread_total", f"events/stats: header {header}")
    return {int(cpu): (int(produced), int(dropped), int(read))
            for cpu, produced, dropped, read in (line.split("\t") for line in lines)}


def running():
    with open(f"{EVENTS}/../control", encoding="ascii") as file:
        return file.read().startswith("running")


def start():
    fd = os.open(f"{EVENTS}/../control", os.O_WRONLY)
    os.write(fd, b"start\n")
    os.close(fd)


def records(data):
    check(len(data) % RECORD.size == 0, f"{len(data)} bytes: not whole records")
    return [dict(zip(NAMES, fields)) for fields in RECORD.iter_unpack(data)]


def read_all(cpu):
    data = b""
    fd = os.open(path(cpu), os.O_RDONLY)
    while piece := os.read(fd, 1 << 16):
        data += piece
    os.close(fd)
    return data


def check_record(r, cpu, before):
    check(r["version"] == 1 and r["pad"] == bytes(2) and not r["reserved"], f"not a record: {r}")
    check(r["seq_cpu"] == cpu, f"in cpu{cpu}: {r}")
    check(r["cpu"] < os.sysconf("SC_NPROCESSORS_CONF"), f"of no CPU: {r}")
    check(not before or r["seq"] > before["seq"], f"{r} after {before}")
    check(not before or r["time_ns"] >= before["time_ns"], f"{r} is before {before}")
    check(r["addr"] and r["addr"] % 64 + r["size"] <= 64 and r["size"], f"not in one line: {r}")
    check(r["map"] and r["site"] and r["pid"], f"without map, site or pid: {r}")
    check(r["pfn"] and r["pfn"] < 1 << 40, f"no page frame: {r}")
    check(r["type"] in (READ, WRITE) and r["l1"] <= 4 and r["op"] <= 6, f"out of range: {r}")
    check(not r["flags"] & ATOMIC or r["type"] == WRITE, f"atomic, but no write: {r}")
    check(bool(r["flags"] & L1_MISS) == (r["l1"] != 0), f"miss or hit: {r}")


def drain():
    """Read now, read before and dropped add up to produced."""
    before, kinds = stats(), set()
    for cpu in cpus():
        found, last = records(read_all(cpu)), None
        for record in found:
            check_record(record, cpu, last)
            last = record
            kinds.add((record["type"], record["flags"] & ATOMIC))
        produced, dropped, read = before[cpu]
        check(produced == dropped + read + len(found),
              f"cpu{cpu}: produced {produced}, dropped {dropped}, read {read} and then {len(found)}")
        if not read and found:
            check(found[0]["seq"] == 0, f"cpu{cpu}: the first one read is {found[0]}")
            missing = found[-1]["seq"] + 1 - len(found)
            check(missing <= dropped, f"cpu{cpu}: {missing} missing, {dropped} dropped")
        print(f"cpu{cpu}: produced {produced}, dropped {dropped}, read {read} and then {len(found)}")
    sums()
    check(len(kinds) != 1, f"accesses of one kind only: {kinds}")


def sums():
    for cpu, (produced, dropped, read) in stats().items():
        check(produced == dropped + read, f"cpu{cpu}: produced {produced}, dropped {dropped}, read {read}")


def slow():
    total, files = {}, {cpu: os.open(path(cpu), os.O_RDONLY) for cpu in cpus()}
    start()
    while running():
        for cpu, fd in files.items():
            total[cpu] = total.get(cpu, 0) + len(records(os.read(fd, 700)))
        time.sleep(0.02)
    for fd in files.values():
        os.close(fd)
    for cpu, n in total.items():
        check(stats()[cpu][2] == n, f"cpu{cpu}: {stats()[cpu][2]} read by events/stats, {n} in fact")
    check(sum(total.values()) > 0, "nothing was there to be read")
    print("slow reader:", total)


def read_and_die():
    pid = os.fork()
    if not pid:
        fd = os.open(path(0), os.O_RDONLY)
        while running() and not os.read(fd, 640):
            time.sleep(0.01)
        os.kill(os.getpid(), signal.SIGKILL)
    os.waitpid(pid, 0)
    # The file is no longer open.
    os.close(os.open(path(0), os.O_RDONLY))


def dead():
    start()
    for _ in range(3):
        read_and_die()
    check(stats()[0][2] > 0, "the dead readers' records are not counted")


def length_of_buffer():
    def parameter(name):
        with open(f"{EVENTS}/../stress/{name}", encoding="ascii") as file:
            return int(file.read())
    return parameter("events_kib") * 1024 * parameter("events_subbufs")


# Python's own mmap() uses the file's size, which is 0.
libc = ctypes.CDLL(None, use_errno=True)
libc.mmap.restype = ctypes.c_void_p
libc.mmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int, ctypes.c_int, ctypes.c_int, ctypes.c_long]
libc.munmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t]


def map_file(fd, length, protection):
    """The address, or minus an errno."""
    at = libc.mmap(None, length, protection, mmap.MAP_SHARED, fd, 0)
    return -ctypes.get_errno() if at == ctypes.c_void_p(-1).value else at


def open_error(cpu):
    try:
        os.close(os.open(path(cpu), os.O_RDONLY))
        return 0
    except OSError as error:
        return error.errno


def mapped():
    times, seen, length = 0, 0, length_of_buffer()
    start()
    while running():
        fd = os.open(path(0), os.O_RDONLY)
        got = map_file(fd, length // 2, mmap.PROT_READ)
        check(got == -errno.EINVAL, f"half a buffer: {got}")
        got = map_file(fd, length, mmap.PROT_READ | mmap.PROT_WRITE)
        check(got == -errno.EACCES, f"writable mapping: {got}")
        area = map_file(fd, length, mmap.PROT_READ)
        check(area > 0, f"mmap: {area}")
        os.close(fd)  # the mapping keeps the file open
        check(open_error(0) == errno.EBUSY, "a second reader beside a mapping")
        seen += RECORD.unpack(ctypes.string_at(area, RECORD.size))[NAMES.index("version")] == 1
        libc.munmap(area, length)
        times += 1
    check(times > 1 and seen, f"mapped {times} times, saw a record {seen} times")
    print(f"mapped {times} times")


def sizes():
    fd = os.open(path(0), os.O_RDONLY)
    for size in (1, 63):
        try:
            os.read(fd, size)
            sys.exit(f"a read of {size} bytes")
        except OSError as error:
            check(error.errno == errno.EINVAL, f"a read of {size} bytes: {error}")
    check(os.read(fd, 0) == b"", "a read of nothing")
    for size in (64, 65, 127, 128, 1000):
        got = len(os.read(fd, size))
        check(got == size // 64 * 64, f"a read of {size} bytes gave {got}")
    os.close(fd)
    try:
        os.open(path(0), os.O_RDWR)
        sys.exit("opened to be written")
    except OSError as error:
        check(error.errno == errno.EACCES, f"opened to be written: {error}")


def holds():
    fd = os.open(path(0), os.O_RDONLY)
    print("open", flush=True)
    time.sleep(60)
    os.close(fd)


def held():
    fd = os.open(path(0), os.O_RDONLY)
    end = time.monotonic() + 20
    print("open", flush=True)
    try:
        while time.monotonic() < end:
            os.read(fd, 64)
            time.sleep(0.02)
    except OSError as error:
        print(errno.errorcode[error.errno])
    os.close(fd)


def same(bpf, relay):
    def load(name):
        with open(name, encoding="utf-8") as file:
            lines = [json.loads(line) for line in file]
        check(lines and "summary" in lines[-1], f"{name}: no summary")
        return lines[:-1], lines[-1]["summary"]
    (one, first), (two, second) = load(bpf), load(relay)
    check((first["source"], second["source"]) == ("bpf", "relay"), f"{first}, {second}")
    check(first["dropped"] == 0 and second["dropped"] == 0, f"dropped: {first}, {second}")
    check(len(one) == len(two) == first["records"] == second["records"], f"{first}, {second}")
    check(len(one) > 100, f"only {len(one)} records")
    key = lambda record: (record["seq_cpu"], record["seq"])
    for a, b in zip(sorted(one, key=key), sorted(two, key=key)):
        check(a == b, f"bpf {a}\nrelay {b}")
    print(f"{len(one)} records, the same")


if __name__ == "__main__":
    globals()[sys.argv[1]](*sys.argv[2:])

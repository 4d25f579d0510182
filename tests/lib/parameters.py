# SPDX-License-Identifier: GPL-2.0-only
"""Tries values of parameters, by insmod and by the files under stress/, in a guest of vm/run.

usage: parameters.py insmod_refuses|file_refuses|accepts NAME=VALUE...
Calls the kernel itself: in an emulated guest a program for each step would take a second a value.
All values are tried; prints those that were not treated as they should be, and exits 1.
"""
import ctypes
import errno
import os
import sys

FILES = "/sys/kernel/debug/mapstat"
INIT_MODULE, DELETE_MODULE = 313, 176  # finit_module(2), delete_module(2) on x86-64
libc = ctypes.CDLL(None, use_errno=True)
log = os.open("/dev/kmsg", os.O_RDONLY | os.O_NONBLOCK)


class Wrong(Exception):
    """Why a value was not treated as it should be."""


def check(condition, message):
    if not condition:
        raise Wrong(message)


def syscall(*arguments):
    return ctypes.get_errno() if libc.syscall(*arguments) else 0


def insmod(options):
    fd = os.open("mapstat.ko", os.O_RDONLY)
    try:
        return syscall(INIT_MODULE, fd, options.encode(), 0)
    finally:
        os.close(fd)


def loaded():
    return os.path.exists("/sys/module/mapstat")


def fresh():
    if loaded():
        check(syscall(DELETE_MODULE, b"mapstat", os.O_NONBLOCK) == 0, "rmmod failed")


def forget_log():
    os.lseek(log, 0, os.SEEK_END)


def lines():
    """The module's lines in the kernel's log since forget_log()."""
    found = []
    while True:
        try:
            text = os.read(log, 8192).decode(errors="replace").partition(";")[2].split("\n")[0]
        except BlockingIOError:
            return found
        # At insmod, the kernel adds a line of its own: `x' invalid for parameter `y'.
        if text.startswith("mapstat: ") and " invalid for parameter " not in text:
            found.append(text)


def one_line_about(setting):
    found = lines()
    check(len(found) == 1, f"{len(found)} lines in the log: {found}")
    beginning = f"mapstat: parameter {setting}: "
    check(found[0].startswith(beginning) and len(found[0]) > len(beginning), f"the line is: {found[0]}")


def read(name):
    with open(f"{FILES}/stress/{name}", encoding="ascii") as file:
        return file.read().rstrip("\n")


def write(name, value):
    fd = os.open(f"{FILES}/stress/{name}", os.O_WRONLY)
    try:
        os.write(fd, value.encode() + b"\n")
        return 0
    except OSError as error:
        return error.errno
    finally:
        os.close(fd)


def insmod_refuses(setting):
    fresh()
    forget_log()
    error = insmod("autostart=0 " + setting)
    check(error == errno.EINVAL, f"insmod gave {errno.errorcode.get(error, error)}")
    one_line_about(setting)
    check(not loaded() and not os.path.exists(FILES), "the module is there all the same")


def file_refuses(setting):
    name, value = setting.split("=", 1)
    if not loaded():
        check(insmod("autostart=0") == 0, "insmod failed")
    before = read(name)
    forget_log()
    error = write(name, value)
    check(error == errno.EINVAL, f"the write gave {errno.errorcode.get(error, error)}")
    one_line_about(setting)
    check(read(name) == before, f"{name} was {before}, is {read(name)} now")


def accepts(setting):
    name, value = setting.split("=", 1)
    fresh()
    check(insmod("autostart=0 " + setting) == 0, "insmod refused it")
    check(read(name) == value, f"after insmod {name} reads {read(name)}")
    fresh()
    check(insmod("autostart=0") == 0, "insmod failed")
    check(write(name, value) == 0, "the file refused it")
    check(read(name) == value, f"after the write {name} reads {read(name)}")


def main():
    test, wrong = globals()[sys.argv[1]], 0
    if not loaded():  # the kernel has words of its own on the first load: taint, signature
        insmod("autostart=0")
    for setting in sys.argv[2:]:
        try:
            test(setting)
        except Wrong as error:
            print(f"{setting}: {error}")
            wrong = 1
    sys.exit(wrong)


if __name__ == "__main__":
    main()

# SPDX-License-Identifier: GPL-2.0-only
"""Tries values of parameters, by insmod and by the files under stress/, in a guest of vm/run.

usage: parameters.py insmod_refuses|file_refuses|accepts NAME=VALUE...
Calls the kernel itself: in an emulated guest a program for each step would take a second a value.
All values are tried; prints those that were not handled correctly, and exits 1.
"""
import ctypes
import errno
import os
import sys

from files import FILES, read, write

INIT_MODULE, DELETE_MODULE = 313, 176  # finit_module(2), delete_module(2) on x86-64
libc = ctypes.CDLL(None, use_errno=True)
log = os.open("/dev/kmsg", os.O_RDONLY | os.O_NONBLOCK)


class Wrong(Exception):
    """The reason why a value was not handled correctly."""


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


def value_of(name):
    return read(f"stress/{name}").rstrip("\n")


def insmod_refuses(setting):
    fresh()
    forget_log()
    error = insmod("autostart=0 " + setting)
    check(error == errno.EINVAL, f"insmod gave {errno.errorcode.get(error, error)}")
    one_line_about(setting)
    check(not loaded() and not os.path.exists(FILES), "the module is loaded anyway")


def file_refuses(setting):
    name, value = setting.split("=", 1)
    if not loaded():
        check(insmod("autostart=0") == 0, "insmod failed")
    before = value_of(name)
    forget_log()
    error = write(f"stress/{name}", value)
    check(error == errno.EINVAL, f"the write gave {errno.errorcode.get(error, error)}")
    one_line_about(setting)
    check(value_of(name) == before, f"{name} was {before}, is {value_of(name)} now")


def accepts(setting):
    name, value = setting.split("=", 1)
    fresh()
    check(insmod("autostart=0 " + setting) == 0, "insmod refused it")
    check(value_of(name) == value, f"after insmod {name} reads {value_of(name)}")
    fresh()
    check(insmod("autostart=0") == 0, "insmod failed")
    check(write(f"stress/{name}", value) == 0, "the file refused it")
    check(value_of(name) == value, f"after the write {name} reads {value_of(name)}")


def main():
    test, wrong = globals()[sys.argv[1]], 0
    if not loaded():  # the first load logs the kernel's own messages: taint, signature
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

# SPDX-License-Identifier: GPL-2.0-only
"""The files of a loaded module."""
import os

FILES = "/sys/kernel/debug/mapstat"


def read(name):
    with open(f"{FILES}/{name}", encoding="ascii") as file:
        return file.read()


def write(name, value):
    """Return: 0 or an errno."""
    fd = os.open(f"{FILES}/{name}", os.O_WRONLY)
    try:
        os.write(fd, value.encode() + b"\n")
        return 0
    except OSError as error:
        return error.errno
    finally:
        os.close(fd)

# SPDX-License-Identifier: GPL-2.0-only
"""Writes 0, 1, 4096 and 10^6 junk bytes to every file under a directory: none may be accepted.

usage: writes.py DIRECTORY
"""
import os
import sys

wrong = 0
for directory, _, names in os.walk(sys.argv[1]):
    for name in names:
        path = os.path.join(directory, name)
        for size in 0, 1, 4096, 1000000:
            try:
                # Root may open files against their mode.
                fd = os.open(path, os.O_WRONLY)
            except OSError:
                continue
            try:
                written = os.write(fd, b"~" * size)
            except OSError:
                continue
            finally:
                os.close(fd)
            if size:
                print(f"{path}: a write of {size} bytes was accepted ({written})")
                wrong = 1
sys.exit(wrong)

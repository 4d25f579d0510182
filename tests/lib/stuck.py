# SPDX-License-Identifier: GPL-2.0-only
"""Reads or writes a file with a buffer whose page never arrives, until it is killed.

usage: stuck.py read|write FILE

userfaultfd(2) would have to provide the page, and nothing does. Prints "stuck" once the
kernel waits for it. Exit status: 3: this kernel has no userfaultfd.
"""
import ctypes
import fcntl
import mmap
import os
import struct
import sys
import threading

SYS_USERFAULTFD = 323  # x86-64
UFFDIO_API, UFFDIO_REGISTER = 0xC018AA3F, 0xC020AA00
PAGE = mmap.PAGESIZE


def use(how, path, page):
    fd = os.open(path, os.O_WRONLY if how == "write" else os.O_RDONLY)
    (os.writev if how == "write" else os.readv)(fd, [memoryview(page)[:PAGE // 2]])


def main():
    how, path = sys.argv[1:]
    faults = ctypes.CDLL(None, use_errno=True).syscall(SYS_USERFAULTFD, os.O_CLOEXEC)
    if faults < 0:
        sys.exit(3)
    page = mmap.mmap(-1, PAGE, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    start = ctypes.addressof(ctypes.c_char.from_buffer(page))
    fcntl.ioctl(faults, UFFDIO_API, struct.pack("QQQ", 0xAA, 0, 0))
    fcntl.ioctl(faults, UFFDIO_REGISTER, struct.pack("QQQQ", start, PAGE, 1, 0))
    threading.Thread(target=use, args=(how, path, page), daemon=True).start()
    os.read(faults, 32)  # the fault; the thread waits for it until this process ends
    print("stuck", flush=True)
    threading.Event().wait()


main()

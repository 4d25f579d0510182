/* SPDX-License-Identifier: GPL-2.0-only */
/* The C library needs the system's header of this name, too. */
#ifndef _NATIVE_LINUX_ERRNO_H
#define _NATIVE_LINUX_ERRNO_H

#include_next <linux/errno.h>

#endif /* _NATIVE_LINUX_ERRNO_H */

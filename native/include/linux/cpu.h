/* SPDX-License-Identifier: GPL-2.0-only */
/* No CPU goes online or offline. */
#ifndef _NATIVE_LINUX_CPU_H
#define _NATIVE_LINUX_CPU_H

#define cpus_read_lock()	do { } while (0)
#define cpus_read_unlock()	do { } while (0)

#endif /* _NATIVE_LINUX_CPU_H */

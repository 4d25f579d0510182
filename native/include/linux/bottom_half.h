/* SPDX-License-Identifier: GPL-2.0-only */
/* There are no softirqs. */
#ifndef _NATIVE_LINUX_BOTTOM_HALF_H
#define _NATIVE_LINUX_BOTTOM_HALF_H

#include <linux/compiler.h>

#define local_bh_disable()	barrier()
#define local_bh_enable()	barrier()

#endif /* _NATIVE_LINUX_BOTTOM_HALF_H */

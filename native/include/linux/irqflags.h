/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * No thread is interrupted by another user of a map.
 */
#ifndef _NATIVE_LINUX_IRQFLAGS_H
#define _NATIVE_LINUX_IRQFLAGS_H

#include <linux/compiler.h>

#define local_irq_save(flags)		do { (flags) = 0; barrier(); } while (0)
#define irqs_disabled()			false
#define local_irq_restore(flags)	do { (void)(flags); barrier(); } while (0)

#endif /* _NATIVE_LINUX_IRQFLAGS_H */

/* SPDX-License-Identifier: GPL-2.0-only */
/* Busy waiting. */
#ifndef _NATIVE_LINUX_DELAY_H
#define _NATIVE_LINUX_DELAY_H

void udelay(unsigned long us);

#endif /* _NATIVE_LINUX_DELAY_H */

/* SPDX-License-Identifier: GPL-2.0-only */
/* Waiting for a time, busily. */
#ifndef _NATIVE_LINUX_DELAY_H
#define _NATIVE_LINUX_DELAY_H

void udelay(unsigned long us);

#endif /* _NATIVE_LINUX_DELAY_H */

/* SPDX-License-Identifier: GPL-2.0-only */
/* Allocation flags. */
#ifndef _NATIVE_LINUX_GFP_H
#define _NATIVE_LINUX_GFP_H

#include <linux/types.h>

#define GFP_KERNEL		0x1U
#define GFP_ATOMIC		0x2U
#define __GFP_ZERO		0x4U
#define __GFP_NOWARN		0x8U
#define __GFP_RETRY_MAYFAIL	0x10U
#define __GFP_NORETRY		0x20U
#define GFP_NOWAIT		0x40U

static inline bool gfpflags_allow_blocking(gfp_t gfp)
{
	return gfp & GFP_KERNEL;
}

#endif /* _NATIVE_LINUX_GFP_H */

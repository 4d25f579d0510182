/* SPDX-License-Identifier: GPL-2.0-only */
/* No tracepoint is defined here: see <linux/tracepoint.h>. */

// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tracepoint definitions.
 */
#include <linux/string.h>
#include "kmod/designs/design.h"

#define CREATE_TRACE_POINTS
#include <mapstat/trace.h>

EXPORT_TRACEPOINT_SYMBOL_GPL(mem_access);

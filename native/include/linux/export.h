/* SPDX-License-Identifier: GPL-2.0-only */
/* Nothing is exported. */
#ifndef _NATIVE_LINUX_EXPORT_H
#define _NATIVE_LINUX_EXPORT_H

#define EXPORT_SYMBOL_NS_GPL(symbol, space)

#endif /* _NATIVE_LINUX_EXPORT_H */

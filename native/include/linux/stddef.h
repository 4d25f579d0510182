/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _NATIVE_LINUX_STDDEF_H
#define _NATIVE_LINUX_STDDEF_H

#include <stddef.h>

#define offsetofend(type, member)						\
	(offsetof(type, member) + sizeof(((type *)NULL)->member))

#endif /* _NATIVE_LINUX_STDDEF_H */

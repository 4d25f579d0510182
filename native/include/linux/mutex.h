/* SPDX-License-Identifier: GPL-2.0-only */
/* Mutexes, implemented by the C library's. */
#ifndef _NATIVE_LINUX_MUTEX_H
#define _NATIVE_LINUX_MUTEX_H

#include <pthread.h>
#include <linux/lockdep.h>
#include <linux/spinlock.h>

struct mutex {
	pthread_mutex_t lock;
};

#define DEFINE_MUTEX(name)	struct mutex name = { PTHREAD_MUTEX_INITIALIZER }
#define mutex_lock(m)		pthread_mutex_lock(&(m)->lock)
#define mutex_unlock(m)		pthread_mutex_unlock(&(m)->lock)

#endif /* _NATIVE_LINUX_MUTEX_H */

/* SPDX-License-Identifier: GPL-2.0-only */
/* Sleeping locks for readers or one writer. */
#ifndef _NATIVE_LINUX_RWSEM_H
#define _NATIVE_LINUX_RWSEM_H

#include <pthread.h>

struct rw_semaphore {
	pthread_rwlock_t lock;
};

#define DECLARE_RWSEM(name)	struct rw_semaphore name = { PTHREAD_RWLOCK_INITIALIZER }
#define init_rwsem(sem)		((void)pthread_rwlock_init(&(sem)->lock, NULL))
#define down_read(sem)		((void)pthread_rwlock_rdlock(&(sem)->lock))
#define down_read_trylock(sem)	(!pthread_rwlock_tryrdlock(&(sem)->lock))
#define up_read(sem)		((void)pthread_rwlock_unlock(&(sem)->lock))
#define down_write(sem)		((void)pthread_rwlock_wrlock(&(sem)->lock))
#define up_write(sem)		((void)pthread_rwlock_unlock(&(sem)->lock))

#endif /* _NATIVE_LINUX_RWSEM_H */

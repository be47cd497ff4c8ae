/* Both cores: n independent jobs over a few threads. */
#ifndef CORE_THREAD_H
#define CORE_THREAD_H

#include <stddef.h>

size_t thread_cores(void); /* usable processors, at least 1, at most 64; SHUNT_THREADS overrides */
/* Calls job(arg, i) for i in 0..n-1 from up to `threads` threads (0: thread_cores()), in any order;
 * returns when all are done. job must not touch what another job writes. */
void thread_for(size_t n, size_t threads, void (*job)(void *arg, size_t i), void *arg);

#endif

/* What the clocks and /proc say: the time, and what processes have used. */
#ifndef PROC_H
#define PROC_H

#include <stdint.h>
#include <sys/types.h>

struct memory {
    long rss_kb, anon_kb;             /* -1: not known */
};

uint64_t now_ns(void);                                    /* CLOCK_MONOTONIC */
double own_cpu(void);                                     /* seconds that this process has computed */
double cpu_of(const pid_t *pids, int n);                  /* the same of others, summed; -1: one of them is not there */
struct memory memory_of(const pid_t *pids, int n);        /* summed */

#endif

/* A histogram of durations in nanoseconds: any value, constant memory, percentiles to within half a percent. */
#ifndef HIST_H
#define HIST_H

#include <stdint.h>

#define HIST_STEPS 128                /* buckets for every doubling of the value */

struct hist {
    uint64_t count, max;
    uint64_t buckets[(64 - 6) * HIST_STEPS];
};

void hist_add(struct hist *hist, uint64_t ns);

/* The value below which `share` (0 to 1) of all values are; 0 if there are none. */
double hist_at(const struct hist *hist, double share);

#endif

#include "hist.h"

/* Values below HIST_STEPS have a bucket each. Above, the highest 8 bits of a value are its bucket: the position of the
 * first one says which doubling, the next seven bits which step in it. */
static unsigned bucket_of(uint64_t ns)
{
    if (ns < HIST_STEPS)
        return (unsigned)ns;
    unsigned shift = 56 - (unsigned)__builtin_clzll(ns);
    return (shift + 1) * HIST_STEPS + (unsigned)(ns >> shift) - HIST_STEPS;
}

static double middle_of(unsigned bucket)
{
    if (bucket < HIST_STEPS)
        return bucket;
    unsigned shift = bucket / HIST_STEPS - 1;
    return ((double)(bucket % HIST_STEPS + HIST_STEPS) + 0.5) * (double)(UINT64_C(1) << shift);
}

void hist_add(struct hist *hist, uint64_t ns)
{
    hist->count++;
    hist->buckets[bucket_of(ns)]++;
    if (ns > hist->max)
        hist->max = ns;
}

double hist_at(const struct hist *hist, double share)
{
    uint64_t seen = 0;
    double wanted = share * (double)hist->count;
    for (unsigned i = 0; i < sizeof hist->buckets / sizeof *hist->buckets; i++) {
        seen += hist->buckets[i];
        if (seen && (double)seen >= wanted) {
            double value = middle_of(i);
            return value < (double)hist->max ? value : (double)hist->max;
        }
    }
    return 0;
}

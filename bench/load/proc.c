#define _GNU_SOURCE
#include "proc.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

static double seconds(const struct timespec *time)
{
    return (double)time->tv_sec + (double)time->tv_nsec * 1e-9;
}

uint64_t now_ns(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

double own_cpu(void)
{
    struct timespec time;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
    return seconds(&time);
}

double cpu_of(const pid_t *pids, int n)
{
    double sum = 0;
    for (int i = 0; i < n; i++) {
        clockid_t clock;
        struct timespec time;
        if (clock_getcpuclockid(pids[i], &clock) != 0 || clock_gettime(clock, &time) != 0)
            return -1;
        sum += seconds(&time);
    }
    return n ? sum : -1;
}

struct memory memory_of(const pid_t *pids, int n)
{
    struct memory sum = {0, 0}, unknown = {-1, -1};
    for (int i = 0; i < n; i++) {
        char line[256];
        long kb;
        snprintf(line, sizeof line, "/proc/%d/status", (int)pids[i]);
        FILE *file = fopen(line, "re");
        if (!file)
            return unknown;
        while (fgets(line, sizeof line, file)) {
            if (sscanf(line, "VmRSS: %ld kB", &kb) == 1)
                sum.rss_kb += kb;
            else if (sscanf(line, "RssAnon: %ld kB", &kb) == 1)
                sum.anon_kb += kb;
        }
        fclose(file);
    }
    return n ? sum : unknown;
}

/* What the two halves of the load generator share: load.c has the options, the phases and the report, conn.c the
 * connections. */
#ifndef LOAD_H
#define LOAD_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "hist.h"
#include "proc.h"

#define MAX_FIRSTS 16
#define MAX_PIDS 64
#define STAMP_SIZE 17                 /* '~' and 16 hexadecimal digits */

enum mode { CLOSED, OPEN, CONNECT, IDLE, WATCH };
enum phase { CONNECTING, WARMUP, WINDOW, CLOSING, DONE };
enum state { WAITING, DIALLING, UPGRADING, OPENING, READY, LEAVING, GONE };

struct text {
    int opcode;
    size_t length;
    unsigned char *bytes;
};

struct options {
    int port, ready, await_reply, window, concurrency, sources, cpu, stall_each, check_order, progress, deflate;
    int n_pids, n_firsts;
    enum mode mode;
    size_t stall_bytes;
    double warmup, seconds, rate, ready_timeout;
    const char *connections, *ping, *pong;
    struct text command, firsts[MAX_FIRSTS];
    size_t stamp_at;                  /* where the command has its stamp */
    pid_t pids[MAX_PIDS];
};

/* A command that has been sent and not been answered. */
struct turn {
    uint64_t stamp;
    int event, reply;                 /* which of them have come */
};

/* Bytes that wait: those at `from` up to `to`. */
struct bytes {
    unsigned char *data;
    size_t from, to, size;
};

struct conn {
    int fd;
    enum state state;
    unsigned char sender, stalls, watched;
    unsigned char paused, was_paused; /* it does not read now; it did not, until the end */
    int group, frames;                /* frames: received before it was ready */
    char *target, *headers;
    struct bytes rest;                /* the beginning of a frame, or of the HTTP answer */
    struct bytes message;             /* the fragments so far of a message */
    int message_opcode;
    struct bytes out;                 /* what the socket would not take yet */
    struct turn *turns;               /* in the order sent: those at first_turn up to first_turn + n_turns */
    size_t first_turn, n_turns, turns_size;
    int64_t last_seq;
    uint64_t event_bytes, dialled_at;
    uint64_t heard_at;                /* when the last message came; 0: none has, since it was ready */
};

/* What is counted while the window is open (in mode connect: from the first connect() to the last ready). */
struct counts {
    uint64_t sent, turns, deliveries, replies, refusals, messages, bytes, reads, late, queued;
    struct hist turn, delivery, gap;
};

struct run {
    enum phase phase;
    struct conn *conns;
    size_t n_conns, n_started, n_ready, n_open, n_senders, n_groups;
    struct counts in;
    struct hist connect;              /* from connect() to being ready */
    uint64_t commands, dropped, stalled, stalled_dropped, order_violations;   /* of the whole run */
    char heard[201];                  /* the first frame a sender got that was no event, for when nothing works */
};

extern struct options opt;
extern struct run run;

/* load.c */
_Noreturn void fail(const char *format, ...) __attribute__((format(printf, 1, 2)));
void all_ready(void);
void tick(uint64_t now);              /* to be called often: whatever is due is done */

/* conn.c */
void conns_prepare(void);
void conns_start(void);               /* begin as many handshakes as may be under way */
void conns_wait(uint64_t ns);         /* handle what happens on the connections; return after this long at the latest */
void conns_leave(void);               /* send a Close frame on each */
void conns_end(void);                 /* give back what they have taken */
const char *conn_name(const struct conn *conn);
int conn_command(struct conn *conn, uint64_t stamp);      /* 1: the socket would not take it now, it is queued */
uint64_t unique_stamp(void);
int is_running(void);

#endif

/* load: a WebSocket load generator for game servers, on loopback. It is one thread of C with epoll, and much cheaper
 * than any server that it measures.
 *
 *     cc -O2 -o load bench/load/[a-z]*.c
 *     load --port P --connections FILE --mode closed|open|connect|idle|watch [options]
 *
 * FILE (- is stdin) has one line for each connection, its fields separated by tabs:
 *
 *     GROUP  send|watch  REQUEST-TARGET  [Header: value ...]
 *
 * GROUP is a number: which game this is. A `send` connection sends commands, a `watch` connection only receives. The
 * headers, one or more fields of them, go into the upgrade request.
 *
 * Every command holds a stamp: '~' and 16 lower-case hexadecimal digits, the time (CLOCK_MONOTONIC, ns) when it was
 * sent. Servers are expected to put it into the events that they send to everyone in the game: a data frame with a
 * stamp in it is a delivery (one that bundles several stamps is as many), and tells how long it took. A sender's data
 * frame without a stamp is a reply, unless it begins with {"event": as the frames of servers in JSON do for news such
 * as that somebody has joined.
 *
 * Modes
 *   closed   every sender keeps one command (--window W: so many) in flight; the next goes out when a turn is over
 *   open     commands are sent on a schedule, whether or not the server keeps up
 *   connect  opens all connections as fast as --concurrency allows; the window is from the first connect() until the
 *            last one is ready
 *   idle     opens all connections and holds them for --seconds (there is no warmup)
 *   watch    opens all connections; nobody sends, and the messages that come by themselves are counted. They may be
 *            text, binary or deflated: what is in them is not looked at
 * In all of them pings are answered, and at the end every connection sends a Close frame (1000) and waits 2 seconds at
 * the most for the server to close.
 *
 * Options
 *   --pid PID               the server's process: its CPU time and memory are read; several: they are added up
 *   --first TEXT            a text frame to send after the 101 and before being ready; may be given several times
 *   --first-hex HEX         the same as a binary frame
 *   --ready N               a connection is ready when it has received N data frames (default 0: with the 101)
 *   --command TEXT          the command, a text frame; %S in it is where the stamp goes
 *   --command-hex HEX       the same as a binary frame; %S is 2553
 *   --await reply|event     when a turn is over (default event). event: a frame with that command's stamp has come.
 *                           reply: that, and a reply, in whichever order. In both a reply that is a refusal (it holds
 *                           "status":"error") ends the sender's oldest turn, which does not count then
 *   --deflate               offer permessage-deflate, and give up where a server does not agree to it
 *   --ping-reply-text A B   a text frame that equals A is answered with B, and is otherwise passed over
 *   --warmup S              seconds before the window (default 1)
 *   --seconds S             how long the window is (default 5)
 *   --window W              mode closed: commands in flight for each sender (default 1)
 *   --rate R                mode open: commands a second, by all senders together, evenly spaced, the senders taking
 *                           turns. The stamp is the scheduled time, so that the waiting of commands that could not be
 *                           sent in time counts. What a socket will not take is queued
 *   --concurrency C         how many handshakes are under way at once (default 50)
 *   --ready-timeout S       give up when not all connections are ready after this long (default 30)
 *   --sources N             spread the connections over N source addresses, from 127.0.0.1 on: one has about 28,000
 *                           ports (default 1)
 *   --cpu N                 run on this core only
 *   --stall K:BYTES         the first K `watch` connections of each group stop reading for good when they have read
 *                           BYTES bytes of messages (a connection that was stopped does not answer pings either)
 *   --check-order           on each connection the numbers after "seq": in data frames that came after it was ready
 *                           must grow by exactly one (frames with "status": in them are not looked at)
 *   --progress              a line a second on stderr
 *
 * The report is one JSON object on stdout. Latencies are in microseconds, to within half a percent (max: exact), and
 * null where there were none. Unless it says otherwise, a figure is of the window.
 *   mode, connections, groups, senders
 *   ready_seconds           from the first connect() until the last connection was ready; connects_per_second
 *   connect_p50 _p90 _p99 _max     from a connection's connect() until it was ready
 *   seconds                 how long the window really was
 *   commands                closed: turns completed; open: commands sent; commands_per_second
 *   turns                   turns completed; unanswered: commands in flight when the window ended
 *   deliveries, deliveries_per_second, replies, refusals, messages (data messages, whatever is in them),
 *   bytes_received (with the heads of the frames), reads (calls of read() that gave something)
 *   turn_p50 _p90 _p99 _max        from a command's stamp until its turn was over
 *   delivery_p50 _p90 _p99 _max    from a command's stamp until a receiver had it
 *   gap_p50 _p90 _p99 _max         watch: between one message and the next on the same connection
 *   server_cpu_seconds, server_cpu_connect_seconds (from the first connect() to the last ready); null without --pid
 *   server_rss_before_kb, server_anon_before_kb    memory before the first connect(); null without --pid
 *   server_rss_after_kb, server_anon_after_kb      when the last connection was ready
 *   server_rss_end_kb, server_anon_end_kb          at the end of the window
 *   generator_cpu_seconds, generator_idle          what this process has used; 1 - used / seconds
 *   late                    open: commands sent more than 1 ms after their time, or queued; queued: only the latter
 *   dropped                 connections that the server closed before the end of the window, of the whole run
 *   stalled, stalled_dropped       connections that stopped reading, and those of them that the server closed (they are
 *                           among the dropped). Where it closed behind what it had written before, that is seen at
 *                           the end, when they read on: by a Close frame with another code than 1000, or a reset
 *   order_violations        of the whole run
 *
 * Exit status: 0, 1 if there were order violations, 2 with a line on stderr if it could not do its work.
 */
#define _GNU_SOURCE
#include "load.h"
#include "ws.h"

#include <errno.h>
#include <getopt.h>
#include <math.h>
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#define SECOND 1000000000u
#define LATE_NS 1000000u
#define LEAVE_NS (2 * (uint64_t)SECOND)

struct options opt = {.window = 1, .concurrency = 50, .sources = 1, .cpu = -1, .warmup = 1, .seconds = 5,
                      .ready_timeout = 30};
struct run run;

/* The edges of what is measured. */
struct edge {
    uint64_t ns;
    double server_cpu, own_cpu;
    struct memory memory;
};

static struct edge before, connected, begin, end;
static uint64_t deadline;             /* when the phase is over */
static uint64_t open_since, open_next, open_commands;     /* the schedule of mode open */
static uint64_t unanswered;

static const char *const mode_names[] = {"closed", "open", "connect", "idle", "watch"};
static const char *const phase_names[] = {"connecting", "warmup", "window", "closing", "done"};

void fail(const char *format, ...)
{
    va_list arguments;
    fflush(stdout);
    fputs("load: ", stderr);
    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    fputc('\n', stderr);
    exit(2);
}

/* Options */

static double number(const char *name, const char *text, double least)
{
    char *rest;
    double value = strtod(text, &rest);
    if (rest == text || *rest || !(value >= least) || value > 1e9)
        fail("--%s wants a number from %g on, not %s", name, least, text);
    return value;
}

static int whole(const char *name, const char *text, int least)
{
    double value = number(name, text, least);
    if (value != (int)value)
        fail("--%s wants a whole number, not %s", name, text);
    return (int)value;
}

static struct text as_text(const char *text)
{
    return (struct text){WS_TEXT, strlen(text), (unsigned char *)strdup(text)};
}

static struct text as_binary(const char *name, const char *hex)
{
    size_t length = strlen(hex) / 2;
    struct text text = {WS_BINARY, length, malloc(length + 1)};
    if (strlen(hex) % 2)
        fail("--%s: there is half a byte in %s", name, hex);
    for (size_t i = 0; i < length; i++) {
        char digits[3] = {hex[2 * i], hex[2 * i + 1], 0}, *rest;
        text.bytes[i] = (unsigned char)strtoul(digits, &rest, 16);
        if (rest != digits + 2)
            fail("--%s: %s is not hexadecimal", name, digits);
    }
    return text;
}

/* Make room for the stamp where the command has %S. */
static void set_command(struct text text)
{
    unsigned char *mark = memmem(text.bytes, text.length, "%S", 2);
    if (!mark)
        fail("the command has no %%S for the stamp");
    opt.stamp_at = (size_t)(mark - text.bytes);
    opt.command = text;
    opt.command.length += STAMP_SIZE - 2;
    opt.command.bytes = malloc(opt.command.length);
    memcpy(opt.command.bytes, text.bytes, opt.stamp_at);
    memcpy(opt.command.bytes + opt.stamp_at + STAMP_SIZE, mark + 2, text.length - opt.stamp_at - 2);
    free(text.bytes);
}

static void set_stall(const char *text)
{
    char *rest;
    long each = strtol(text, &rest, 10);
    if (rest == text || *rest != ':' || each < 0 || each > 1000000)
        fail("--stall wants K:BYTES, not %s", text);
    opt.stall_each = (int)each;
    opt.stall_bytes = (size_t)number("stall", rest + 1, 0);
}

static enum mode mode_of(const char *name)
{
    for (int i = 0; i < 5; i++)
        if (strcmp(name, mode_names[i]) == 0)
            return (enum mode)i;
    fail("--mode is closed, open, connect, idle or watch, not %s", name);
}

static int await_of(const char *name)
{
    if (strcmp(name, "reply") != 0 && strcmp(name, "event") != 0)
        fail("--await is reply or event, not %s", name);
    return *name == 'r';
}

static void add_first(struct text text)
{
    if (opt.n_firsts == MAX_FIRSTS)
        fail("--first may be given %d times", MAX_FIRSTS);
    opt.firsts[opt.n_firsts++] = text;
}

static void add_pid(int pid)
{
    if (opt.n_pids == MAX_PIDS)
        fail("--pid may be given %d times", MAX_PIDS);
    opt.pids[opt.n_pids++] = pid;
    if (cpu_of(opt.pids, opt.n_pids) < 0)
        fail("there is no process %d", pid);
}

enum { PORT = 1, CONNECTIONS, MODE, PID, FIRST, FIRST_HEX, READY_FRAMES, COMMAND, COMMAND_HEX, AWAIT, PING_REPLY,
       WARMUP_SECONDS, SECONDS, WINDOW_SIZE, RATE, CONCURRENCY, READY_TIMEOUT, SOURCES, CPU, STALL, CHECK_ORDER,
       PROGRESS, DEFLATE };

static const struct option option_names[] = {
    {"port", 1, NULL, PORT}, {"connections", 1, NULL, CONNECTIONS}, {"mode", 1, NULL, MODE}, {"pid", 1, NULL, PID},
    {"first", 1, NULL, FIRST}, {"first-hex", 1, NULL, FIRST_HEX}, {"ready", 1, NULL, READY_FRAMES},
    {"command", 1, NULL, COMMAND}, {"command-hex", 1, NULL, COMMAND_HEX}, {"await", 1, NULL, AWAIT},
    {"ping-reply-text", 1, NULL, PING_REPLY}, {"warmup", 1, NULL, WARMUP_SECONDS}, {"seconds", 1, NULL, SECONDS},
    {"window", 1, NULL, WINDOW_SIZE}, {"rate", 1, NULL, RATE}, {"concurrency", 1, NULL, CONCURRENCY},
    {"ready-timeout", 1, NULL, READY_TIMEOUT}, {"sources", 1, NULL, SOURCES}, {"cpu", 1, NULL, CPU},
    {"stall", 1, NULL, STALL}, {"check-order", 0, NULL, CHECK_ORDER}, {"progress", 0, NULL, PROGRESS},
    {"deflate", 0, NULL, DEFLATE},
    {NULL, 0, NULL, 0},
};

static void set_option(int option, const char *name, const char *value, char **argv)
{
    switch (option) {
    case PORT: opt.port = whole(name, value, 1); break;
    case CONNECTIONS: opt.connections = value; break;
    case MODE: opt.mode = mode_of(value); break;
    case PID: add_pid(whole(name, value, 1)); break;
    case FIRST: add_first(as_text(value)); break;
    case FIRST_HEX: add_first(as_binary(name, value)); break;
    case READY_FRAMES: opt.ready = whole(name, value, 0); break;
    case COMMAND: set_command(as_text(value)); break;
    case COMMAND_HEX: set_command(as_binary(name, value)); break;
    case AWAIT: opt.await_reply = await_of(value); break;
    case WARMUP_SECONDS: opt.warmup = number(name, value, 0); break;
    case SECONDS: opt.seconds = number(name, value, 0); break;
    case WINDOW_SIZE: opt.window = whole(name, value, 1); break;
    case RATE: opt.rate = number(name, value, 0); break;
    case CONCURRENCY: opt.concurrency = whole(name, value, 1); break;
    case READY_TIMEOUT: opt.ready_timeout = number(name, value, 0); break;
    case SOURCES: opt.sources = whole(name, value, 1); break;
    case CPU: opt.cpu = whole(name, value, 0); break;
    case STALL: set_stall(value); break;
    case CHECK_ORDER: opt.check_order = 1; break;
    case PROGRESS: opt.progress = 1; break;
    case DEFLATE: opt.deflate = 1; break;
    case PING_REPLY:
        opt.ping = value;
        if (!(opt.pong = argv[optind]))
            fail("--ping-reply-text wants two values");
        optind++;
        break;
    default: exit(2);
    }
}

static void read_options(int argc, char **argv)
{
    int option, index = 0, has_mode = 0;
    while ((option = getopt_long(argc, argv, "+", option_names, &index)) != -1) {
        set_option(option, option == '?' ? "" : option_names[index].name, optarg, argv);
        has_mode |= option == MODE;
    }
    if (optind < argc)
        fail("what is %s? See the top of bench/load/load.c", argv[optind]);
    if (!opt.port || !opt.connections || !has_mode)
        fail("--port, --connections and --mode are needed; see the top of bench/load/load.c");
    if (opt.mode <= OPEN && !opt.command.length)
        fail("--command is needed in this mode");
    if (opt.mode == OPEN && opt.rate <= 0)
        fail("--rate is needed in mode open");
    if (opt.mode == CONNECT || opt.mode == IDLE)
        opt.warmup = 0;
}

/* The list of connections */

static char *headers_of(char *fields, size_t line)
{
    size_t size = 1;
    char *headers = calloc(1, size);
    for (char *field; headers && (field = strsep(&fields, "\t"));) {
        if (!*field)
            continue;
        if (!strchr(field, ':'))
            fail("%s, line %zu: %s is not a header", opt.connections, line, field);
        headers = realloc(headers, size += strlen(field) + 2);
        if (headers)
            strcat(strcat(headers, field), "\r\n");
    }
    if (!headers)
        fail("out of memory");
    return headers;
}

static void add_conn(char *line, size_t number_of_line)
{
    static size_t size;
    char *rest, *fields = line, *group = strsep(&fields, "\t"), *role = strsep(&fields, "\t");
    char *target = strsep(&fields, "\t");
    if (!target || *target != '/' || (strcmp(role, "send") != 0 && strcmp(role, "watch") != 0))
        fail("%s, line %zu: not GROUP, send or watch, /TARGET with tabs between", opt.connections, number_of_line);
    if (run.n_conns == size) {
        size = size ? 2 * size : 64;
        if (!(run.conns = realloc(run.conns, size * sizeof *run.conns)))
            fail("out of memory");
    }
    struct conn *conn = run.conns + run.n_conns++;
    memset(conn, 0, sizeof *conn);
    conn->group = (int)strtol(group, &rest, 10);
    if (rest == group || *rest)
        fail("%s, line %zu: the group %s is not a number", opt.connections, number_of_line, group);
    conn->fd = -1;
    conn->last_seq = -1;
    conn->sender = *role == 's';
    conn->target = strdup(target);
    conn->headers = headers_of(fields, number_of_line);
    run.n_senders += conn->sender;
}

static void read_connections(void)
{
    char *line = NULL;
    size_t size = 0, lines = 0;
    FILE *file = strcmp(opt.connections, "-") == 0 ? stdin : fopen(opt.connections, "re");
    if (!file)
        fail("%s: %s", opt.connections, strerror(errno));
    while (getline(&line, &size, file) >= 0) {
        line[strcspn(line, "\r\n")] = 0;
        lines++;
        if (*line)
            add_conn(line, lines);
    }
    free(line);
    if (file != stdin)
        fclose(file);
    if (!run.n_conns)
        fail("%s: there are no connections in it", opt.connections);
    if (opt.mode <= OPEN && !run.n_senders)
        fail("%s: there is no connection that sends", opt.connections);
}

static int by_group(const void *a, const void *b)
{
    const struct conn *one = *(struct conn *const *)a, *other = *(struct conn *const *)b;
    if (one->group != other->group)
        return one->group < other->group ? -1 : 1;
    return one < other ? -1 : one > other;
}

/* Count the groups, and say which connections will stall. */
static void sort_groups(void)
{
    struct conn **sorted = malloc(run.n_conns * sizeof *sorted);
    int stalls = 0;
    if (!sorted)
        fail("out of memory");
    for (size_t i = 0; i < run.n_conns; i++)
        sorted[i] = run.conns + i;
    qsort(sorted, run.n_conns, sizeof *sorted, by_group);
    for (size_t i = 0; i < run.n_conns; i++) {
        if (i == 0 || sorted[i]->group != sorted[i - 1]->group) {
            run.n_groups++;
            stalls = 0;
        }
        sorted[i]->stalls = !sorted[i]->sender && stalls < opt.stall_each;
        stalls += sorted[i]->stalls;
    }
    free(sorted);
}

/* Phases */

static struct edge edge_now(void)
{
    return (struct edge){now_ns(), cpu_of(opt.pids, opt.n_pids), own_cpu(), memory_of(opt.pids, opt.n_pids)};
}

static uint64_t after(uint64_t ns, double seconds)
{
    return ns + (uint64_t)(seconds * SECOND);
}

static void start_senders(void)
{
    for (size_t i = 0; i < run.n_conns; i++)
        for (int k = 0; k < opt.window && run.conns[i].sender && run.conns[i].state == READY; k++)
            conn_command(run.conns + i, unique_stamp());
}

static void begin_window(void)
{
    begin = edge_now();
    memset(&run.in, 0, sizeof run.in);
    run.phase = WINDOW;
    deadline = after(begin.ns, opt.seconds);
}

static void leave(void)
{
    for (size_t i = 0; i < run.n_conns; i++)
        unanswered += run.conns[i].n_turns;
    run.phase = CLOSING;
    deadline = now_ns() + LEAVE_NS;
    conns_leave();
}

void all_ready(void)
{
    connected = edge_now();
    if (opt.mode == CONNECT) {
        begin = before;
        end = connected;
        leave();
        return;
    }
    run.phase = WARMUP;
    deadline = after(connected.ns, opt.warmup);
    if (opt.warmup <= 0)
        begin_window();
    open_since = open_next = now_ns();
    if (opt.mode == CLOSED)
        start_senders();
}

_Noreturn static void fail_ready(void)
{
    static const char *const doing[] = {[WAITING] = "has not been begun", [DIALLING] = "is not connected yet",
                                        [UPGRADING] = "waits for the answer to the upgrade",
                                        [OPENING] = "has not received enough frames"};
    const struct conn *conn = run.conns;
    while (conn->state >= READY && conn < run.conns + run.n_conns - 1)
        conn++;
    fail("%zu of %zu connections were ready after %g s: %s %s (%d of %d)", run.n_ready, run.n_conns, opt.ready_timeout,
         conn_name(conn), conn->state < READY ? doing[conn->state] : "", conn->frames, opt.ready);
}

static void end_phase(void)
{
    switch (run.phase) {
    case CONNECTING:
        fail_ready();
    case WARMUP:
        begin_window();
        break;
    case WINDOW:
        end = edge_now();
        leave();
        break;
    default:
        run.phase = DONE;
    }
}

static struct conn *next_sender(void)
{
    static size_t next;
    for (size_t tried = 0; tried < run.n_conns; tried++) {
        struct conn *conn = run.conns + next;
        next = next + 1 < run.n_conns ? next + 1 : 0;
        if (conn->sender && conn->state == READY)
            return conn;
    }
    return NULL;
}

/* Mode open: send what is due; not too much at a time, for what has come is to be read too. */
static void send_due(void)
{
    for (int i = 0; i < 64; i++) {
        uint64_t now = now_ns();
        if (open_next > now)
            return;
        struct conn *conn = next_sender();
        if (conn) {
            int is_queued = conn_command(conn, open_next);
            if (run.phase == WINDOW) {
                run.in.sent++;
                run.in.late += is_queued || now - open_next > LATE_NS;
                run.in.queued += (uint64_t)is_queued;
            }
        }
        open_next = open_since + (uint64_t)((double)++open_commands * SECOND / opt.rate);
    }
}

void tick(uint64_t now)
{
    if (now >= deadline)
        end_phase();
    if (opt.mode == OPEN && is_running() && now >= open_next)
        send_due();
}

static void show_progress(uint64_t now)
{
    static uint64_t last;
    if (!opt.progress || now - last < SECOND)
        return;
    last = now;
    fprintf(stderr, "load: %s: %zu of %zu connections ready, %zu open, %llu commands\n", phase_names[run.phase],
            run.n_ready, run.n_conns, run.n_open, (unsigned long long)run.commands);
}

static void work(void)
{
    before = edge_now();
    deadline = after(before.ns, opt.ready_timeout);
    conns_start();
    while (run.phase != DONE && (run.phase != CLOSING || run.n_open)) {
        uint64_t now = now_ns(), next = deadline;
        if (opt.mode == OPEN && is_running() && open_next < next)
            next = open_next;
        if (opt.progress && next > now + SECOND)
            next = now + SECOND;
        conns_wait(next > now ? next - now : 0);
        now = now_ns();
        tick(now);
        show_progress(now);
    }
}

/* The report */

static void print_count(const char *name, uint64_t value)
{
    printf(", \"%s\": %llu", name, (unsigned long long)value);
}

static void print_real(const char *name, double value, int decimals)
{
    if (isfinite(value))
        printf(", \"%s\": %.*f", name, decimals, value);
    else
        printf(", \"%s\": null", name);
}

static void print_used(const char *name, double from, double to)
{
    print_real(name, from < 0 || to < 0 ? NAN : to - from, 6);
}

static void print_memory(const char *when, struct memory memory)
{
    char name[40];
    snprintf(name, sizeof name, "server_rss_%s_kb", when);
    print_real(name, memory.rss_kb < 0 ? NAN : (double)memory.rss_kb, 0);
    snprintf(name, sizeof name, "server_anon_%s_kb", when);
    print_real(name, memory.anon_kb < 0 ? NAN : (double)memory.anon_kb, 0);
}

static void print_latency(const char *what, const struct hist *hist)
{
    static const int percents[] = {50, 90, 99};
    char name[40];
    for (int i = 0; i < 3; i++) {
        snprintf(name, sizeof name, "%s_p%d", what, percents[i]);
        print_real(name, hist->count ? hist_at(hist, percents[i] / 100.0) / 1000 : NAN, 1);
    }
    snprintf(name, sizeof name, "%s_max", what);
    print_real(name, hist->count ? (double)hist->max / 1000 : NAN, 1);
}

static void report(void)
{
    double seconds = (double)(end.ns - begin.ns) / SECOND, ready_seconds = (double)(connected.ns - before.ns) / SECOND;
    uint64_t commands = opt.mode == OPEN ? run.in.sent : run.in.turns;
    printf("{\"mode\": \"%s\"", mode_names[opt.mode]);
    print_count("connections", run.n_conns);
    print_count("groups", run.n_groups);
    print_count("senders", run.n_senders);
    print_real("ready_seconds", ready_seconds, 6);
    print_real("connects_per_second", (double)run.n_conns / ready_seconds, 1);
    print_latency("connect", &run.connect);
    print_real("seconds", seconds, 6);
    print_count("commands", commands);
    print_real("commands_per_second", (double)commands / seconds, 1);
    print_count("turns", run.in.turns);
    print_count("unanswered", unanswered);
    print_count("deliveries", run.in.deliveries);
    print_real("deliveries_per_second", (double)run.in.deliveries / seconds, 1);
    print_count("replies", run.in.replies);
    print_count("refusals", run.in.refusals);
    print_count("messages", run.in.messages);
    print_count("bytes_received", run.in.bytes);
    print_count("reads", run.in.reads);
    print_latency("turn", &run.in.turn);
    print_latency("delivery", &run.in.delivery);
    print_latency("gap", &run.in.gap);
    print_used("server_cpu_seconds", begin.server_cpu, end.server_cpu);
    print_used("server_cpu_connect_seconds", before.server_cpu, connected.server_cpu);
    print_memory("before", before.memory);
    print_memory("after", connected.memory);
    print_memory("end", end.memory);
    print_used("generator_cpu_seconds", begin.own_cpu, end.own_cpu);
    print_real("generator_idle", 1 - (end.own_cpu - begin.own_cpu) / seconds, 4);
    print_count("late", run.in.late);
    print_count("queued", run.in.queued);
    print_count("dropped", run.dropped);
    print_count("stalled", run.stalled);
    print_count("stalled_dropped", run.stalled_dropped);
    print_count("order_violations", run.order_violations);
    puts("}");
    if (opt.mode <= OPEN && !run.in.turns)
        fprintf(stderr, "load: no turn was completed; the first frame that was not an event: %s\n",
                *run.heard ? run.heard : "none came");
    else if (run.in.refusals)
        fprintf(stderr, "load: there were refusals; the first frame that was not an event: %s\n", run.heard);
}

/* The process */

static void set_up_process(void)
{
    struct rlimit files;
    if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
        files.rlim_cur = files.rlim_max;
        setrlimit(RLIMIT_NOFILE, &files);
        if (run.n_conns + 16 > files.rlim_max)
            fail("%zu connections are more than the %llu files that may be open (ulimit -Hn)", run.n_conns,
                 (unsigned long long)files.rlim_max);
    }
    prctl(PR_SET_TIMERSLACK, 1000);
    if (opt.cpu >= 0) {
        cpu_set_t cores;
        CPU_ZERO(&cores);
        if (opt.cpu >= CPU_SETSIZE)
            fail("--cpu %d: there is no such core", opt.cpu);
        CPU_SET(opt.cpu, &cores);
        if (sched_setaffinity(0, sizeof cores, &cores) != 0)
            fail("--cpu %d: %s", opt.cpu, strerror(errno));
    }
}

static void clean_up(void)
{
    conns_end();
    free(run.conns);
    free(opt.command.bytes);
    for (int i = 0; i < opt.n_firsts; i++)
        free(opt.firsts[i].bytes);
}

int main(int argc, char **argv)
{
    read_options(argc, argv);
    read_connections();
    sort_groups();
    set_up_process();
    conns_prepare();
    work();
    report();
    int status = run.order_violations ? 1 : 0;
    clean_up();
    return status;
}

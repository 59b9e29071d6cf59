/* The connections: dialling, the handshake, reading frames, sending commands. See load.c for what all this is. */
#define _GNU_SOURCE
#include "load.h"
#include "ws.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define READ_SIZE (256 * 1024)
#define LARGE (128 * 1024)            /* a frame above this is read right into a buffer of its own */
#define MAX_ANSWER 16384              /* the head of the answer to the upgrade */
#define MAX_MESSAGE (4 * (size_t)WS_MAX_PAYLOAD)
#define EVENTS 256

/* The key is the one that the RFC has as its example: so the answer to it is known without computing a hash. */
#define KEY "dGhlIHNhbXBsZSBub25jZQ=="
#define ACCEPT "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="

/* As browsers offer it. */
#define OFFER "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n"

static unsigned char shared[READ_SIZE];       /* what read() gives, of whichever connection */
static unsigned char *frame_buffer;           /* the command, masked */
static signed char hex_value[256];
static size_t ping_length;
static int epoll_fd;
static uint64_t now;                          /* when the bytes that are being handled were read */

static void fill(struct bytes *bytes, const void *data, size_t n)
{
    if (!n)
        return;
    if (bytes->size - bytes->to < n) {
        size_t size = bytes->to + n + bytes->to / 2;
        if (!(bytes->data = realloc(bytes->data, size)))
            fail("out of memory");
        bytes->size = size;
    }
    memcpy(bytes->data + bytes->to, data, n);
    bytes->to += n;
}

static void empty(struct bytes *bytes)
{
    free(bytes->data);
    memset(bytes, 0, sizeof *bytes);
}

const char *conn_name(const struct conn *conn)
{
    static char name[400];
    snprintf(name, sizeof name, "connection %zu (group %d, %s, %.300s)", (size_t)(conn - run.conns) + 1, conn->group,
             conn->sender ? "send" : "watch", conn->target);
    return name;
}

int is_running(void)
{
    return run.phase == WARMUP || run.phase == WINDOW;
}

static int in_window(void)
{
    return run.phase == WINDOW || (opt.mode == CONNECT && run.phase == CONNECTING);
}

/* Ask epoll for what this connection waits for. */
static void watch(struct conn *conn)
{
    struct epoll_event event = {.data.ptr = conn};
    if (conn->state == DIALLING)
        event.events = EPOLLOUT;
    else
        event.events = (conn->paused ? EPOLLRDHUP : EPOLLIN) | (conn->out.data ? EPOLLOUT : 0);
    if (epoll_ctl(epoll_fd, conn->watched ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, conn->fd, &event) != 0)
        fail("epoll_ctl: %s", strerror(errno));
    conn->watched = 1;
}

static void forget(struct conn *conn)
{
    close(conn->fd);
    conn->fd = -1;
    conn->state = GONE;
    conn->n_turns = 0;
    empty(&conn->message);
    empty(&conn->out);
    run.n_open--;
}

/* The connection has ended, or is to: not by our will. */
static void lost(struct conn *conn, const char *why)
{
    if (conn->state < READY)
        fail("%s was closed before it was ready: %s", conn_name(conn), why);
    if (conn->state == READY && run.phase < CLOSING) {
        if (run.dropped++ == 0)
            fprintf(stderr, "load: the first to be dropped: %s: %s\n", conn_name(conn), why);
        run.stalled_dropped += conn->paused;
    }
    forget(conn);
}

/* The server had given up this connection, which shows only now that it reads again. */
static void find_dropped(struct conn *conn)
{
    run.dropped += conn->was_paused;
    run.stalled_dropped += conn->was_paused;
    conn->was_paused = 0;
}

/* Send bytes, or keep those that the socket will not take now; 1 if some were kept. */
static int put(struct conn *conn, const unsigned char *data, size_t n)
{
    ssize_t sent = 0;
    if (!conn->out.data) {
        do
            sent = send(conn->fd, data, n, MSG_NOSIGNAL);
        while (sent < 0 && errno == EINTR);
        if (sent == (ssize_t)n)
            return 0;
        if (sent < 0 && errno != EAGAIN) {
            lost(conn, strerror(errno));
            return 0;
        }
        if (sent < 0)
            sent = 0;
    }
    int is_first = !conn->out.data;
    fill(&conn->out, data + sent, n - (size_t)sent);
    if (is_first)
        watch(conn);
    return 1;
}

static void flush(struct conn *conn)
{
    struct bytes *out = &conn->out;
    ssize_t sent = send(conn->fd, out->data + out->from, out->to - out->from, MSG_NOSIGNAL);
    if (sent < 0) {
        if (errno != EAGAIN && errno != EINTR)
            lost(conn, strerror(errno));
        return;
    }
    out->from += (size_t)sent;
    if (out->from == out->to) {
        empty(out);
        watch(conn);
    } else if (out->from > out->size / 2) {
        memmove(out->data, out->data + out->from, out->to - out->from);
        out->to -= out->from;
        out->from = 0;
    }
}

static void put_frame(struct conn *conn, int opcode, const void *payload, size_t length)
{
    unsigned char small[125 + WS_MAX_HEAD], *frame = small;
    if (length > 125 && !(frame = malloc(length + WS_MAX_HEAD)))
        fail("out of memory");
    put(conn, frame, ws_build(frame, opcode, payload, length));
    if (frame != small)
        free(frame);
}

/* Stamps and turns */

uint64_t unique_stamp(void)
{
    static uint64_t last;
    uint64_t stamp = now_ns();
    last = stamp > last ? stamp : last + 1;
    return last;
}

static void write_stamp(unsigned char *to, uint64_t stamp)
{
    *to = '~';
    for (int i = STAMP_SIZE - 1; i > 0; i--, stamp >>= 4)
        to[i] = (unsigned char)"0123456789abcdef"[stamp & 15];
}

static int read_stamp(const unsigned char *digits, uint64_t *stamp)
{
    *stamp = 0;
    for (int i = 0; i < STAMP_SIZE - 1; i++) {
        int value = hex_value[digits[i]];
        if (value < 0)
            return 0;
        *stamp = *stamp << 4 | (uint64_t)value;
    }
    return 1;
}

static void add_turn(struct conn *conn, uint64_t stamp)
{
    if (conn->first_turn + conn->n_turns == conn->turns_size) {
        if (conn->n_turns > conn->turns_size / 2 || !conn->turns_size) {
            conn->turns_size = conn->turns_size ? 2 * conn->turns_size : 4;
            if (!(conn->turns = realloc(conn->turns, conn->turns_size * sizeof *conn->turns)))
                fail("out of memory");
        }
        memmove(conn->turns, conn->turns + conn->first_turn, conn->n_turns * sizeof *conn->turns);
        conn->first_turn = 0;
    }
    conn->turns[conn->first_turn + conn->n_turns++] = (struct turn){.stamp = stamp};
}

int conn_command(struct conn *conn, uint64_t stamp)
{
    add_turn(conn, stamp);
    run.commands++;
    write_stamp(opt.command.bytes + opt.stamp_at, stamp);
    return put(conn, frame_buffer, ws_build(frame_buffer, opt.command.opcode, opt.command.bytes, opt.command.length));
}

static void end_turn(struct conn *conn, struct turn *turn, int is_good)
{
    struct turn *first = conn->turns + conn->first_turn;
    if (is_good && run.phase == WINDOW) {
        run.in.turns++;
        hist_add(&run.in.turn, now > turn->stamp ? now - turn->stamp : 0);
    }
    if (turn == first)
        conn->first_turn++;
    else
        memmove(turn, turn + 1, (size_t)(first + conn->n_turns - turn - 1) * sizeof *turn);
    conn->n_turns--;
    if (opt.mode == CLOSED && is_running() && conn->state == READY)
        conn_command(conn, unique_stamp());
}

/* The turn with this stamp, if it is one of this connection. They are sorted, and it is nearly always the first. */
static struct turn *turn_of(struct conn *conn, uint64_t stamp)
{
    size_t low = 0, high = conn->n_turns;
    if (!high)
        return NULL;
    struct turn *turns = conn->turns + conn->first_turn;
    if (stamp < turns->stamp)
        return NULL;
    while (high - low > 1) {
        if (turns[low].stamp == stamp)
            break;
        size_t middle = low + (high - low) / 2;
        if (turns[middle].stamp <= stamp)
            low = middle;
        else
            high = middle;
    }
    return turns[low].stamp == stamp ? turns + low : NULL;
}

static void take_event(struct conn *conn, uint64_t stamp)
{
    if (run.phase == WINDOW) {
        run.in.deliveries++;
        hist_add(&run.in.delivery, now > stamp ? now - stamp : 0);
    }
    struct turn *turn = turn_of(conn, stamp);
    if (!turn)
        return;
    turn->event = 1;
    if (!opt.await_reply || turn->reply)
        end_turn(conn, turn, 1);
}

/* Take every stamp that the payload holds; their number. */
static int take_stamps(struct conn *conn, const unsigned char *payload, size_t length)
{
    int found = 0;
    const unsigned char *at = payload, *end = payload + length;
    while ((at = memchr(at, '~', (size_t)(end - at))) && end - at >= STAMP_SIZE) {
        uint64_t stamp;
        if (!read_stamp(at + 1, &stamp)) {
            at++;
            continue;
        }
        found++;
        take_event(conn, stamp);
        at += STAMP_SIZE;
    }
    return found;
}

static int holds(const unsigned char *payload, size_t length, const char *text)
{
    return memmem(payload, length, text, strlen(text)) != NULL;
}

static void hear(const unsigned char *payload, size_t length)
{
    for (size_t i = 0; i < length && i < sizeof run.heard - 1; i++)
        run.heard[i] = payload[i] < ' ' ? '.' : (char)payload[i];
}

static void take_reply(struct conn *conn, const unsigned char *payload, size_t length)
{
    static const char event[] = "{\"event\":";
    if (!conn->sender || (length >= sizeof event - 1 && memcmp(payload, event, sizeof event - 1) == 0))
        return;
    if (!*run.heard && is_running())
        hear(payload, length);
    int is_refusal = holds(payload, length, "\"status\":\"error\"") || holds(payload, length, "\"status\": \"error\"");
    if (run.phase == WINDOW) {
        run.in.replies++;
        run.in.refusals += (uint64_t)is_refusal;
    }
    if (!conn->n_turns || (!opt.await_reply && !is_refusal))
        return;
    struct turn *turn = conn->turns + conn->first_turn, *end = turn + conn->n_turns;
    while (turn < end && turn->reply)
        turn++;
    if (turn == end)
        return;
    turn->reply = 1;
    if (turn->event || is_refusal)
        end_turn(conn, turn, !is_refusal);
}

/* Frames */

static void check_order(struct conn *conn, const unsigned char *payload, size_t length)
{
    static const char key[] = "\"seq\":";
    const unsigned char *at = payload, *end = payload + length, *last = NULL;
    while ((at = memmem(at, (size_t)(end - at), key, sizeof key - 1)))
        last = at += sizeof key - 1;
    if (!last || holds(payload, length, "\"status\":"))
        return;
    while (last < end && *last == ' ')
        last++;
    int64_t seq = 0;
    for (; last < end && *last >= '0' && *last <= '9'; last++)
        seq = seq * 10 + (*last - '0');
    if (conn->last_seq >= 0 && seq != conn->last_seq + 1 && run.order_violations++ == 0)
        fprintf(stderr, "load: the first out of order: %s: %lld came after %lld\n", conn_name(conn), (long long)seq,
                (long long)conn->last_seq);
    conn->last_seq = seq;
}

static void ready(struct conn *conn)
{
    conn->state = READY;
    hist_add(&run.connect, now - conn->dialled_at);
    if (++run.n_ready == run.n_conns)
        all_ready();
    else
        conns_start();
}

static void stall(struct conn *conn)
{
    conn->paused = 1;
    run.stalled++;
    watch(conn);
}

/* Mode watch: how long it is since the message before. What is in it is not looked at. */
static void take_update(struct conn *conn)
{
    if (run.phase == WINDOW && conn->heard_at)
        hist_add(&run.in.gap, now - conn->heard_at);
    conn->heard_at = now;
}

static void take_message(struct conn *conn, int opcode, const unsigned char *payload, size_t length)
{
    if (opt.ping && opcode == WS_TEXT && length == ping_length && memcmp(payload, opt.ping, length) == 0) {
        put_frame(conn, WS_TEXT, opt.pong, strlen(opt.pong));
        return;
    }
    if (conn->state == OPENING) {
        if (++conn->frames == opt.ready)
            ready(conn);
        return;
    }
    if (run.phase == WINDOW)
        run.in.messages++;
    if (opt.mode == WATCH) {
        take_update(conn);
        return;
    }
    if (opt.check_order)
        check_order(conn, payload, length);
    if (conn->stalls) {
        conn->event_bytes += length;
        if (conn->event_bytes >= opt.stall_bytes && !conn->paused && conn->state == READY && run.phase < CLOSING)
            stall(conn);
    }
    if (!take_stamps(conn, payload, length))
        take_reply(conn, payload, length);
}

static void take_close(struct conn *conn, const unsigned char *payload, size_t length)
{
    char why[200];
    if (conn->state == LEAVING) {
        if (length < 2 || (payload[0] << 8 | payload[1]) != 1000)
            find_dropped(conn);
        return;
    }
    if (length < 2)
        snprintf(why, sizeof why, "the server sent a Close frame without a code");
    else
        snprintf(why, sizeof why, "the server closed it with %d %.*s", payload[0] << 8 | payload[1], (int)length - 2,
                 (const char *)payload + 2);
    put_frame(conn, WS_CLOSE, payload, length);
    if (conn->state != GONE)
        lost(conn, why);
}

static void take_frame(struct conn *conn, const struct ws_frame *frame, const unsigned char *payload)
{
    int goes_on = frame->opcode == WS_CONTINUATION;
    if (frame->deflated && !opt.deflate)
        fail("%s: the server sent a frame that is deflated, which was not asked for", conn_name(conn));
    if (frame->opcode == WS_PING) {
        if (conn->state != LEAVING)
            put_frame(conn, WS_PONG, payload, frame->length);
    } else if (frame->opcode == WS_CLOSE) {
        take_close(conn, payload, frame->length);
    } else if (frame->opcode == WS_PONG) {
        return;
    } else if (goes_on != (conn->message_opcode != 0)) {
        fail("%s: a fragmented message of the server's does not go on as it should", conn_name(conn));
    } else if (!goes_on && frame->fin) {
        take_message(conn, frame->opcode, payload, frame->length);
    } else {
        if (!goes_on)
            conn->message_opcode = frame->opcode;
        if (conn->message.to + frame->length > MAX_MESSAGE)
            fail("%s: a message of the server's is too large", conn_name(conn));
        fill(&conn->message, payload, frame->length);
        if (frame->fin) {
            struct bytes message = conn->message;
            int opcode = conn->message_opcode;
            memset(&conn->message, 0, sizeof conn->message);
            conn->message_opcode = 0;
            take_message(conn, opcode, message.data ? message.data : (const unsigned char *)"", message.to);
            empty(&message);
        }
    }
}

/* Handle all frames that are complete; how many bytes they were. */
static size_t take_frames(struct conn *conn, const unsigned char *data, size_t n)
{
    struct ws_frame frame;
    const char *why;
    size_t at = 0;
    while (conn->state != GONE) {
        int parsed = ws_parse(data + at, n - at, &frame, &why);
        if (parsed < 0)
            fail("%s: the server sent a frame that is wrong: %s", conn_name(conn), why);
        if (!parsed || n - at - frame.head < frame.length || n - at < frame.head)
            break;
        take_frame(conn, &frame, data + at + frame.head);
        at += frame.head + frame.length;
    }
    return at;
}

/* The handshake */

static void dial(struct conn *conn)
{
    static const int on = 1;
    struct sockaddr_in here = {.sin_family = AF_INET}, there = {.sin_family = AF_INET};
    size_t index = (size_t)(conn - run.conns);
    conn->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (conn->fd < 0)
        fail("no socket for %s: %s", conn_name(conn), strerror(errno));
    setsockopt(conn->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (opt.sources > 1) {
        setsockopt(conn->fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on);
        here.sin_addr.s_addr = htonl(INADDR_LOOPBACK + (uint32_t)(index % (size_t)opt.sources));
        if (bind(conn->fd, (struct sockaddr *)&here, sizeof here) != 0)
            fail("could not bind %s to its source address: %s", conn_name(conn), strerror(errno));
    }
    there.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    there.sin_port = htons((uint16_t)opt.port);
    conn->dialled_at = now_ns();
    if (connect(conn->fd, (struct sockaddr *)&there, sizeof there) != 0 && errno != EINPROGRESS)
        fail("could not connect %s to port %d: %s", conn_name(conn), opt.port, strerror(errno));
    conn->state = DIALLING;
    run.n_open++;
    watch(conn);
}

static void ask_for_upgrade(struct conn *conn)
{
    int error = 0;
    socklen_t size = sizeof error;
    getsockopt(conn->fd, SOL_SOCKET, SO_ERROR, &error, &size);
    if (error)
        fail("could not connect %s to port %d: %s", conn_name(conn), opt.port, strerror(error));
    char *request;
    int n = asprintf(&request,
                     "GET %s HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                     "Sec-WebSocket-Key: " KEY "\r\nSec-WebSocket-Version: 13\r\n%s%s\r\n",
                     conn->target, opt.port, opt.deflate ? OFFER : "", conn->headers);
    if (n < 0)
        fail("out of memory");
    conn->state = UPGRADING;
    watch(conn);
    put(conn, (unsigned char *)request, (size_t)n);
    free(request);
}

/* The answer was no: wait a moment for the beginning of its body, and show it. */
_Noreturn static void fail_upgrade(struct conn *conn, const unsigned char *answer, size_t n, size_t head)
{
    char text[MAX_ANSWER + 256];
    struct timeval patience = {.tv_usec = 300000};
    memcpy(text, answer, n = n < sizeof text ? n : sizeof text);
    fcntl(conn->fd, F_SETFL, 0);
    setsockopt(conn->fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    while (n < sizeof text && n < head + 200) {
        ssize_t got = read(conn->fd, text + n, sizeof text - n);
        if (got <= 0)
            break;
        n += (size_t)got;
    }
    size_t body = n - head < 200 ? n - head : 200;
    for (size_t i = head; i < head + body; i++)
        if ((unsigned char)text[i] < ' ')
            text[i] = ' ';
    char *end = memchr(text, '\r', head);
    fail("%s was answered with: %.*s%s%.*s", conn_name(conn), (int)(end ? end - text : (int)head), text,
         body ? " -- " : "", (int)body, text + head);
}

/* Whether the head of the answer, `n` bytes, has the right Sec-WebSocket-Accept. */
static int is_accepted(const char *answer, size_t n)
{
    static const char name[] = "\nsec-websocket-accept:";
    for (const char *at = answer; (at = memchr(at, '\n', (size_t)(answer + n - at))); at++) {
        if ((size_t)(answer + n - at) < sizeof name + sizeof ACCEPT || strncasecmp(at, name, sizeof name - 1) != 0)
            continue;
        at += sizeof name - 1;
        at += *at == ' ';
        return (size_t)(answer + n - at) > sizeof ACCEPT && memcmp(at, ACCEPT "\r", sizeof ACCEPT) == 0;
    }
    return 0;
}

/* Whether the head of the answer, `n` bytes, agrees to what was offered. */
static int is_agreed(const char *answer, size_t n)
{
    static const char name[] = "\nsec-websocket-extensions:", extension[] = "permessage-deflate";
    for (const char *at = answer; (at = memchr(at, '\n', (size_t)(answer + n - at))); at++) {
        const char *end = memchr(at + 1, '\n', (size_t)(answer + n - at - 1));
        if (end && end - at > (ptrdiff_t)sizeof name && strncasecmp(at, name, sizeof name - 1) == 0 &&
            memmem(at, (size_t)(end - at), extension, sizeof extension - 1))
            return 1;
    }
    return 0;
}

/* Look for the answer to the upgrade; its size once it is there, else 0. */
static size_t take_answer(struct conn *conn, const unsigned char *data, size_t n)
{
    const unsigned char *end = memmem(data, n < MAX_ANSWER ? n : MAX_ANSWER, "\r\n\r\n", 4);
    if (!end && n >= MAX_ANSWER)
        fail("%s: the head of the answer to the upgrade does not end", conn_name(conn));
    if (!end)
        return 0;
    size_t head = (size_t)(end - data) + 4;
    if (head < 13 || memcmp(data, "HTTP/1.1 101", 12) != 0)
        fail_upgrade(conn, data, n, head);
    if (!is_accepted((const char *)data, head))
        fail("%s: the answer to the upgrade has no Sec-WebSocket-Accept, or a wrong one", conn_name(conn));
    if (opt.deflate && !is_agreed((const char *)data, head))
        fail("%s: the server does not agree to permessage-deflate", conn_name(conn));
    conn->state = OPENING;
    for (int i = 0; i < opt.n_firsts && conn->state == OPENING; i++)
        put_frame(conn, opt.firsts[i].opcode, opt.firsts[i].bytes, opt.firsts[i].length);
    if (conn->state == OPENING && !opt.ready)
        ready(conn);
    return head;
}

/* Reading */

/* Keep what is the beginning of something until the rest of it has come. A large frame gets its whole room at once, and
 * is then read into it. */
static void keep(struct conn *conn, const unsigned char *data, size_t n)
{
    struct bytes *rest = &conn->rest;
    struct ws_frame frame;
    const char *why;
    if (!n || conn->state == GONE) {
        empty(rest);
        return;
    }
    if (rest->data && data == rest->data) {
        rest->to = n;
        return;
    }
    size_t size = n;
    if (conn->state != UPGRADING && ws_parse(data, n, &frame, &why) > 0 &&
        frame.head + frame.length > LARGE)
        size = frame.head + frame.length;
    if (rest->size < size) {
        empty(rest);
        if (!(rest->data = malloc(size)))
            fail("out of memory");
        rest->size = size;
    }
    memcpy(rest->data, data, n);
    rest->to = n;
}

static void take_bytes(struct conn *conn, const unsigned char *data, size_t n)
{
    size_t used = 0;
    if (conn->state == UPGRADING && (used = take_answer(conn, data, n)) == 0) {
        keep(conn, data, n);
        return;
    }
    used += take_frames(conn, data + used, n - used);
    keep(conn, data + used, n - used);
}

static void take_input(struct conn *conn)
{
    for (;;) {
        struct bytes *rest = &conn->rest;
        int is_large = rest->size > LARGE;
        unsigned char *data = is_large ? rest->data : shared;
        size_t have = rest->to, room = (is_large ? rest->size : READ_SIZE) - have;
        if (!is_large && have)
            memcpy(shared, rest->data, have);
        if (conn->stalls && conn->state == READY) {
            size_t left = conn->event_bytes < opt.stall_bytes ? opt.stall_bytes - conn->event_bytes + 16 : 16;
            room = left < room ? left : room;
        }
        ssize_t got = read(conn->fd, data + have, room);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0 && errno == EAGAIN)
            return;
        if (got < 0)
            find_dropped(conn);
        if (got <= 0) {
            lost(conn, got ? strerror(errno) : "the server closed it");
            empty(rest);
            return;
        }
        now = now_ns();
        tick(now);
        if (in_window()) {
            run.in.reads++;
            run.in.bytes += (uint64_t)got;
        }
        if (conn->state == GONE) {
            empty(rest);
            return;
        }
        take_bytes(conn, data, have + (size_t)got);
        if (conn->state == GONE || conn->paused || (size_t)got < room)
            return;
    }
}

static void take_happening(struct conn *conn, uint32_t events)
{
    if (conn->state == GONE)
        return;
    if (conn->state == DIALLING) {
        ask_for_upgrade(conn);
        return;
    }
    if (conn->paused) {
        if (events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) {
            lost(conn, "the server closed it while it did not read");
            return;
        }
        events &= EPOLLOUT;
    }
    if (events & EPOLLOUT && conn->out.data)
        flush(conn);
    if (events & ~(uint32_t)EPOLLOUT && conn->state != GONE)
        take_input(conn);
}

/* epoll_wait, with a timeout in nanoseconds where the kernel has that. */
static int wait_for(struct epoll_event *events, uint64_t ns)
{
#ifdef SYS_epoll_pwait2
    static int is_missing;
    if (!is_missing) {
        struct timespec timeout = {.tv_sec = (time_t)(ns / 1000000000u), .tv_nsec = (long)(ns % 1000000000u)};
        int n = (int)syscall(SYS_epoll_pwait2, epoll_fd, events, EVENTS, &timeout, NULL, 0);
        if (n >= 0 || errno != ENOSYS)
            return n;
        is_missing = 1;
    }
#endif
    return epoll_wait(epoll_fd, events, EVENTS, (int)(ns / 1000000u));
}

void conns_wait(uint64_t ns)
{
    static struct epoll_event events[EVENTS];
    int n = wait_for(events, ns);
    if (n < 0 && errno != EINTR)
        fail("epoll_wait: %s", strerror(errno));
    for (int i = 0; i < n; i++)
        take_happening(events[i].data.ptr, events[i].events);
}

void conns_prepare(void)
{
    memset(hex_value, -1, sizeof hex_value);
    for (int i = 0; i < 16; i++)
        hex_value[(unsigned char)"0123456789abcdef"[i]] = (signed char)i;
    ping_length = opt.ping ? strlen(opt.ping) : 0;
    epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    if (epoll_fd < 0)
        fail("epoll_create1: %s", strerror(errno));
    if (opt.command.length && !(frame_buffer = malloc(opt.command.length + WS_MAX_HEAD)))
        fail("out of memory");
}

void conns_start(void)
{
    while (run.n_started < run.n_conns && run.n_started - run.n_ready < (size_t)opt.concurrency)
        dial(run.conns + run.n_started++);
}

void conns_leave(void)
{
    static const unsigned char normal[] = {1000 >> 8, 1000 & 255};
    for (size_t i = 0; i < run.n_conns; i++) {
        struct conn *conn = run.conns + i;
        if (conn->state != READY)
            continue;
        conn->state = LEAVING;
        put_frame(conn, WS_CLOSE, normal, sizeof normal);
        if (conn->paused && conn->state != GONE) {
            conn->paused = 0;
            conn->was_paused = 1;
            watch(conn);
        }
    }
}

void conns_end(void)
{
    for (size_t i = 0; i < run.n_conns; i++) {
        struct conn *conn = run.conns + i;
        if (conn->fd >= 0)
            close(conn->fd);
        free(conn->target);
        free(conn->headers);
        free(conn->turns);
        empty(&conn->rest);
        empty(&conn->message);
        empty(&conn->out);
    }
    free(frame_buffer);
    close(epoll_fd);
}

/* room: the floor. A WebSocket server with rooms, in plain C: one thread, epoll, one write() for every frame that goes
 * to anybody, and no cleverness. What a server in another language needs above this is what it costs.
 *
 *     cc -O2 -o room bench/peers/epoll/room.c
 *     room --port P [--cpu N]
 *
 * It prints "listening on P" when it is ready, listens on 127.0.0.1, and ends on SIGTERM. --cpu: run on this core only.
 * The last segment of the request's path is the name of the game. Messages are JSON in text frames:
 *
 *     -> {"command":"say","text":"..."}    to everyone in the game: {"event":"Said","text":"...","seq":N}, N growing by
 *                                          one in each game; then to who said it: {"status":"ok"}
 *     -> {"command":"ask","text":"..."}    {"status":"ok","result":"..."}
 *     -> anything else                     {"status":"error","error":"..."}
 *
 * The text goes out with the escapes that it came with. TCP_NODELAY is on; what a socket will not take is kept for it,
 * up to 16 MiB. Frames of up to 1 MiB are read; fragmented and binary messages are refused with 1003.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#define MAX_PAYLOAD (1u << 20)
#define READ_SIZE (MAX_PAYLOAD + 65536)       /* room for the rest of any frame, and more */
#define MAX_REQUEST 8192
#define MAX_WAITING (16u << 20)
#define MAX_HEAD 10
#define SLOTS 4096                            /* of the table of games */

enum { TEXT = 1, CLOSE = 8, PING = 9, PONG = 10 };

struct conn {
    int fd;
    int is_dead, is_closing;                  /* closing: nothing more is sent, and what comes is not looked at */
    struct game *game;                        /* NULL before the handshake */
    size_t place;                             /* in the game's members */
    unsigned char *rest;                      /* the beginning of a frame or of the request */
    size_t rest_length;
    unsigned char *out;                       /* what the socket would not take yet: from out_from to out_to */
    size_t out_from, out_to, out_size;
    struct conn *next_dead;
};

struct game {
    struct game *next;
    uint64_t seq;
    struct conn **members;
    size_t n_members, size;
    char name[];
};

struct slice {
    const unsigned char *data;
    size_t length;
};

static struct game *games[SLOTS];
static struct conn *dead;                     /* to be freed when all that happened has been handled */
static unsigned char shared[READ_SIZE];
static unsigned char frame_buffer[MAX_PAYLOAD + 128];
static int epoll_fd;

static void *checked(void *memory)
{
    if (memory)
        return memory;
    fputs("room: out of memory\n", stderr);
    exit(2);
}

_Noreturn static void fail(const char *what)
{
    fprintf(stderr, "room: %s: %s\n", what, strerror(errno));
    exit(2);
}

/* SHA-1 and base64, for the handshake */

static uint32_t rotated(uint32_t x, int n)
{
    return x << n | x >> (32 - n);
}

static void sha1_block(uint32_t state[5], const unsigned char *block)
{
    static const uint32_t constants[] = {0x5a827999, 0x6ed9eba1, 0x8f1bbcdc, 0xca62c1d6};
    uint32_t w[80], a = state[0], b = state[1], c = state[2], d = state[3], e = state[4];
    for (int i = 0; i < 16; i++)
        w[i] = (uint32_t)block[4 * i] << 24 | (uint32_t)block[4 * i + 1] << 16 | (uint32_t)block[4 * i + 2] << 8 |
               block[4 * i + 3];
    for (int i = 16; i < 80; i++)
        w[i] = rotated(w[i - 3] ^ w[i - 8] ^ w[i - 14] ^ w[i - 16], 1);
    for (int i = 0; i < 80; i++) {
        uint32_t f = i < 20 ? (b & c) | (~b & d) : i >= 40 && i < 60 ? (b & c) | (b & d) | (c & d) : b ^ c ^ d;
        uint32_t next = rotated(a, 5) + f + e + constants[i / 20] + w[i];
        e = d, d = c, c = rotated(b, 30), b = a, a = next;
    }
    state[0] += a, state[1] += b, state[2] += c, state[3] += d, state[4] += e;
}

/* Of at most 119 bytes, which is two blocks. */
static void sha1(const unsigned char *data, size_t length, unsigned char digest[20])
{
    uint32_t state[5] = {0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0};
    unsigned char blocks[128] = {0};
    size_t end = length < 56 ? 64 : 128;
    memcpy(blocks, data, length);
    blocks[length] = 0x80;
    blocks[end - 2] = (unsigned char)(length >> 5);
    blocks[end - 1] = (unsigned char)(length << 3);
    for (size_t at = 0; at < end; at += 64)
        sha1_block(state, blocks + at);
    for (int i = 0; i < 20; i++)
        digest[i] = (unsigned char)(state[i / 4] >> (24 - 8 * (i % 4)));
}

static void base64(const unsigned char *data, size_t length, char *out)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for (size_t i = 0; i < length; i += 3) {
        uint32_t three = (uint32_t)data[i] << 16;
        three |= i + 1 < length ? (uint32_t)data[i + 1] << 8 : 0;
        three |= i + 2 < length ? data[i + 2] : 0;
        *out++ = digits[three >> 18];
        *out++ = digits[three >> 12 & 63];
        *out++ = i + 1 < length ? digits[three >> 6 & 63] : '=';
        *out++ = i + 2 < length ? digits[three & 63] : '=';
    }
    *out = 0;
}

/* Games */

static struct game *game_of(const char *name, size_t length)
{
    uint32_t hash = 2166136261u;
    for (size_t i = 0; i < length; i++)
        hash = (hash ^ (unsigned char)name[i]) * 16777619u;
    struct game **slot = games + hash % SLOTS;
    for (struct game *game = *slot; game; game = game->next)
        if (strlen(game->name) == length && memcmp(game->name, name, length) == 0)
            return game;
    struct game *game = checked(calloc(1, sizeof *game + length + 1));
    memcpy(game->name, name, length);
    game->next = *slot;
    return *slot = game;
}

static void join(struct conn *conn, struct game *game)
{
    if (game->n_members == game->size) {
        game->size = game->size ? 2 * game->size : 8;
        game->members = checked(realloc(game->members, game->size * sizeof *game->members));
    }
    conn->game = game;
    conn->place = game->n_members;
    game->members[game->n_members++] = conn;
}

static void part(struct conn *conn)
{
    struct game *game = conn->game;
    if (!game)
        return;
    struct conn *last = game->members[--game->n_members];
    game->members[conn->place] = last;
    last->place = conn->place;
    conn->game = NULL;
}

/* Writing */

static void watch(struct conn *conn, int operation)
{
    struct epoll_event event = {.events = EPOLLIN | (conn->out ? EPOLLOUT : 0), .data.ptr = conn};
    if (epoll_ctl(epoll_fd, operation, conn->fd, &event) != 0)
        fail("epoll_ctl");
}

/* The connection is over. It goes when nobody can be looking at it any more. */
static void end(struct conn *conn)
{
    if (conn->is_dead)
        return;
    conn->is_dead = 1;
    conn->next_dead = dead;
    dead = conn;
}

static void keep_output(struct conn *conn, const unsigned char *data, size_t length)
{
    int is_first = !conn->out;
    if (conn->out_to - conn->out_from + length > MAX_WAITING) {
        end(conn);
        return;
    }
    if (conn->out_from && conn->out_size < conn->out_to + length) {
        memmove(conn->out, conn->out + conn->out_from, conn->out_to - conn->out_from);
        conn->out_to -= conn->out_from;
        conn->out_from = 0;
    }
    if (conn->out_size < conn->out_to + length) {
        conn->out_size = 2 * (conn->out_to + length);
        conn->out = checked(realloc(conn->out, conn->out_size));
    }
    memcpy(conn->out + conn->out_to, data, length);
    conn->out_to += length;
    if (is_first)
        watch(conn, EPOLL_CTL_MOD);
}

static void put(struct conn *conn, const unsigned char *data, size_t length)
{
    ssize_t sent = 0;
    if (conn->is_dead || conn->is_closing)
        return;
    if (!conn->out) {
        sent = send(conn->fd, data, length, MSG_NOSIGNAL);
        if (sent == (ssize_t)length)
            return;
        if (sent < 0 && errno != EAGAIN && errno != EINTR) {
            end(conn);
            return;
        }
        if (sent < 0)
            sent = 0;
    }
    keep_output(conn, data + sent, length - (size_t)sent);
}

static void flush(struct conn *conn)
{
    ssize_t sent = send(conn->fd, conn->out + conn->out_from, conn->out_to - conn->out_from, MSG_NOSIGNAL);
    if (sent < 0) {
        if (errno != EAGAIN && errno != EINTR)
            end(conn);
        return;
    }
    conn->out_from += (size_t)sent;
    if (conn->out_from < conn->out_to)
        return;
    free(conn->out);
    conn->out = NULL;
    conn->out_from = conn->out_to = conn->out_size = 0;
    watch(conn, EPOLL_CTL_MOD);
    if (conn->is_closing)
        shutdown(conn->fd, SHUT_WR);
}

/* Send no more than what waits; then it is the client's to close. To close at once would take from it what it has not
 * read yet, if there was more from it. */
static void close_softly(struct conn *conn)
{
    conn->is_closing = 1;
    part(conn);
    if (!conn->out)
        shutdown(conn->fd, SHUT_WR);
}

/* Write a frame's head; its size. */
static size_t put_head(unsigned char *out, int opcode, size_t length)
{
    size_t more = length < 126 ? 0 : length < 65536 ? 2 : 8;
    out[0] = (unsigned char)(0x80 | opcode);
    out[1] = (unsigned char)(more == 0 ? length : more == 2 ? 126 : 127);
    for (size_t i = 0; i < more; i++)
        out[2 + i] = (unsigned char)((uint64_t)length >> (8 * (more - 1 - i)));
    return 2 + more;
}

static void put_control(struct conn *conn, int opcode, const unsigned char *payload, size_t length)
{
    unsigned char frame[127];
    size_t head = put_head(frame, opcode, length);
    memcpy(frame + head, payload, length);
    put(conn, frame, head + length);
}

static void refuse(struct conn *conn, int code)
{
    unsigned char payload[] = {(unsigned char)(code >> 8), (unsigned char)code};
    put_control(conn, CLOSE, payload, 2);
    close_softly(conn);
}

/* Make a text frame of three parts in the buffer that all frames are made in; its size. */
static size_t make_frame(struct slice before, struct slice middle, struct slice after)
{
    size_t length = before.length + middle.length + after.length;
    unsigned char *at = frame_buffer + put_head(frame_buffer, TEXT, length);
    memcpy(at, before.data, before.length);
    memcpy(at + before.length, middle.data, middle.length);
    memcpy(at + before.length + middle.length, after.data, after.length);
    return (size_t)(at - frame_buffer) + length;
}

#define SLICE(text) ((struct slice){(const unsigned char *)(text), sizeof(text) - 1})
#define NOTHING SLICE("")

/* JSON: as much of it as finds two strings in an object */

static const unsigned char *skip_space(const unsigned char *at, const unsigned char *end)
{
    while (at < end && (*at == ' ' || *at == '\t' || *at == '\n' || *at == '\r'))
        at++;
    return at;
}

/* Past the string that begins here, with what is between its quotes; NULL if it is none. */
static const unsigned char *take_string(const unsigned char *at, const unsigned char *end, struct slice *string)
{
    if (at == end || *at++ != '"')
        return NULL;
    string->data = at;
    for (; at < end && *at != '"'; at++)
        if (*at < ' ' || (*at == '\\' && ++at == end))
            return NULL;
    string->length = (size_t)(at - string->data);
    return at < end ? at + 1 : NULL;
}

/* Past a value that is of no interest, whatever it is; NULL if it does not end. */
static const unsigned char *skip_value(const unsigned char *at, const unsigned char *end)
{
    const unsigned char *begin = at;
    struct slice string;
    int depth = 0;
    while (at < end) {
        if (depth == 0 && (*at == ',' || *at == '}'))
            return at > begin ? at : NULL;
        if (*at == '"') {
            if (!(at = take_string(at, end, &string)))
                return NULL;
            continue;
        }
        depth += (*at == '{' || *at == '[') - (*at == '}' || *at == ']');
        if (depth < 0)
            return NULL;
        at++;
    }
    return NULL;
}

static int is(struct slice slice, struct slice other)
{
    return slice.length == other.length && memcmp(slice.data, other.data, slice.length) == 0;
}

/* Find the strings `command` and `text` in a JSON object; 0 if it is none. */
static int read_command(const unsigned char *at, size_t length, struct slice *command, struct slice *text)
{
    const unsigned char *end = at + length;
    struct slice key;
    at = skip_space(at, end);
    if (at == end || *at++ != '{')
        return 0;
    for (;;) {
        at = take_string(skip_space(at, end), end, &key);
        if (!at || (at = skip_space(at, end)) == end || *at++ != ':')
            return 0;
        at = skip_space(at, end);
        struct slice *wanted = is(key, SLICE("command")) ? command : is(key, SLICE("text")) ? text : NULL;
        if (wanted && at < end && *at == '"')
            at = take_string(at, end, wanted);
        else
            at = skip_value(at, end);
        if (!at || (at = skip_space(at, end)) == end)
            return 0;
        if (*at == '}')
            return skip_space(at + 1, end) == end;
        if (*at++ != ',')
            return 0;
    }
}

/* A text message has to be UTF-8 (RFC 6455, 8.1). */
static int is_utf8(const unsigned char *at, size_t length)
{
    const unsigned char *end = at + length;
    uint64_t eight;
    while (at < end) {
        for (; end - at >= 8 && (memcpy(&eight, at, 8), !(eight & UINT64_C(0x8080808080808080))); at += 8)
            ;
        if (at == end)
            break;
        if (*at < 0x80) {
            at++;
            continue;
        }
        int more = *at >= 0xc2 && *at < 0xe0 ? 1 : (*at & 0xf0) == 0xe0 ? 2 : *at >= 0xf0 && *at < 0xf5 ? 3 : 0;
        if (!more || end - at <= more)
            return 0;
        if ((*at == 0xe0 && at[1] < 0xa0) || (*at == 0xed && at[1] > 0x9f) || (*at == 0xf0 && at[1] < 0x90) ||
            (*at == 0xf4 && at[1] > 0x8f))
            return 0;
        for (at++; more; more--, at++)
            if ((*at & 0xc0) != 0x80)
                return 0;
    }
    return 1;
}

/* Messages */

static void say(struct conn *conn, struct slice text)
{
    static const unsigned char ok[] = "\x81\x0f{\"status\":\"ok\"}";
    struct game *game = conn->game;
    char seq[40];
    int length = snprintf(seq, sizeof seq, "\",\"seq\":%llu}", (unsigned long long)++game->seq);
    size_t size = make_frame(SLICE("{\"event\":\"Said\",\"text\":\""), text,
                             (struct slice){(unsigned char *)seq, (size_t)length});
    for (size_t i = 0; i < game->n_members; i++)
        put(game->members[i], frame_buffer, size);
    put(conn, ok, sizeof ok - 1);
}

static void answer(struct conn *conn, struct slice before, struct slice middle, struct slice after)
{
    put(conn, frame_buffer, make_frame(before, middle, after));
}

static void take_message(struct conn *conn, const unsigned char *payload, size_t length)
{
    struct slice command = {NULL, 0}, text = {NULL, 0};
    if (!is_utf8(payload, length))
        refuse(conn, 1007);
    else if (!read_command(payload, length, &command, &text))
        answer(conn, SLICE("{\"status\":\"error\",\"error\":\"not a JSON object\"}"), NOTHING, NOTHING);
    else if (!command.data || !text.data)
        answer(conn, SLICE("{\"status\":\"error\",\"error\":\"command and text are needed\"}"), NOTHING, NOTHING);
    else if (is(command, SLICE("say")))
        say(conn, text);
    else if (is(command, SLICE("ask")))
        answer(conn, SLICE("{\"status\":\"ok\",\"result\":\""), text, SLICE("\"}"));
    else
        answer(conn, SLICE("{\"status\":\"error\",\"error\":\"no such command\"}"), NOTHING, NOTHING);
}

static void unmask(unsigned char *payload, size_t length, const unsigned char key[4])
{
    uint32_t key32;
    memcpy(&key32, key, 4);
    uint64_t wide = (uint64_t)key32 << 32 | key32, word;
    size_t i = 0;
    for (; i + 8 <= length; i += 8) {
        memcpy(&word, payload + i, 8);
        word ^= wide;
        memcpy(payload + i, &word, 8);
    }
    for (; i < length; i++)
        payload[i] ^= key[i & 3];
}

static void take_control(struct conn *conn, int opcode, unsigned char *payload, size_t length)
{
    if (opcode == PING) {
        put_control(conn, PONG, payload, length);
    } else if (opcode == CLOSE) {
        refuse(conn, length < 2 ? 1000 : payload[0] << 8 | payload[1]);
    } else if (opcode != PONG) {
        refuse(conn, 1002);
    }
}

/* Handle the frame that the bytes begin with; its size, or 0 if it is not all there. */
static size_t take_frame(struct conn *conn, unsigned char *data, size_t n)
{
    if (n < 2)
        return 0;
    int opcode = data[0] & 15, is_control = opcode >= CLOSE;
    uint64_t length = data[1] & 127;
    size_t more = length == 126 ? 2 : length == 127 ? 8 : 0, head = 6 + more;
    if (data[0] & 0x70 || !(data[1] & 0x80) || (is_control && (more || !(data[0] & 0x80)))) {
        refuse(conn, 1002);
        return n;
    }
    if (!is_control && (opcode != TEXT || !(data[0] & 0x80))) {
        refuse(conn, 1003);
        return n;
    }
    if (n < head)
        return 0;
    if (more)
        length = 0;
    for (size_t i = 0; i < more; i++)
        length = length << 8 | data[2 + i];
    if (length > MAX_PAYLOAD) {
        refuse(conn, 1009);
        return n;
    }
    if (n - head < length)
        return 0;
    unmask(data + head, (size_t)length, data + head - 4);
    if (is_control)
        take_control(conn, opcode, data + head, (size_t)length);
    else
        take_message(conn, data + head, (size_t)length);
    return head + (size_t)length;
}

/* The handshake */

static void refuse_upgrade(struct conn *conn)
{
    static const char no[] = "HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Type: text/plain\r\n"
                             "Content-Length: 27\r\n\r\nThis is a WebSocket server.";
    put(conn, (const unsigned char *)no, sizeof no - 1);
    close_softly(conn);
}

/* The value of a header; no data if there is none. `head` begins with a line's end, and ends with one. */
static struct slice header(struct slice head, const char *name)
{
    const char *at = (const char *)head.data, *end = at + head.length;
    size_t length = strlen(name);
    for (; (at = memmem(at, (size_t)(end - at), "\r\n", 2)); at += 2) {
        if ((size_t)(end - at) < length + 3 || strncasecmp(at + 2, name, length) != 0 || at[2 + length] != ':')
            continue;
        at += length + 3;
        at += strspn(at, " \t");
        const char *stop = memchr(at, '\r', (size_t)(end - at));
        while (stop > at && (stop[-1] == ' ' || stop[-1] == '\t'))
            stop--;
        return (struct slice){(const unsigned char *)at, (size_t)(stop - at)};
    }
    return (struct slice){NULL, 0};
}

static void accept_upgrade(struct conn *conn, struct slice key)
{
    static const char guid[] = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
    unsigned char joined[24 + sizeof guid - 1], digest[20];
    char accepted[29], text[200];
    memcpy(joined, key.data, 24);
    memcpy(joined + 24, guid, sizeof guid - 1);
    sha1(joined, sizeof joined, digest);
    base64(digest, sizeof digest, accepted);
    int length = snprintf(text, sizeof text, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
                          "Connection: Upgrade\r\nSec-WebSocket-Accept: %s\r\n\r\n", accepted);
    put(conn, (unsigned char *)text, (size_t)length);
}

/* Handle the request; its size, or 0 if it is not all there. */
static size_t take_request(struct conn *conn, const unsigned char *data, size_t n)
{
    const unsigned char *end_of_head = memmem(data, n, "\r\n\r\n", 4), *line_end = memmem(data, n, "\r\n", 2);
    if (!end_of_head && n < MAX_REQUEST)
        return 0;
    if (!end_of_head || memcmp(data, "GET /", 5) != 0) {
        refuse_upgrade(conn);
        return n;
    }
    struct slice head = {line_end, (size_t)(end_of_head + 2 - line_end)};
    struct slice key = header(head, "Sec-WebSocket-Key"), upgrade = header(head, "Upgrade");
    struct slice version = header(head, "Sec-WebSocket-Version");
    const char *name = (const char *)data + 5;
    size_t length = 0;
    for (const char *at = name; at < (const char *)line_end && !strchr(" ?#", *at); at++, length++)
        if (*at == '/')
            name = at + 1, length = (size_t)-1;
    if (!length || upgrade.length != 9 || strncasecmp((const char *)upgrade.data, "websocket", 9) != 0 ||
        key.length != 24 || !version.data || !is(version, SLICE("13"))) {
        refuse_upgrade(conn);
        return n;
    }
    accept_upgrade(conn, key);
    join(conn, game_of(name, length));
    return (size_t)(end_of_head - data) + 4;
}

/* Reading */

static void take_input(struct conn *conn)
{
    size_t have = conn->rest_length, used = 0, taken;
    if (have)
        memcpy(shared, conn->rest, have);
    ssize_t got = read(conn->fd, shared + have, READ_SIZE - have);
    if (got < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (got <= 0) {
        end(conn);
        return;
    }
    have += (size_t)got;
    while (used < have && !conn->is_dead && !conn->is_closing) {
        taken = conn->game ? take_frame(conn, shared + used, have - used) : take_request(conn, shared, have);
        if (!taken)
            break;
        used += taken;
    }
    if (conn->is_closing)
        used = have;
    free(conn->rest);
    conn->rest = NULL;
    conn->rest_length = have - used;
    if (have > used) {
        conn->rest = checked(malloc(have - used));
        memcpy(conn->rest, shared + used, have - used);
    }
}

static void take_connections(int listener)
{
    static const int on = 1;
    int fd;
    while ((fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0) {
        struct conn *conn = checked(calloc(1, sizeof *conn));
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        conn->fd = fd;
        watch(conn, EPOLL_CTL_ADD);
    }
}

static void bury(void)
{
    while (dead) {
        struct conn *conn = dead;
        dead = conn->next_dead;
        part(conn);
        close(conn->fd);
        free(conn->rest);
        free(conn->out);
        free(conn);
    }
}

static int listen_on(int port)
{
    static const int on = 1;
    struct sockaddr_in here = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    struct epoll_event event = {.events = EPOLLIN};
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    here.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (listener < 0 || bind(listener, (struct sockaddr *)&here, sizeof here) != 0 || listen(listener, 4096) != 0)
        fail("could not listen");
    epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    if (epoll_fd < 0 || epoll_ctl(epoll_fd, EPOLL_CTL_ADD, listener, &event) != 0)
        fail("epoll");
    return listener;
}

static void serve(int listener)
{
    struct epoll_event events[256];
    for (;;) {
        int n = epoll_wait(epoll_fd, events, 256, -1);
        for (int i = 0; i < n; i++) {
            struct conn *conn = events[i].data.ptr;
            if (!conn) {
                take_connections(listener);
                continue;
            }
            if (events[i].events & EPOLLOUT && conn->out && !conn->is_dead)
                flush(conn);
            if (events[i].events & ~(uint32_t)EPOLLOUT && !conn->is_dead)
                take_input(conn);
        }
        bury();
    }
}

static void stop(int number)
{
    (void)number;
    _exit(0);
}

static void pin(int core)
{
    cpu_set_t cores;
    CPU_ZERO(&cores);
    CPU_SET((size_t)core, &cores);
    if (sched_setaffinity(0, sizeof cores, &cores) != 0)
        fail("--cpu");
}

int main(int argc, char **argv)
{
    struct rlimit files;
    int port = 0, i;
    for (i = 1; i + 1 < argc; i += 2) {
        int value = atoi(argv[i + 1]);
        if (strcmp(argv[i], "--port") == 0)
            port = value;
        else if (strcmp(argv[i], "--cpu") == 0 && value >= 0 && value < CPU_SETSIZE)
            pin(value);
        else
            break;
    }
    if (i != argc || port < 1 || port > 65535) {
        fputs("usage: room --port P [--cpu N]\n", stderr);
        return 2;
    }
    if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
        files.rlim_cur = files.rlim_max;
        setrlimit(RLIMIT_NOFILE, &files);
    }
    signal(SIGTERM, stop);
    signal(SIGINT, stop);
    int listener = listen_on(port);
    printf("listening on %d\n", port);
    fflush(stdout);
    serve(listener);
}

/* WebSocket frames as a client writes and reads them (RFC 6455). */
#ifndef WS_H
#define WS_H

#include <stddef.h>
#include <stdint.h>

enum { WS_CONTINUATION = 0, WS_TEXT = 1, WS_BINARY = 2, WS_CLOSE = 8, WS_PING = 9, WS_PONG = 10 };

#define WS_MAX_HEAD 14                /* of a masked frame with a length of 64 bits */
#define WS_MAX_PAYLOAD (16u << 20)

struct ws_frame {
    int fin, deflated, opcode;        /* deflated: it begins a message of permessage-deflate */
    size_t head;                      /* bytes before the payload */
    size_t length;                    /* of the payload */
};

/* Look at the frame that a server's bytes begin with: 1 if its head is all there, 0 if more bytes are needed, -1 if a
 * server must not send that; *why then says it in words. */
int ws_parse(const unsigned char *bytes, size_t n, struct ws_frame *frame, const char **why);

/* Write a masked frame to `out`, which has room for `length` + WS_MAX_HEAD bytes. Returns its size. */
size_t ws_build(unsigned char *out, int opcode, const void *payload, size_t length);

#endif

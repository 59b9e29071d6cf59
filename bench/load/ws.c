#include "ws.h"

#include <string.h>

int ws_parse(const unsigned char *bytes, size_t n, struct ws_frame *frame, const char **why)
{
    if (n < 2)
        return 0;
    frame->fin = bytes[0] >> 7;
    frame->deflated = bytes[0] >> 6 & 1;
    frame->opcode = bytes[0] & 15;
    *why = "it uses an extension that was not asked for";
    if (bytes[0] & 0x30 || (frame->deflated && frame->opcode != WS_TEXT && frame->opcode != WS_BINARY))
        return -1;
    *why = "its opcode is unknown";
    if ((frame->opcode & 7) > 2)
        return -1;
    *why = "it is masked";
    if (bytes[1] & 0x80)
        return -1;
    uint64_t length = bytes[1];
    size_t more = length == 126 ? 2 : length == 127 ? 8 : 0;
    *why = "it is a control frame that is long or fragmented";
    if (frame->opcode >= WS_CLOSE && (more || !frame->fin))
        return -1;
    if (n < 2 + more)
        return 0;
    if (more)
        length = 0;
    for (size_t i = 0; i < more; i++)
        length = length << 8 | bytes[2 + i];
    *why = "it is larger than 16 MiB";
    if (length > WS_MAX_PAYLOAD)
        return -1;
    frame->head = 2 + more;
    frame->length = (size_t)length;
    return 1;
}

static uint32_t next_key(void)
{
    static uint32_t x = 0x9e3779b9;
    x ^= x << 13;
    x ^= x >> 17;
    x ^= x << 5;
    return x;
}

static void mask(unsigned char *out, const unsigned char *in, size_t n, uint32_t key)
{
    uint64_t wide = (uint64_t)key << 32 | key, word;
    unsigned char bytes[4];
    for (; n >= 8; n -= 8, in += 8, out += 8) {
        memcpy(&word, in, 8);
        word ^= wide;
        memcpy(out, &word, 8);
    }
    memcpy(bytes, &key, 4);
    for (size_t i = 0; i < n; i++)
        out[i] = in[i] ^ bytes[i & 3];
}

size_t ws_build(unsigned char *out, int opcode, const void *payload, size_t length)
{
    size_t head = 2;
    uint32_t key = next_key();
    out[0] = (unsigned char)(0x80 | opcode);
    if (length < 126) {
        out[1] = (unsigned char)(0x80 | length);
    } else {
        size_t more = length < 65536 ? 2 : 8;
        out[1] = more == 2 ? 0xfe : 0xff;
        for (size_t i = 0; i < more; i++)
            out[head++] = (unsigned char)((uint64_t)length >> (8 * (more - 1 - i)));
    }
    memcpy(out + head, &key, 4);
    mask(out + head + 4, payload, length, key);
    return head + 4 + length;
}

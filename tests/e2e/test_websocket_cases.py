"""The cases of Autobahn's test suite for WebSocket implementations (`wstest`, which needs Python 2), written again:
each with its number there, as raw bytes to a real server; whole, frame by frame, and octet by octet where it is short.

Their server sends back what it is sent. Here a command asks for that, so a message of n bytes is a command of n bytes.
What is no command is answered with an error, and so was taken for a message too. A case begins after the handshake and
ends with a close frame of the client's, unless the server ends it before.

What does not apply:

- 1.2, 9.2, 9.4, 9.6, 9.8: binary messages. Text is spoken here; that they are refused with 1003 is 1.2.
- 9.1.4 to 9.1.6, 9.3, and what else is larger than a server takes: that there is a bound is tested instead.
- 9.7 measures round trips; they are made here, and not measured.
- 9.9, 12, 13: compression has cases of its own here, because of all its variants one is agreed to.
"""

from __future__ import annotations

import contextlib
import json
import socket
import struct
import zlib
from collections.abc import Callable, Iterator, Sequence
from hashlib import sha256
from typing import Any, NamedTuple

import pytest
from websockets.extensions.permessage_deflate import ClientPerMessageDeflateFactory, PerMessageDeflate
from websockets.sync.client import connect

from tests.e2e.processes import ANSWER_SECONDS, LOOPBACK, Operator, Server
from tests.e2e.threads import in_thread
from tests.test_deflate import deflated
from tests.wire import close_frame, frame, opening

ECHO = '''
from hashlib import sha256

from gamesvc import GameModel, Player, command

class Echo(GameModel):
    """Says what it is told."""

    @command
    def echo(self, player: Player, text: str) -> str:
        # A reply may not be as large as what is asked.
        return text if len(text) <= 65000 else sha256(text.encode()).hexdigest()
'''
MAX_MESSAGE_BYTES = 1 << 20
SHORT = 300
"""Cases of so few bytes are sent octet by octet, too."""


class Case(NamedTuple):
    """A case.

    Attributes:
        number: its number in Autobahn's suite.
        what: is sent.
        frames: are sent.
        heard: what must come back to messages, in order: each text, or the code of an error.
        pongs: what pongs must come, in order. What order they have among the messages is not said: an echo waits until
            it is durable.
        closed: the code with which the server must close.
    """

    number: str
    what: str
    frames: Sequence[bytes]
    heard: Sequence[str] = ()
    pongs: Sequence[bytes] = ()
    closed: int = 1000


def say(text: str | bytes) -> bytes:
    """A command that has a text sent back; it may be none."""
    return b'{"command":"echo","text":"%b"}' % (text if isinstance(text, bytes) else text.encode())


def sized(size: int) -> str:
    """A text that makes a command of so many bytes."""
    return "*" * (size - len(say("")))


def pieces(payload: bytes, size: int) -> list[bytes]:
    """A text message in fragments of so many bytes."""
    parts = [payload[start : start + size] for start in range(0, len(payload), size)]
    last = len(parts) - 1
    return [frame(part, 0 if at else 1, fin=at == last) for at, part in enumerate(parts)]


def rsv(bits: int, data: bytes) -> bytes:
    """A frame with reserved bits."""
    return bytes((data[0] | bits << 4,)) + data[1:]


HELLO = "Hello, world!"
GREEK = "κόσμε".encode()
SURROGATE = b"\xed\xa0\x80"
BEYOND = b"\xf4\x90\x80\x80"
FIRST, SECOND = say(HELLO)[:20], say(HELLO)[20:]
DANGLING = b"non-continuation payload"


def framing() -> Iterator[Case]:
    yield Case("1.1.1", "a text of no bytes", [frame(b"")], ["bad_json"])
    for at, size in enumerate((125, 126, 127, 128, 65535, 65536), 2):
        yield Case(f"1.1.{at}", f"a text of {size} bytes", [frame(say(sized(size)))], [sized(size)])
    data = frame(say(sized(65536)))
    chops = [data[start : start + 997] for start in range(0, len(data), 997)]
    yield Case("1.1.8", "a text of 65536 bytes in chops of 997", chops, [sized(65536)])
    for at, size in enumerate((0, 125, 126, 127, 128, 65535, 65536), 1):
        yield Case(f"1.2.{at}", f"a binary message of {size} bytes", [frame(b"\xfe" * size, 2)], closed=1003)


def pings() -> Iterator[Case]:
    yield Case("2.1", "a ping without payload", [frame(b"", 9)], pongs=[b""])
    yield Case("2.2", "a ping with a payload", [frame(HELLO.encode(), 9)], pongs=[HELLO.encode()])
    binary = b"\x00\xff\xfe\xfd\xfc\xfb\x00\xff"
    yield Case("2.3", "a ping with a binary payload", [frame(binary, 9)], pongs=[binary])
    yield Case("2.4", "a ping of 125 bytes, and 2.6", [frame(b"\xfe" * 125, 9)], pongs=[b"\xfe" * 125])
    yield Case("2.5", "a ping of 126 bytes", [frame(b"\xfe" * 126, 9)], closed=1002)
    yield Case("2.7", "a pong that nobody asked for", [frame(b"", 10)])
    yield Case("2.8", "the same with a payload", [frame(b"unsolicited pong payload", 10)])
    both = [frame(b"unsolicited pong payload", 10), frame(b"ping payload", 9)]
    yield Case("2.9", "the same, and a ping", both, pongs=[b"ping payload"])
    many = [b"payload-%d" % number for number in range(10)]
    yield Case("2.10", "ten pings, and 2.11", [frame(each, 9) for each in many], pongs=many)


def reserved() -> Iterator[Case]:
    text = frame(say(HELLO))
    yield Case("3.1", "a text with RSV 1", [rsv(1, text)], closed=1002)
    for bits in (2, 3, 4):
        sent = [text, rsv(bits, text), frame(b"", 9)]
        yield Case(f"3.{bits}", f"a text, one with RSV {bits}, a ping", sent, [HELLO], closed=1002)
    yield Case("3.5", "a binary message with RSV 5", [rsv(5, frame(b"\x00\xff", 2))], closed=1002)
    yield Case("3.6", "a ping with RSV 6", [rsv(6, frame(HELLO.encode(), 9))], closed=1002)
    yield Case("3.7", "a close frame with RSV 7", [rsv(7, frame(b"", 8))], closed=1002)


def opcodes() -> Iterator[Case]:
    text, ping = frame(say(HELLO)), frame(b"", 9)
    for group, first in ((1, 3), (2, 11)):
        for at in range(5):
            odd = frame(say("reserved") if at % 2 else b"", first + at)
            number, what = f"4.{group}.{at + 1}", f"opcode {first + at}"
            if at < 2:
                yield Case(number, what, [odd], closed=1002)
            else:
                yield Case(number, f"a text, {what}, a ping", [text, odd, ping], [HELLO], closed=1002)


def fragmentation() -> Iterator[Case]:
    text, ping = frame(say(HELLO)), frame(b"ping payload", 9)
    first, second = frame(FIRST, fin=False), frame(SECOND, 0)
    yield Case("5.1", "a ping in fragments", [frame(b"frag", 9, fin=False), frame(b"ment", 0)], closed=1002)
    yield Case("5.2", "a pong in fragments", [frame(b"frag", 10, fin=False), frame(b"ment", 0)], closed=1002)
    yield Case("5.3", "a text in two fragments, and 5.4, 5.5", [first, second], [HELLO])
    yield Case("5.6", "a ping between them, and 5.7, 5.8", [first, ping, second], [HELLO], [b"ping payload"])
    for number, fin in (("5.9", True), ("5.12", False)):
        what = f"a continuation of nothing, {'' if fin else 'not '}final, and a text, and the next two"
        yield Case(number, what, [frame(DANGLING, 0, fin=fin), text], closed=1002)
    dangling = frame(DANGLING, 0, fin=False)
    yield Case(
        "5.15", "fragments, a continuation of nothing, a text", [first, second, dangling, text], [HELLO], [], 1002
    )
    yield Case("5.16", "twice a continuation of nothing and fragments", [dangling, first, second] * 2, closed=1002)
    final = frame(DANGLING, 0)
    yield Case("5.17", "the same, where that is final", [final, first, second] * 2, closed=1002)
    yield Case("5.18", "a second fragment that says text", [first, frame(SECOND)], closed=1002)
    parts = pieces(say("fragment1fragment2fragment3fragment4fragment5"), 15)
    sent = [*parts[:2], frame(b"pongme 1!", 9), *parts[2:4], frame(b"pongme 2!", 9), *parts[4:]]
    heard = ["fragment1fragment2fragment3fragment4fragment5"]
    yield Case("5.19", "fragments with pings between, and 5.20", sent, heard, [b"pongme 1!", b"pongme 2!"])


def utf8() -> Iterator[Case]:
    yield Case("6.1.1", "a text of no bytes", [frame(b"")], ["bad_json"])
    empty = frame(b"", fin=False), frame(b"", 0, fin=False), frame(b"", 0)
    yield Case("6.1.2", "three empty fragments", empty, ["bad_json"])
    filled = [empty[0], frame(say("middle frame payload"), 0, fin=False), empty[2]]
    yield Case("6.1.3", "the same, where that in the middle is not empty", filled, ["middle frame payload"])
    text = "Hello-µ@ßöäüàá-UTF-8!!"
    payload = say(text)
    yield Case("6.2.1", "UTF-8 in one frame", [frame(payload)], [text])
    at = payload.index("ü".encode())
    cut = [frame(payload[:at], fin=False), frame(payload[at:], 0)]
    yield Case("6.2.2", "UTF-8 in fragments of whole characters", cut, [text])
    yield Case("6.2.3", "UTF-8 in fragments of one byte", pieces(payload, 1), [text])
    yield Case("6.2.4", "the same, all of many bytes", pieces(say(GREEK), 1), [GREEK.decode()])
    wrong = say(GREEK + SURROGATE + b"edited")
    yield Case("6.3.1", "no UTF-8 in one frame", [frame(wrong)], closed=1007)
    yield Case("6.3.2", "no UTF-8 in fragments of one byte", pieces(wrong, 1), closed=1007)
    for group, (what, sequences) in enumerate(SEQUENCES, 5):
        for number, data in enumerate(sequences, 1):
            yield Case(f"6.{group}.{number}", f"{what}: {data.hex()}", [frame(say(data))], *expected(data))


def expected(data: bytes) -> tuple[list[str], list[bytes], int]:
    """What must come of some bytes in a text."""
    try:
        text = data.decode()
    except UnicodeDecodeError:
        return [], [], 1007
    # JSON has no such character in a string; that is no affair of UTF-8.
    return ["bad_json" if "\0" in text else text], [], 1000


def each(hexadecimal: str) -> list[bytes]:
    """Sequences of bytes."""
    return [bytes.fromhex(one) for one in hexadecimal.split()]


INCOMPLETE = each("c0 e080 f08080 f8808080 fc80808080 df efbf f7bfbf fbbfbfbf fdbfbfbfbf")
NO_CHARACTERS = [chr(plane << 16 | low).encode() for plane in range(17) for low in (0xFFFE, 0xFFFF)]
SEQUENCES: list[tuple[str, list[bytes]]] = [
    ("UTF-8", [*(f"hello{sign}world".encode() for sign in "$¢€𤭢"), GREEK]),
    ("the beginning of a text", [GREEK[:end] for end in range(1, len(GREEK) + 1)]),
    ("the first of its length", each("00 c280 e0a080 f0908080")),
    ("the first of 5 and 6 bytes", each("f888808080 fc8480808080")),
    ("the last of its length", each("7f dfbf efbfbf f48fbfbf")),
    ("the last of 4 to 6 bytes", each("f7bfbfbf fbbfbfbfbf fdbfbfbfbfbf")),
    ("at other bounds", each("ed9fbf ee8080 efbfbd f48fbfbf f4908080")),
    (
        "a continuation of nothing",
        [*((b"\x80\xbf" * 3)[:end] for end in range(1, 7)), b"\xbf", bytes(range(0x80, 0xBF))],
    ),
    (
        "beginnings without an end",
        [
            b"".join(bytes((start, 0x20)) for start in range(first, last))
            for first, last in ((0xC0, 0xDF), (0xE0, 0xEF), (0xF0, 0xF7), (0xF8, 0xFB), (0xFC, 0xFD))
        ],
    ),
    ("all but the last byte", INCOMPLETE),
    ("many of those", [b"".join(INCOMPLETE)]),
    ("impossible bytes", each("fe ff fefeffff")),
    ("a slash in too many bytes", each("c0af e080af f08080af f8808080af fc80808080af")),
    ("the last in too many bytes", each("c1bf e09fbf f08fbfbf f887bfbfbf fc83bfbfbfbf")),
    ("NUL in too many bytes", each("c080 e08080 f0808080 f880808080 fc8080808080")),
    ("a surrogate", each("eda080 edadbf edae80 edafbf edb080 edbe80 edbfbf")),
    ("two surrogates", [high + low for high in each("eda080 edadbf edae80 edafbf") for low in each("edb080 edbfbf")]),
    ("what is no character", NO_CHARACTERS),
    ("specials", [chr(code).encode() for code in range(0xFFF9, 0x10000)]),
]


def closing() -> Iterator[Case]:
    text, end, ping = frame(say(HELLO)), close_frame(), frame(b"", 9)
    yield Case("7.1.1", "a text and a close frame", [text, end], [HELLO])
    yield Case("7.1.2", "two close frames", [end, end])
    yield Case("7.1.3", "a ping after a close frame", [end, ping])
    yield Case("7.1.4", "a text after a close frame", [end, text])
    yield Case("7.1.5", "a close frame between fragments", [frame(FIRST, fin=False), end, frame(SECOND, 0)])
    large = sized(256 << 10)
    yield Case("7.1.6", "256 KiB, a text, a close frame, a ping", [frame(say(large)), text, end, ping], [large, HELLO])
    yield Case("7.3.1", "a close frame without code", [frame(b"", 8)])
    yield Case("7.3.2", "a close frame of one byte", [frame(b"\x03", 8)], closed=1002)
    yield Case("7.3.3", "a close frame with a code", [end])
    yield Case("7.3.4", "a close frame with a reason", [frame(b"\x03\xe8Hello World!", 8)])
    yield Case("7.3.5", "the longest reason", [frame(b"\x03\xe8" + b"*" * 123, 8)])
    yield Case("7.3.6", "a reason that is longer", [frame(b"\x03\xe8" + b"*" * 124, 8)], closed=1002)
    yield Case("7.5.1", "a reason that is no UTF-8", [frame(b"\x03\xe8" + GREEK + SURROGATE, 8)], closed=1007)
    for at, code in enumerate((1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 3000, 3999, 4000, 4999), 1):
        yield Case(f"7.7.{at}", f"the code {code}", [close_frame(code)])
    for at, code in enumerate((0, 999, 1004, 1005, 1006, 1016, 1100, 2000, 2999), 1):
        yield Case(f"7.9.{at}", f"the code {code}", [close_frame(code)], closed=1002)
    for at, code in enumerate((5000, 65535), 1):
        yield Case(f"7.13.{at}", f"the code {code}", [frame(struct.pack("!H", code), 8)], closed=1002)


def limits() -> Iterator[Case]:
    for at, size in enumerate((64 << 10, 256 << 10, MAX_MESSAGE_BYTES), 1):
        yield Case(f"9.1.{at}", f"a text of {size} bytes", [frame(say(sized(size)))], [sized(size)])
    too_large = frame(say(sized(MAX_MESSAGE_BYTES + 1)))
    yield Case("9.1.4", "a text of one byte more than is taken", [too_large], closed=1009)
    yield Case("9.1.4", "the same in two fragments", pieces(say(sized(MAX_MESSAGE_BYTES + 1)), 1 << 19), closed=1009)
    yield Case("9.1.6", "a length of 2**63 and more", [b"\x81\xff\xff" + bytes(7) + b"mask"], closed=1002)
    yield Case("9.1.6", "a length of nearly that", [b"\x81\xff\x7f" + b"\xff" * 7 + b"mask"], closed=1009)
    for at, size in enumerate((64, 256, 1 << 10, 4 << 10, 16 << 10, 64 << 10), 1):
        total = min(MAX_MESSAGE_BYTES, 1024 * size)
        yield Case(f"9.3.{at}", f"a text in fragments of {size} bytes", pieces(say(sized(total)), size), [sized(total)])
    yield Case("9.3.1", "a text in more fragments than are taken", pieces(say(sized(1025 * 64)), 64), closed=1008)
    data = frame(say(sized(128 << 10)))
    for at, size in enumerate((64, 512, 2048), 1):
        chops = [data[start : start + size] for start in range(0, len(data), size)]
        yield Case(f"9.5.{at}", f"a text in chops of {size} bytes", chops, [sized(128 << 10)])
    yield Case("10.1.1", "a text in fragments of 1300 bytes", pieces(say(sized(65536)), 1300), [sized(65536)])


GROUPS = framing, pings, reserved, opcodes, fragmentation, utf8, closing, limits


class RawClient:
    """Sends bytes, and takes apart what comes back.

    Args:
        server: where it plays.
        headers: more of its request.

    Attributes:
        head: what its request was answered with.
        heard: echoes, and codes of errors.
        pongs: payloads.
        closed: the close code; None before.
    """

    def __init__(self, server: Server, *headers: str) -> None:
        self.heard: list[str] = []
        self.pongs: list[bytes] = []
        self.closed: int | None = None
        self._data = b""
        self._socket = socket.create_connection((LOOPBACK, server.ports["port"]), ANSWER_SECONDS)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._socket.sendall(opening("/cases", *headers))
        while b"\r\n\r\n" not in self._data:
            assert self._receive(), f"the line was cut after {self._data!r}"
        self.head, _, self._data = self._data.partition(b"\r\n\r\n")
        assert self.head.startswith(b"HTTP/1.1 101 "), self.head

    def __enter__(self) -> RawClient:
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()

    def send(self, pieces: Sequence[bytes]) -> None:
        """Send each by itself. Who does not listen any more does not mind."""
        with contextlib.suppress(ConnectionError):
            for piece in pieces:
                self._socket.sendall(piece)

    def take(self) -> bool:
        """Take the next frame; False where the line was cut."""
        while (parted := self._part()) is None:
            if not self._receive():
                assert not self._data, f"half a frame: {self._data[:100]!r}"
                return False
        opcode, payload = parted
        assert self.closed is None, "something came after a close frame"
        if opcode == 8:
            self.closed = int.from_bytes(payload[:2], "big")
            payload[2:].decode()
        elif opcode == 10:
            self.pongs.append(payload)
        else:
            assert opcode == 1, opcode
            message: dict[str, Any] = json.loads(payload)
            self.heard.append(message["result"] if "result" in message else message["error"]["code"])
        return True

    def take_all(self) -> None:
        """Take what comes until the line is cut."""
        while self.take():
            pass

    def _part(self) -> tuple[int, bytes] | None:
        data = self._data
        if len(data) < 2:
            return None
        first, length, start = data[0], data[1], 2
        is_deflated = first == 0xC1 and b"permessage-deflate" in self.head
        assert (first & 0xF0 == 0x80 or is_deflated) and length < 0x80, "not final, or masked, or with reserved bits"
        if length > 125:
            start = 4 if length == 126 else 10
            length = int.from_bytes(data[2:start], "big")
        if len(data) < max(start, start + length):
            return None
        self._data = data[start + length :]
        payload = data[start : start + length]
        if is_deflated:
            payload = zlib.decompress(payload + b"\x00\x00\xff\xff\x03\x00", -15)
        return first & 15, payload

    def _receive(self) -> bool:
        data = self._socket.recv(1 << 20)
        self._data += data
        return bool(data)


@pytest.fixture(scope="module")
def server(shared_operator: Operator) -> Server:
    shared_operator.write("echo.py", ECHO)
    bounds = ("--commands-per-second", "0", "--frames-per-second", "0", "--max-message-bytes", str(MAX_MESSAGE_BYTES))
    # What comes is held against what is sent, however long a busy machine takes for it.
    unhurried = ("--ping-interval", "0", "--handshake-timeout", "0")
    return shared_operator.twistd("--game", "echo:Echo", "--journal", "memory", *bounds, *unhurried)


def ways(case: Case) -> dict[str, Sequence[bytes]]:
    """How a case is sent."""
    end = close_frame()
    whole = b"".join([*case.frames, end])
    found: dict[str, Sequence[bytes]] = {"whole": [whole], "frame by frame": [*case.frames, end]}
    if len(whole) <= SHORT:
        found["octet by octet"] = [whole[at : at + 1] for at in range(len(whole))]
    return found


@pytest.mark.parametrize("group", GROUPS, ids=lambda group: group.__name__)
@in_thread
def test_the_cases_of_autobahns_suite(group: Callable[[], Iterator[Case]], server: Server) -> None:
    cases = list(group())
    assert len({(case.number, case.what) for case in cases}) == len(cases) > 6
    for case in cases:
        for way, pieces in ways(case).items():
            with RawClient(server) as client:
                client.send(pieces)
                client.take_all()
                found = client.heard, client.pongs, client.closed
                heard = [text if len(text) <= 65000 else sha256(text.encode()).hexdigest() for text in case.heard]
                wanted = heard, list(case.pongs), case.closed
                # Some are too large to be shown.
                assert found == wanted, (
                    f"{case.number}, {case.what}, {way}: {str(found)[:500]}; not {str(wanted)[:500]}"
                )


@in_thread
def test_5_19_a_ping_between_fragments_is_answered_before_they_are_all_there(server: Server) -> None:
    payload = say(HELLO)
    first, second, third = frame(payload[:9], fin=False), frame(payload[9:20], 0, fin=False), frame(payload[20:], 0)
    for chop in (1, 1000):
        with RawClient(server) as client:
            for part, ping in ((first, b"1"), (second, b"2")):
                sent = part + frame(ping, 9)
                client.send([sent[at : at + chop] for at in range(0, len(sent), chop)])
                assert client.take()
                assert (client.pongs[-1], client.heard) == (ping, [])
            client.send([third])
            assert client.take()
            assert client.heard == [HELLO]


@in_thread
def test_6_4_what_is_no_utf8_is_refused_before_the_message_is_complete(server: Server) -> None:
    start, rest = say(GREEK + BEYOND + b"edited").split(BEYOND)
    message = frame(start + BEYOND + rest)
    at = len(frame(start)) + 2
    for number, pieces in {
        "6.4.1": [frame(start, fin=False), frame(BEYOND, 0, fin=False)],
        "6.4.2": [frame(start + BEYOND[:1], fin=False), frame(BEYOND[1:2], 0, fin=False)],
        "6.4.3": [message[: at - 2], message[at - 2 : at + 2]],
        "6.4.4": [message[: at - 1], message[at - 1 : at]],
    }.items():
        with RawClient(server) as client:
            client.send(pieces)
            assert client.take(), number
            assert client.closed == 1007, number


@in_thread
def test_9_7_many_round_trips(server: Server) -> None:
    with RawClient(server) as client:
        for size in (0, 16, 64, 256, 1024, 4096):
            text = "*" * size
            for _ in range(100):
                client.send([frame(say(text))])
                assert client.take()
                assert client.heard.pop() == text


OFFER = "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits"


@in_thread
def test_12_what_is_compressed_is_read_in_every_size(server: Server) -> None:
    with RawClient(server, OFFER) as client:
        agreed = b"permessage-deflate; server_no_context_takeover; client_no_context_takeover"
        assert b"Sec-WebSocket-Extensions: " + agreed in client.head.split(b"\r\n")
        for size in (0, 16, 64, 256, 1024, 4096, 8192, 16384):
            text = (GREEK.decode() * size)[:size]
            payload = deflated(say(text))
            client.send([rsv(4, frame(payload)), *fragments(payload, 1 + size // 8)])
            assert (client.take(), client.take()) == (True, True)
            assert [client.heard.pop(), client.heard.pop()] == [text, text]
        client.send([rsv(4, frame(deflated(say(sized(MAX_MESSAGE_BYTES))))), close_frame()])
        client.take_all()
        assert client.heard == [sha256(sized(MAX_MESSAGE_BYTES).encode()).hexdigest()]
        assert client.closed == 1000


def fragments(payload: bytes, size: int) -> list[bytes]:
    """A compressed message in fragments of so many bytes."""
    first, *more = pieces(payload, size)
    return [rsv(4, first), *more]


@in_thread
def test_12_what_breaks_its_rules_closes(server: Server) -> None:
    text = deflated(say(HELLO))
    for what, sent, code in (
        ("one byte more than is taken", [rsv(4, frame(deflated(say(sized(MAX_MESSAGE_BYTES + 1)))))], 1009),
        ("far more", [rsv(4, frame(deflated(bytes(100 << 20))))], 1009),
        ("what was not deflated", [rsv(4, frame(say(HELLO)))], 1007),
        ("half of it", [rsv(4, frame(text[: len(text) // 2]))], 1007),
        ("no UTF-8", [rsv(4, frame(deflated(say(SURROGATE))))], 1007),
        ("a binary message", [rsv(4, frame(text, 2))], 1003),
        ("a ping", [rsv(4, frame(b"", 9))], 1002),
        ("a continuation", [rsv(4, frame(text[:5], fin=False)), rsv(4, frame(text[5:], 0))], 1002),
        ("another reserved bit", [rsv(6, frame(text))], 1002),
    ):
        with RawClient(server, OFFER) as client:
            client.send([*sent, close_frame()])
            client.take_all()
            assert (client.heard, client.closed) == ([], code), what


@in_thread
def test_13_what_can_not_be_kept_to_is_not_agreed_to(server: Server) -> None:
    for offer in (
        "permessage-deflate; server_max_window_bits=9",
        "permessage-deflate; client_max_window_bits=7",
        "permessage-deflate; unknown",
        "permessage-bzip2",
    ):
        with RawClient(server, f"Sec-WebSocket-Extensions: {offer}") as client:
            assert b"extensions" not in client.head.lower(), offer
            client.send([frame(say(HELLO)), rsv(4, frame(deflated(say(HELLO)))), close_frame()])
            client.take_all()
            assert (client.heard, client.closed) == ([HELLO], 1002), offer


@in_thread
def test_13_the_library_websockets_agrees(server: Server) -> None:
    for compression in ("deflate", None):
        with connect(server.url("library"), proxy=None, compression=compression) as client:
            assert [each.name for each in client.protocol.extensions] == (["permessage-deflate"] if compression else [])
            for text in (HELLO, "", sized(70_000)[:60_000], GREEK.decode() * 500):
                for sent in (say(text).decode(), [say(text)[:9].decode(), say(text)[9:].decode()]):
                    client.send(sent)
                    assert json.loads(client.recv(ANSWER_SECONDS))["result"] == text


@in_thread
def test_13_a_client_that_cannot_have_its_window_gets_its_next_offer(server: Server) -> None:
    extensions = [
        ClientPerMessageDeflateFactory(server_max_window_bits=10),
        ClientPerMessageDeflateFactory(server_max_window_bits=15, client_max_window_bits=9),
    ]
    with connect(server.url("library"), proxy=None, compression=None, extensions=extensions) as client:
        (agreed,) = client.protocol.extensions
        assert isinstance(agreed, PerMessageDeflate)
        assert (agreed.remote_max_window_bits, agreed.remote_no_context_takeover) == (15, True)
        for _ in range(2):
            client.send(say(GREEK * 500).decode())
            assert json.loads(client.recv(ANSWER_SECONDS))["result"] == GREEK.decode() * 500

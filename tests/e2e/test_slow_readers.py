"""Who does not read what they are sent: it costs bounded memory, it costs them their connection, and nobody else."""

from __future__ import annotations

import contextlib
import re
import selectors
import socket
import ssl
import time
from bisect import bisect_right
from collections import deque
from collections.abc import Iterable
from itertools import accumulate
from pathlib import Path

import pytest

from gamesvc.frames import text_frame
from tests.certificates import make_certificate
from tests.e2e.authors import FLOOD
from tests.e2e.clients import ClassroomClient, SleepyClient, drown
from tests.e2e.processes import ANSWER_SECONDS, LOOPBACK, Operator, Server, resident_bytes, until
from tests.e2e.threads import in_thread
from tests.e2e.watching import UNBOUND, launched
from tests.wire import frame, opening

OK = {"status": "ok"}
MEBIBYTE = 1 << 20
SLOW_CONSUMER = 4000
WAVE = 60_000
WAVES = 500
SLEEPERS = 10
PATIENCE_SECONDS = 10.0
"""How long the server waits for somebody who stands still."""


@pytest.fixture(scope="module")
def server(shared_operator: Operator) -> Server:
    shared_operator.write("flood.py", FLOOD)
    # Who begins to read at last has time for it, however busy the machine is.
    launcher = launched(shared_operator, constants={"gamesvc.limits:CLOSE_HANDSHAKE_SECONDS": ANSWER_SECONDS})
    options = ("-n", "--pidfile=", "gamesvc", "--port", "{port}", "--game", "flood:Flood", *UNBOUND)
    return shared_operator.serve(*launcher, *options)


@in_thread
def test_a_flood_reaches_those_who_read_in_order_and_those_who_do_not_cost_little_and_go(server: Server) -> None:
    with contextlib.ExitStack() as stack:
        readers = [stack.enter_context(ClassroomClient(server.url("flooded"))) for _ in range(3)]
        sleepers = [stack.enter_context(SleepyClient(server.url("flooded"))) for _ in range(SLEEPERS)]
        readers[0].ask("wave", size=WAVE)
        before = highest = resident_bytes(server.pid)
        for number in range(2, WAVES + 1):
            assert readers[0].ask("wave", size=WAVE) == OK
            for reader in readers:
                assert reader.hear(number)[-1]["number"] == number
            highest = max(highest, resident_bytes(server.pid))
        for reader in readers:
            assert [event["seq"] for event in reader.events] == list(range(1, WAVES + 1))
            assert {len(event["water"]) for event in reader.events} == {WAVE}
        for sleeper in sleepers:
            server.await_log(f"closing {sleeper.address}: {SLOW_CONSUMER} ")
            messages, code = sleeper.read_to_the_end()
            # What they did get before the line was cut has no gap.
            assert [message["number"] for message in messages] == list(range(1, len(messages) + 1))
            assert len(messages) < WAVES
            assert code in (SLOW_CONSUMER, None)
    # 30 MB were sent to each of the readers; a copy for each of the sleepers would be ten times that. The journal keeps
    # them, too, and has a cache.
    assert highest - before < 32 * MEBIBYTE


@in_thread
def test_who_stands_still_for_10_s_is_closed_with_4000_while_others_play_on(server: Server) -> None:
    with (
        SleepyClient(server.url("still")) as sleeper,
        ClassroomClient(server.url("still")) as reader,
    ):
        # They have not stood still before.
        began = time.monotonic()
        sent = drown(sleeper, reader, "wave", size=WAVE)
        closing = f"closing {sleeper.address}: {SLOW_CONSUMER} "
        until(lambda: closing in server.log, "the end of their patience", PATIENCE_SECONDS + ANSWER_SECONDS)
        assert time.monotonic() - began >= PATIENCE_SECONDS
        # They are told, where they begin to read at last.
        messages, code = sleeper.read_to_the_end()
        assert code == SLOW_CONSUMER
        assert [message["number"] for message in messages] == list(range(1, len(messages) + 1))
        assert reader.ask("wave") == OK
        assert reader.events[-1]["number"] == sent + 1


# A crowd, some of whom stand still.

DRIZZLE = '''
from gamesvc import Event, GameModel, Player, command

class Drop(Event):
    number: int
    water: str

class Drizzle(GameModel):
    """Makes some events at a time."""

    drops: int = 0

    @command
    def drizzle(self, player: Player, drops: int) -> None:
        for _ in range(drops):
            self.drops += 1
            self.publish(Drop(self.drops, "~" * 200))
'''
EACH = 5
"""How many events a command makes,"""
IN_FLIGHT = 16
"""and how many commands a sender sends before it waits for a reply."""
LAG_EVENTS = 4096
KIBIBYTE = 1 << 10
SHARED = 20 * MEBIBYTE
"""What the journal with its caches may take, and the events that somebody waits for, however many do."""
_OK = text_frame(b'{"status":"ok"}')


def drops(count: int) -> list[bytes]:
    """The frames of so many events, as everybody has to get them."""
    body = b'{"event":"Drop","number":%d,"water":"%b","seq":%d}'
    return [text_frame(body % (number, b"~" * 200, number)) for number in range(1, count + 1)]


def anonymous_bytes(pid: int) -> int:
    """How much memory a process occupies that is of no file."""
    found = re.search(r"^RssAnon:\s*(\d+) kB$", Path(f"/proc/{pid}/status").read_text(), re.MULTILINE)
    assert found is not None
    return int(found[1]) * KIBIBYTE


def held_bytes(port: int) -> dict[int, int]:
    """How many bytes the server's kernel holds for each of those who are connected to a port, by their own ports."""
    found = {}
    for line in Path("/proc/net/tcp").read_text().splitlines()[1:]:
        _, local, remote, _, queues, *_ = line.split()
        if int(local.rpartition(":")[2], 16) == port:
            found[int(remote.rpartition(":")[2], 16)] = int(queues.partition(":")[0], 16)
    return found


class Rain:
    """What everybody has to get, in order.

    Attributes:
        drops: the frame of each event.
        data: all of them.
        ends: how many bytes so many events have.
    """

    def __init__(self, count: int) -> None:
        self.drops = drops(count)
        self.data = b"".join(self.drops)
        self.ends = [0, *accumulate(map(len, self.drops))]


class Member:
    """Somebody in a crowd: a socket that gets events, and reads them when `read` is called.

    Args:
        port: of the server.
        game: its id.
        trust: whom to trust, where TLS is spoken.
        rain: what has to come.
        stands_still: whether the kernel is to take little for it.
        since: how many events it has missed.

    Attributes:
        events: how many have come, with those.
        replies: how many have come.
        code: the close code; None before.
        cut: whether the line was cut.
    """

    def __init__(
        self,
        port: int,
        game: str,
        trust: ssl.SSLContext | None,
        rain: Rain,
        stands_still: bool = False,
        since: int = 0,
    ) -> None:
        self.events = since
        self.replies = 0
        self.code: int | None = None
        self.cut = False
        self._rain = rain
        self._rest = b""
        plain = socket.socket()
        try:
            if stands_still:
                plain.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 * KIBIBYTE)
            plain.settimeout(ANSWER_SECONDS)
            plain.connect((LOOPBACK, port))
            self.socket: socket.socket = trust.wrap_socket(plain, server_hostname=LOOPBACK) if trust else plain
        except BaseException:
            plain.close()
            raise
        host, self.port = self.socket.getsockname()
        self.address = f"{host}:{self.port}"
        self.socket.sendall(opening(f"/{game}"))
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            byte = self.socket.recv(1)
            assert byte, f"the line was cut after {head!r}"
            head += byte
        assert head.startswith(b"HTTP/1.1 101 "), head

    def wake(self) -> None:
        """Have the kernel take what comes."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, MEBIBYTE)

    def send(self, data: bytes) -> None:
        """Say something."""
        self.socket.settimeout(ANSWER_SECONDS)
        self.socket.sendall(data)

    def read(self) -> None:
        """Take what is there."""
        self.socket.setblocking(False)
        while not self.cut:
            try:
                data = self.socket.recv(1 << 18)
            except (BlockingIOError, ssl.SSLWantReadError):
                return
            except (ConnectionResetError, ssl.SSLError):
                data = b""
            if data:
                self._take(self._rest + data)
            else:
                self.cut = True

    def _take(self, data: bytes) -> None:
        """Take whole frames, which must be what is due, or answers, or the end."""
        rain = self._rain
        at = 0
        while len(data) - at >= 2:
            assert self.code is None, "something came after a close frame"
            # All that is nothing but events, in one.
            start = rain.ends[self.events]
            last = bisect_right(rain.ends, start + len(data) - at) - 1
            end = rain.ends[last]
            if last > self.events and data[at : at + end - start] == rain.data[start:end]:
                self.events = last
                at += end - start
                continue
            length, head = data[at + 1], 2
            if length == 126:
                length, head = int.from_bytes(data[at + 2 : at + 4], "big"), 4
            one = data[at : at + head + length]
            if len(one) < head + length or len(one) < head:
                break
            at += len(one)
            if one == _OK:
                self.replies += 1
            elif one[0] == 0x88:
                self.code = int.from_bytes(one[2:4], "big")
            else:
                assert one == rain.drops[self.events], f"instead of event {self.events + 1}: {one!r}"
                self.events += 1
        self._rest = data[at:]


class Crowd:
    """Everybody in a game.

    Args:
        server: where it is.
        port: the name of its port.
        trust: whom to trust, where TLS is spoken.
        events: how many there will be.
    """

    def __init__(self, server: Server, port: str, trust: ssl.SSLContext | None, events: int) -> None:
        self._port = server.ports[port]
        self._place = self._port, f"crowd-{port}", trust, Rain(events)
        self._stack = contextlib.ExitStack()
        self._selector = self._stack.enter_context(selectors.DefaultSelector())
        self.events = 0

    def __enter__(self) -> Crowd:
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def join(self, count: int, stands_still: bool = False) -> list[Member]:
        """Have some more in it, who read, or stand still."""
        members = []
        for _ in range(count):
            member = Member(*self._place, stands_still, self.events)
            members.append(member)
            self._stack.enter_context(member.socket)
            if not stands_still:
                self._selector.register(member.socket, selectors.EVENT_READ, member)
        return members

    def wake(self, members: Iterable[Member]) -> None:
        """Have those read who stood still."""
        for member in members:
            member.wake()
            self._selector.register(member.socket, selectors.EVENT_READ, member)

    def rain(self, senders: list[Member], events: int) -> None:
        """Have some send commands, until there were so many events in all; everybody who does not stand still reads."""
        command = frame(b'{"command":"drizzle","drops":%d}' % EACH)
        left = (events - self.events) // EACH
        owed = [sender.replies for sender in senders]
        while left or any(sender.replies < count for sender, count in zip(senders, owed, strict=True)):
            for at, sender in enumerate(senders):
                more = min(left, sender.replies + IN_FLIGHT - owed[at])
                if more:
                    sender.send(command * more)
                    owed[at] += more
                    left -= more
                    self.events += more * EACH
            self._read()

    def drown(self, senders: list[Member], asleep: list[Member]) -> None:
        """Go on until the kernel takes nothing more for those who stand still, and some time longer. What comes then
        waits in the server itself; here it is less than closes anybody."""
        held: deque[list[int]] = deque(maxlen=5)
        while len(held) < 5 or held[0] != held[-1]:
            self.rain(senders, self.events + LAG_EVENTS // 20)
            queues = held_bytes(self._port)
            held.append([queues[member.port] for member in asleep])
        self.rain(senders, self.events + LAG_EVENTS // 2)

    def await_events(self, members: Iterable[Member]) -> None:
        """Wait until all that was sent has come to some."""
        waiting = list(members)
        while waiting := [member for member in waiting if member.events < self.events]:
            self._read()

    def await_end(self, members: Iterable[Member]) -> None:
        """Wait until some are cut off."""
        waiting = list(members)
        while waiting := [member for member in waiting if not member.cut]:
            self._read()

    def _read(self) -> None:
        ready: list[tuple[selectors.SelectorKey, int]] = self._selector.select(ANSWER_SECONDS)
        assert ready, "nothing comes"
        for key, _ in ready:
            member: Member = key.data
            member.read()
            if member.cut:
                self._selector.unregister(member.socket)


@pytest.fixture
def crowded(operator: Operator) -> tuple[Server, ssl.SSLContext]:
    """A server with a plain port and one with TLS, and what its certificate is vouched for by."""
    # One for each test: in memory that was freed, what is measured would not show.
    operator.write("drizzle.py", DRIZZLE)
    certificate = operator.directory / "certificate.pem"
    make_certificate(operator.directory / "key.pem", certificate)
    # Who stands still is closed when too much waits for them, and not for the time that a busy machine takes.
    launcher = launched(operator, constants={"gamesvc.connection:SLOW_CONSUMER_SECONDS": 10 * ANSWER_SECONDS})
    server = operator.serve(
        *(*launcher, "-n", "--pidfile=", "gamesvc", "--game", "drizzle:Drizzle", "--journal", "sqlite:drizzle.sqlite"),
        *(*UNBOUND, "--idle-game-seconds", "0", "--handshake-timeout", "0"),
        # What comes is held against events and replies, and nothing else.
        *("--ping-interval", "0"),
        *("--port", "{port}"),
        *("--port", "ssl:{tls}:privateKey=key.pem:certKey=certificate.pem:interface=127.0.0.1"),
    )
    return server, ssl.create_default_context(cafile=str(certificate))


def play_among_those_who_stand_still(
    server: Server, port: str, trust: ssl.SSLContext | None, readers: int, sleepers: int, events: int
) -> None:
    """Play a game in which many stand still, of whom half read in time."""
    with Crowd(server, port, trust, events) as crowd:
        senders, reading = crowd.join(4), crowd.join(readers)
        # What caches there are, are filled then.
        crowd.rain(senders, LAG_EVENTS // EACH * EACH)
        asleep = crowd.join(sleepers, stands_still=True)
        crowd.await_events([*senders, *reading])
        before = anonymous_bytes(server.pid)
        crowd.drown(senders, asleep)
        crowd.await_events([*senders, *reading])
        assert anonymous_bytes(server.pid) - before < SHARED + sleepers * 256 * KIBIBYTE
        late, asleep = asleep[::2], asleep[1::2]
        assert crowd.events + LAG_EVENTS < events, "too few are left to come"
        crowd.wake(late)
        crowd.await_events(late)
        crowd.rain(senders, events)
        crowd.await_events([*senders, *reading, *late])
        assert anonymous_bytes(server.pid) - before < SHARED + sleepers * 256 * KIBIBYTE
        for member in (*senders, *reading, *late):
            assert (member.events, member.code, member.cut) == (events, None, False)
        for member in asleep:
            server.await_log(f"closing {member.address}: {SLOW_CONSUMER} ")
        crowd.wake(asleep)
        crowd.await_end(asleep)
        for member in asleep:
            # What they did get has no gap: it was held against what is due, byte by byte. Of a line that was cut before
            # they read, it may be nothing.
            assert LAG_EVENTS // EACH * EACH <= member.events < events
            assert member.code in (SLOW_CONSUMER, None)


@in_thread
def test_a_hundred_who_stand_still_cost_little_and_nobody_misses_anything(
    crowded: tuple[Server, ssl.SSLContext],
) -> None:
    server, _ = crowded
    play_among_those_who_stand_still(server, "port", None, readers=20, sleepers=100, events=26_000)


@in_thread
def test_so_it_is_over_tls(crowded: tuple[Server, ssl.SSLContext]) -> None:
    server, trust = crowded
    play_among_those_who_stand_still(server, "tls", trust, readers=5, sleepers=60, events=26_000)

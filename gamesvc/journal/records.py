"""What a journal keeps of a game: entries, one for each thing that took effect, and snapshots.

An entry holds effects: the events, the reply, the bytes of the fields that changed. So recovery is a snapshot and the
changed fields of the entries after it, and never runs the author's code. What was asked (command and arguments) is
kept, too, for those who want to run it again.

Records are MessagePack arrays: a later version may add fields at the end, with defaults, and change none. Those of
which there are many are nothing to Python's garbage collector (``gc=False``): no circle leads through them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Literal

import msgspec
from msgspec import Struct

EntryKind = Literal["opened", "seated", "command", "timer", "renewed", "left", "away", "back", "tick", "bot"]


class Published(Struct, frozen=True, array_like=True, gc=False):
    """An event.

    Attributes:
        body: a JSON object whose first key is ``event``, without its number.
        to: the players who see it; None for everybody.
    """

    body: bytes
    to: tuple[str, ...] | None = None


class Timer(Struct, frozen=True, array_like=True, gc=False):
    """A call that is to come.

    Attributes:
        id: what the model knows it by.
        due: when, in seconds since the epoch.
        method: the model's, by name.
        arguments: JSON array.
    """

    id: int
    due: float
    method: str
    arguments: bytes


class Opening(Struct, frozen=True, array_like=True):
    """What a game began with.

    Attributes:
        game_kind: its name in the catalog.
        version: the model's.
        options: JSON object.
        epoch: names the history that the numbers of events count.
        seed: where the game's chance comes from; secret.
    """

    game_kind: str
    version: int
    options: bytes
    epoch: str
    seed: bytes


class BotSeat(Struct, frozen=True, array_like=True, gc=False):
    """A player for whom a bot plays.

    Attributes:
        player: who.
        bot: its name, among those that the server offers.
        stands_in: whether the seat is somebody's, who gets it back; otherwise it is the bot's own.
    """

    player: str
    bot: str
    stands_in: bool = False


class Entry(Struct, frozen=True, array_like=True, gc=False):
    """One thing that took effect.

    Attributes:
        number: from 1, without gaps.
        kind: what it was: the game was ``opened``, a player was ``seated`` or ``left`` their seat, a ``command``, a
            ``timer`` or a ``tick`` ran, the model was told that a player was ``away`` or ``back``, a ``bot`` began or
            ceased to play for somebody; or the game was
            ``renewed``: it goes on under another opening, because its state was brought to another version of the
            model, or it was restored from a copy.
        time: when, in seconds since the epoch; never earlier than the entry before.
        player: whose command, or who came or went; None where it was nobody's.
        id: the command's, also of ``gamesvc.sit`` and ``gamesvc.leave``; None where it had none.
        name: of the command, in lower case where it is one of these two; or of the timer's method.
        arguments: of the command, a JSON object; of the timer, a JSON array.
        result: of the reply, JSON; None where there was none.
        events: in order.
        changed: the new values of the fields that changed, each as MessagePack, by name. Where a game was renewed, they
            are none, or all that there are from here on.
        seats: all of them, None where one is free; missing where they are as before.
        timers: all that are to come; missing where they are as before.
        timer: the id of the one that ran.
        fault: why a timer, tick or hook that ran has had no effect, for the operator; empty where it had.
        finished: whether the game is over, from here on.
        opening: where the game was opened or renewed.
        last_timer: the highest id that a timer has had.
        outcome: the event with which the game ended, as JSON; empty where there is none.
        started: whether all seats that are needed have been taken at some time.
        bots: all of them; missing where they are as before.
    """

    number: int
    kind: EntryKind
    time: float
    player: str | None = None
    id: str | None = None
    name: str = ""
    arguments: bytes = b""
    result: bytes | None = None
    events: tuple[Published, ...] = ()
    changed: dict[str, msgspec.Raw] = {}
    seats: tuple[str | None, ...] | None = None
    timers: tuple[Timer, ...] | None = None
    timer: int | None = None
    fault: str = ""
    finished: bool = False
    opening: Opening | None = None
    last_timer: int = 0
    outcome: bytes = b""
    started: bool = False
    bots: tuple[BotSeat, ...] | None = None


class Receipt(Struct, frozen=True, array_like=True, gc=False):
    """That a command took effect, for whoever sends it again.

    Attributes:
        id: the command's.
        digest: of its content.
        result: of the reply, JSON; None where there was none.
    """

    id: str
    digest: bytes
    result: bytes | None = None


class Counts(Struct, frozen=True, array_like=True):
    """How many events there were.

    Attributes:
        all: of any kind.
        public: those of the game, to everybody.
        framework: those of gamesvc itself.
        private: those to some players only, by each who saw them.
    """

    all: int = 0
    public: int = 0
    framework: int = 0
    private: dict[str, int] = {}


class Snapshot(Struct, frozen=True, array_like=True):
    """A game as it stood after an entry.

    Attributes:
        number: the entry's.
        time: the entry's.
        opening: what the game began with, with the version of the model that made this, and the epoch of now.
        state: the value of each field, as MessagePack, by name.
        seats: None where one is free.
        timers: all that are to come.
        last_timer: the highest id that a timer has had.
        finished: whether the game is over.
        counts: of its events.
        receipts: of each player, oldest first.
        clean: whether this is how the game was left in order. Where not every command is journaled, a game that is
            found with an unclean snapshot has lost what came after it.
        outcome: the event with which the game ended, as JSON; empty where there is none.
        started: whether all seats that are needed have been taken at some time.
        here: the players who are connected, as far as the model was told.
        bots: those that play for somebody.
        alone: whether the entries before its own are not kept: the journal drops them when it gets this.
    """

    number: int
    time: float
    opening: Opening
    state: dict[str, msgspec.Raw]
    seats: tuple[str | None, ...]
    timers: tuple[Timer, ...]
    last_timer: int
    finished: bool
    counts: Counts
    receipts: dict[str, tuple[Receipt, ...]]
    clean: bool = True
    outcome: bytes = b""
    started: bool = False
    here: tuple[str, ...] = ()
    bots: tuple[BotSeat, ...] = ()
    alone: bool = False

    @property
    def kept_after(self) -> int:
        """The number after which entries are kept. Of those up to it some may be there still, and mean nothing."""
        return self.number - 1 if self.alone else 0


_encode = msgspec.msgpack.Encoder().encode
_decode_entry = msgspec.msgpack.Decoder(Entry).decode
_decode_snapshot = msgspec.msgpack.Decoder(Snapshot).decode


def encode(record: Entry | Snapshot) -> bytes:
    """A record's bytes."""
    return _encode(record)


def decode_entry(body: bytes) -> Entry:
    """The entry that was encoded.

    Raises:
        msgspec.MsgspecError: it is none.
    """
    try:
        return _decode_entry(body)
    except UnicodeDecodeError as error:
        raise msgspec.DecodeError(str(error)) from error


def decode_snapshot(body: bytes) -> Snapshot:
    """The snapshot that was encoded.

    Raises:
        msgspec.MsgspecError: it is none.
    """
    try:
        return _decode_snapshot(body)
    except UnicodeDecodeError as error:
        raise msgspec.DecodeError(str(error)) from error


def stretches(entries: Iterable[Entry], most: int) -> Iterator[list[Entry]]:
    """Entries, some at a time.

    Args:
        entries: of a game, in their order.
        most: how many there are at a time.

    Yields:
        Entries among which no number is missing.
    """
    stretch: list[Entry] = []
    for entry in entries:
        if stretch and (len(stretch) == most or entry.number != stretch[-1].number + 1):
            yield stretch
            stretch = []
        stretch.append(entry)
    if stretch:
        yield stretch

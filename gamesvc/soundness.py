"""Whether what a journal has of a game fits together."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import msgspec

from gamesvc.errors import JournalError, Unavailable
from gamesvc.journal.records import Entry, Opening, Snapshot
from gamesvc.recovery import RecoveryError, Replayed


class Examination:
    """Looks at a game, as it was recorded, from its first entry that is kept to its last.

    Args:
        snapshot: the last one, if any; read before the entries, where somebody may be writing them.
        entries: all of them, in order.

    Attributes:
        entries: how many there are.
        last: the number of the last one, or of the snapshot where that is later.
        faults: what is wrong, for people.
        end: how the game stands after the last entry; None where something is wrong with its history.

    Raises:
        Unavailable: the journal can't be read now.
    """

    def __init__(self, snapshot: Snapshot | None, entries: Iterable[Entry]) -> None:
        self.entries = 0
        self.last = 0
        self.faults: list[str] = []
        self.end: Replayed | None = None
        self._snapshot = snapshot
        self._kept_after = 0 if snapshot is None else snapshot.kept_after
        self._opening: Opening | None = None if snapshot is None or not snapshot.alone else snapshot.opening
        self._by_snapshots = True
        self._run(iter(entries))

    def _run(self, entries: Iterator[Entry]) -> None:
        # None from where numbers are missing, to where the snapshot goes on.
        replayed: Replayed | None = Replayed() if not self._kept_after else None
        self.last = self._kept_after
        time = 0.0
        while True:
            try:
                entry = next(entries, None)
            except Unavailable:
                raise
            except (JournalError, msgspec.MsgspecError, RecursionError) as error:
                self.faults.append(
                    f"what comes after entry {self.last} can't be read, so it was not looked at: {error}"
                )
                return
            if entry is None:
                break
            if entry.number <= self._kept_after:
                continue
            if entry.number != self.last + 1:
                if entry.number <= self.last:
                    self.faults.append(f"entry {entry.number} comes after entry {self.last}")
                    return
                self._missing(self.last + 1, entry.number - 1)
                replayed = self._resumed(entry.number - 1)
            self.entries += 1
            self.last = entry.number
            self._by_snapshots = self._by_snapshots and entry.kind in ("opened", "renewed")
            self.faults.extend(f"entry {entry.number} {fault}" for fault in self._opened_amiss(entry))
            if entry.time < time:
                self.faults.append(f"entry {entry.number} was made before entry {entry.number - 1}")
            time = entry.time
            self.faults.extend(f"entry {entry.number}: {fault}" for fault in _amiss(entry))
            replayed = _taken_in(replayed, entry)
            if self._snapshot is not None and entry.number == self._snapshot.number:
                if replayed is not None:
                    self._compare(replayed, self._snapshot)
                # Where fields were brought to another version, only the snapshot has them as they were after it.
                replayed = Replayed(self._snapshot)
        if self._snapshot is not None and self._snapshot.number > self.last:
            self._missing(self.last + 1, self._snapshot.number)
            self.last = self._snapshot.number
            replayed = Replayed(self._snapshot)
        if not self.last:
            self.faults.append("it has no entries")
        elif not self.faults:
            self.end = replayed

    def _resumed(self, number: int) -> Replayed | None:
        """Where the history goes on after numbers that are missing, up to one."""
        snapshot = self._snapshot
        return Replayed(snapshot) if snapshot is not None and snapshot.number == number else None

    def _missing(self, first: int, last: int) -> None:
        if self._snapshot is not None and self._snapshot.alone and first == last == self._snapshot.number:
            return
        # A game that is kept by snapshots has its first entry, and then what came since it is kept by entries, if ever.
        # It may have been renewed meanwhile.
        if first > 1 and self._by_snapshots and self._snapshot is not None and self._snapshot.number >= last:
            return
        which = f"entry {first} is" if first == last else f"entries {first} to {last} are"
        self.faults.append(f"{which} missing")

    def _opened_amiss(self, entry: Entry) -> Iterator[str]:
        opening = entry.opening
        if entry.number == 1:
            self._opening = opening
            if opening is None or entry.kind != "opened":
                yield "is no opening"
        elif entry.kind == "opened":
            yield "is a second opening"
        elif (entry.kind == "renewed") != (opening is not None):
            yield "does not say under what the game goes on" if opening is None else "has an opening, and opens nothing"
        elif opening is not None and self._opening is not None and opening.game_kind != self._opening.game_kind:
            yield "goes on as another kind of game"

    def _compare(self, replayed: Replayed, snapshot: Snapshot) -> None:
        for what, told, kept in (
            ("time", replayed.time, snapshot.time),
            ("seats", _taken(replayed.seats), _taken(snapshot.seats)),
            ("timers", replayed.timers, snapshot.timers),
            ("last timer", replayed.last_timer, snapshot.last_timer),
            ("start", replayed.started, snapshot.started),
            ("list of who is connected", replayed.here, frozenset(snapshot.here)),
            ("list of bots", replayed.bots, snapshot.bots),
            ("end", replayed.finished, snapshot.finished),
            ("outcome", replayed.outcome, snapshot.outcome),
            ("counts of events", replayed.counts, snapshot.counts),
            ("receipts", replayed.receipts.dump(), snapshot.receipts),
        ):
            if told != kept:
                self._differs(what)
        opening = replayed.opening
        # Between versions, fields were changed by `migrate`: of a game that is kept by snapshots only they know of it.
        if opening is not None and opening.version == snapshot.opening.version:
            for name, value in replayed.state.items():
                # A field that came later, with a default, is in the snapshot only; one of another type, which takes the
                # same values, is encoded otherwise.
                if name not in snapshot.state or not _same(value, snapshot.state[name]):
                    self._differs(f"field {name}")

    def _differs(self, what: str) -> None:
        assert self._snapshot is not None, "it was compared"
        self.faults.append(
            f"the snapshot of entry {self._snapshot.number} has another {what} than the entries up to it"
        )


def _taken_in(replayed: Replayed | None, entry: Entry) -> Replayed | None:
    """The history with its next entry; None where that can't be taken in."""
    if replayed is not None:
        try:
            replayed.take(entry)
        # Its arguments are no JSON, which is told elsewhere.
        except (RecoveryError, RecursionError):
            return None
    return replayed


def _taken(seats: tuple[str | None, ...]) -> dict[int, str]:
    """Who sits where. A model may have got more seats, or fewer, where nobody sat."""
    return {seat: name for seat, name in enumerate(seats) if name is not None}


def _same(one: msgspec.Raw, other: msgspec.Raw) -> bool:
    if bytes(one) == bytes(other):
        return True
    try:
        return bool(msgspec.msgpack.decode(one) == msgspec.msgpack.decode(other))
    except (msgspec.MsgspecError, RecursionError):
        return False


def _amiss(entry: Entry) -> Iterator[str]:
    for event in entry.events:
        if not event.body.startswith(b'{"event":"') or not isinstance(_json(event.body), dict):
            yield "an event is no JSON object whose first key is event"
    # Of what has an id a receipt is made.
    if (entry.kind == "command" or entry.id is not None) and not isinstance(_json(entry.arguments), dict):
        yield "the arguments are no JSON object"
    if entry.kind == "timer" and not isinstance(_json(entry.arguments), list):
        yield "the arguments are no JSON array"
    if entry.result is not None and _json(entry.result) is _BAD:
        yield "the result is no JSON"
    if entry.outcome and not isinstance(_json(entry.outcome), dict):
        yield "the outcome is no JSON object"
    if entry.opening is not None and not isinstance(_json(entry.opening.options), dict):
        yield "the options are no JSON object"
    if entry.kind in ("left", "away", "back") and entry.player is None:
        yield "it does not say whose it is"
    for timer in entry.timers or ():
        if not isinstance(_json(timer.arguments), list):
            yield f"the arguments of timer {timer.id} are no JSON array"
    for name, value in entry.changed.items():
        try:
            msgspec.msgpack.decode(value)
        except (msgspec.MsgspecError, RecursionError) as error:
            yield f"the field {name} can't be decoded: {error}"


_BAD = object()


def _json(encoded: bytes) -> Any:
    try:
        return msgspec.json.decode(encoded)
    # UnicodeDecodeError and msgspec's own are ValueErrors.
    except (ValueError, RecursionError):
        return _BAD

"""What must be true after servers were killed, judged by what clients wrote and by what the journal has."""

from __future__ import annotations

import json
from bisect import bisect_right
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator
from itertools import accumulate
from pathlib import Path
from typing import Any

from gamesvc.journal.records import Entry
from gamesvc.journal.store import Store
from gamesvc.recovery import Recovered, RecoveryError, recover
from gamesvc.views import apply_patch
from tests.e2e.clients import Message
from tests.e2e.crash_game import Ledger

_UNDECIDED = "outcome_unknown"


class Viewed:
    """What one viewer may see of a game.

    Args:
        entries: the game's.
        player: whose private events are seen; None for a spectator.

    Attributes:
        events: all of them, in order, without numbers.
    """

    def __init__(self, entries: list[Entry], player: str | None) -> None:
        visible = [
            [json.loads(event.body) for event in entry.events if event.to is None or player in event.to]
            for entry in entries
        ]
        self.events: list[Message] = [event for events in visible for event in events]
        self._numbers = [entry.number for entry in entries]
        self._counts = [0, *accumulate(map(len, visible))]

    def up_to(self, entry: int) -> int:
        """How many of the events are of entries up to and with this number."""
        return self._counts[bisect_right(self._numbers, entry)]


class Kept:
    """A game as the journal has it.

    Args:
        store: the journal.
        game: the game's id.
    """

    def __init__(self, store: Store, game: str) -> None:
        self.game = game
        self.entries = list(store.entries(game))
        opening = self.entries[0].opening if self.entries else None
        self.epoch = opening.epoch if opening is not None else ""
        self.finished_at = next((entry.number for entry in self.entries if entry.finished), None)
        self.commands: dict[str, list[Entry]] = {}
        self.rung: Counter[str] = Counter()
        # The number of the entry with which each total came to be, and when that was.
        self._totals: list[int] = []
        self._times: list[float] = []
        for entry in self.entries:
            if entry.kind == "command":
                self.commands.setdefault(json.loads(entry.arguments)["key"], []).append(entry)
            elif entry.kind == "timer":
                self.rung[json.loads(entry.arguments)[0]] += 1
            if entry.kind != "seated":
                self._totals.append(entry.number)
                self._times.append(0.0 if entry.kind == "opened" else entry.time)
        self._viewed: dict[str | None, Viewed] = {}

    @property
    def last(self) -> int:
        """The number of the last entry from which on nobody has to be there."""
        return self.finished_at or (self.entries[-1].number if self.entries else 0)

    def viewed(self, player: str | None) -> Viewed:
        """What a viewer may see of it."""
        if player not in self._viewed:
            self._viewed[player] = Viewed(self.entries, player)
        return self._viewed[player]

    def when(self, total: int) -> tuple[float, int, int] | None:
        """When a total came to be, and the entries at which the game had it, first and last; None where it had none."""
        if not 0 <= total < len(self._totals):
            return None
        last = self._totals[total + 1] - 1 if total + 1 < len(self._totals) else len(self.entries)
        return self._times[total], self._totals[total], last


OpenStore = Callable[[], Store]
"""Opens a journal, to be read."""


def violations(
    directory: Path, open_store: OpenStore, tally: Counter[str], *, is_complete: bool = True
) -> Iterator[str]:
    """All that is not as it must be, for people.

    Args:
        directory: with the files of the clients.
        open_store: opens the journal.
        tally: counts what was judged.
        is_complete: whether all clients had time to hear everything.
    """
    store = open_store()
    try:
        yield from (f"the database: {text}" for text in store.check())
        kept = {row.game: Kept(store, row.game) for row in store.games()}
        tally["games"] = len(kept)
        for game in kept.values():
            tally["finished games"] += game.finished_at is not None
            tally.update(f"{entry.kind} entries" for entry in game.entries)
            yield from _of_itself(store, game, is_complete)
    finally:
        store.close()
    known: set[str] = set()
    files = sorted(directory.glob("*.jsonl"))
    assert files, "nobody was there"
    for path in files:
        witness = _Witness(kept, tally, is_complete)
        yield from (f"{path.name}: {text}" for text in witness.testimony(path))
        known |= witness.keys
    for game in kept.values():
        yield from (f"{game.game}: nobody sent {key}" for key in game.commands.keys() - known)


def _of_itself(store: Store, game: Kept, is_complete: bool) -> Iterator[str]:
    """What the journal alone has to fulfil."""
    for entry, number in zip(game.entries, range(1, len(game.entries) + 1), strict=True):
        if entry.number != number:
            yield f"{game.game}: entry {entry.number} in the place of {number}"
    if not game.epoch:
        yield f"{game.game}: it has no beginning"
        return
    for key, entries in game.commands.items():
        if len(entries) > 1:
            yield f"{game.game}: {key} took effect {len(entries)} times: {[entry.number for entry in entries]}"
        if entries[0].name == "later":
            rung = game.rung[key]
            if rung > 1 or (not rung and is_complete and game.finished_at is None):
                yield f"{game.game}: the timer of {key} ran {rung} times"
    stored = store.load(game.game)
    try:
        quick = recover(Ledger, stored.snapshot, stored.entries)
        slow = recover(Ledger, None, game.entries)
    except RecoveryError as error:
        yield f"{game.game}: {error}"
        return
    if _compared(quick) != _compared(slow):
        yield f"{game.game}: its snapshot is not what its entries make"


def _compared(recovered: Recovered) -> tuple[Any, ...]:
    return recovered.opening, recovered.standing, recovered.receipts.dump()


class _Witness:
    """Reads what one client wrote.

    Args:
        kept: the journal, by game.
        tally: counts what was judged.
        is_complete: whether it had time to hear everything.

    Attributes:
        keys: of the commands that it sent.
    """

    def __init__(self, kept: dict[str, Kept], tally: Counter[str], is_complete: bool) -> None:
        self._kept = kept
        self._tally = tally
        self._is_complete = is_complete
        self.keys: set[str] = set()
        self._sent: dict[str, int] = {}
        self._game_of: dict[str, str] = {}
        self._accepted: dict[str, int] = {}
        self._refused: set[str] = set()
        self._asked: deque[tuple[Message, bool]] = deque()
        self._last: dict[str, int] = {}
        self._game: Kept | None = None
        self._name = ""
        self._player = ""
        self._since: int | None = None
        self._viewer: Viewed | None = None
        self._is_welcome = False
        self._state: dict[str, Any] | None = None

    def testimony(self, path: Path) -> Iterator[str]:
        """What is wrong, by what it wrote."""
        for number, line in enumerate(path.read_text().splitlines(), 1):
            yield from (f"line {number}: {text}" for text in self._judge(json.loads(line)))
        for key in self.keys:
            game = self._kept.get(self._game_of[key])
            times = len(game.commands.get(key, ())) if game is not None else 0
            if key in self._accepted and times != 1:
                yield f"{key} was acknowledged, and is in the journal {times} times"
            if key in self._refused and times:
                yield f"{key} was refused, and is in the journal"
        for name, last in self._last.items():
            if self._is_complete and name in self._kept:
                game = self._kept[name]
                viewed = game.viewed(self._sees)
                # Somebody may have taken a seat when all was over, and others gone by then.
                if last < viewed.up_to(game.last):
                    yield f"{name}: it heard {last} of {len(viewed.events)} events"

    @property
    def _sees(self) -> str | None:
        return self._player if self._plays else None

    def _judge(self, line: dict[str, Any]) -> Iterator[str]:
        what = line["what"]
        if what == "entered":
            self._enter(line)
        elif what == "sent":
            self._send(line["message"])
        elif line["message"].get("event") == "gamesvc.welcome":
            yield from self._welcomed(line["message"])
        elif line["message"].get("event") in ("gamesvc.state", "gamesvc.patch"):
            yield from self._shown(line["message"])
        elif line["message"].get("event") in ("gamesvc.away", "gamesvc.back"):
            self._tally["notices heard"] += 1
        elif "event" in line["message"]:
            yield from self._heard(line["message"])
        else:
            yield from self._answered(line["message"])

    def _enter(self, line: dict[str, Any]) -> None:
        self._asked.clear()
        self._name, self._plays, self._player = line["game"], line["plays"], line["player"]
        self._since = None if line["since"] is None else int(line["since"])
        self._is_welcome = False
        self._game = self._kept.get(self._name)
        self._viewer = self._game.viewed(self._sees) if self._game is not None else None

    def _send(self, message: Message) -> None:
        # A key that is not there is what is wrong with that command.
        key = message["key"] or message.get("id", "")
        self.keys.add(key)
        self._game_of[key] = self._name
        self._asked.append((message, key in self._sent))
        self._sent[key] = self._sent.get(key, 0) + 1
        self._tally["commands sent"] += 1
        # What was refused is judged afresh.
        self._refused.discard(key)

    def _welcomed(self, message: Message) -> Iterator[str]:
        if self._is_welcome:
            yield f"a second welcome: {message}"
        self._is_welcome = True
        game, viewer, seq = self._game, self._viewer, message["seq"]
        if game is None or viewer is None:
            yield f"it was in the game {self._name}, which the journal does not know"
            return
        if self._plays and not message["playing"] and self._came_late(game, message):
            self._plays = False
            self._viewer = viewer = game.viewed(None)
        self._tally["resumed" if message["resumed"] else "welcomed"] += 1
        if message["game"] != self._name or message["player"] != self._player or message["playing"] != self._plays:
            yield f"a welcome to somebody else: {message}"
        if message["epoch"] != game.epoch + ("" if self._plays else ".public"):
            yield f"another epoch: {message}"
        if message["resumed"] != (self._since is not None):
            yield f"came back after {self._since}, and resumed is {message['resumed']}"
        if not (self._since or 0) <= seq <= len(viewer.events):
            yield f"welcomed at {seq}, having seen {self._since}, of {len(viewer.events)} events in the journal"
        self._last[self._name] = self._since if message["resumed"] and self._since is not None else seq
        self._state = message.get("state")
        if self._state is not None:
            yield from self._stands(self._state, game, viewer, seq)

    def _came_late(self, game: Kept, welcome: Message) -> bool:
        """Whether the game was over before this player had a seat: then there is none to be had, and they watch."""
        if game.finished_at is None or self._player in welcome["players"]:
            return False
        return bool(welcome["seq"] >= game.viewed(None).up_to(game.finished_at))

    def _stands(self, state: dict[str, Any], game: Kept, viewer: Viewed, seq: int) -> Iterator[str]:
        when = game.when(state["total"])
        if when is None or when[0] != state["time"]:
            yield f"saw a state that never was: {state}, {when}"
        elif not viewer.up_to(when[1]) <= seq <= viewer.up_to(when[2]):
            yield f"the state {state} with the number {seq}, which had {viewer.up_to(when[1])}"

    def _shown(self, message: Message) -> Iterator[str]:
        """The state, or how it changed: it has to be one that the game had after the last event that was heard."""
        seq = message["seq"]
        if self._game is None or self._viewer is None or seq != self._last.get(self._name):
            yield f"after event {self._last.get(self._name)}: {message}"
        elif "state" in message:
            self._tally["states seen"] += 1
            self._state = message["state"]
        elif self._state is None:
            yield f"a patch of a state that it was not shown: {message}"
        else:
            self._tally["patches seen"] += 1
            self._state = apply_patch(self._state, message["patch"])
        if self._state is not None and self._game is not None and self._viewer is not None:
            yield from self._stands(self._state, self._game, self._viewer, seq)

    def _heard(self, message: Message) -> Iterator[str]:
        seq = message.pop("seq", None)
        last = self._last.get(self._name)
        self._tally["events heard"] += 1
        if not self._is_welcome or self._viewer is None or last is None:
            yield f"an event before the welcome: {message}"
        elif seq != last + 1:
            yield f"event {seq} after event {last}: {message}"
        elif seq > len(self._viewer.events):
            yield f"event {seq} is not in the journal: {message}"
        elif message != self._viewer.events[seq - 1]:
            yield f"event {seq} is {message}, and in the journal {self._viewer.events[seq - 1]}"
        if seq is not None:
            self._last[self._name] = seq

    def _answered(self, reply: Message) -> Iterator[str]:
        if not self._asked:
            yield f"a reply that nobody asked for: {reply}"
            return
        message, was_sent = self._asked.popleft()
        if reply.get("id") != message.get("id"):
            yield f"{message} was answered with {reply}"
            return
        key = message["key"] or message.get("id", "")
        if reply["status"] == "ok":
            yield from self._acknowledged(key, message, was_sent, reply)
        elif reply["error"]["code"] != _UNDECIDED:
            yield from self._was_refused(key, message, reply["error"])

    def _acknowledged(self, key: str, message: Message, was_sent: bool, reply: Message) -> Iterator[str]:
        is_first = key not in self._accepted
        self._tally["duplicates" if "duplicate" in reply else "acknowledged"] += 1
        self._accepted[key] = self._accepted.get(key, 0) + 1
        if not was_sent and "duplicate" in reply:
            yield f"{key} was sent for the first time, and is a duplicate"
        if not is_first and reply.get("duplicate") is not True:
            yield f"{key} was answered already, and {reply} is no duplicate"
        entries = self._game.commands.get(key, []) if self._game is not None else []
        if not entries or self._viewer is None:
            return  # told of at the end
        entry = entries[0]
        result = None if entry.result is None else json.loads(entry.result)
        if reply.get("result") != result:
            yield f"{key} was answered with {reply}, and the journal has {result}"
        if (entry.player, entry.id, entry.name) != (self._player, message.get("id"), message["command"]):
            yield f"{message} is in the journal as {entry}"
        if self._last[self._name] < self._viewer.up_to(entry.number):
            yield f"{key} was answered before event {self._viewer.up_to(entry.number)}"

    def _was_refused(self, key: str, message: Message, error: dict[str, Any]) -> Iterator[str]:
        if key in self._accepted:
            yield f"{key} was acknowledged, and then refused: {error}"
        self._tally[error["code"]] += 1
        # Another of the same may still be on its way.
        if not any((other["key"] or other.get("id")) == key for other, _ in self._asked):
            self._refused.add(key)
        expected = {"unheard-of": "unknown_command", "deny": "refused"}.get(message["command"])
        expected = "bad_arguments" if message["key"] is None else expected
        wrong = error["code"] not in ("game_over", "not_a_player", expected, "unavailable")
        if wrong:
            yield f"{message} was refused: {error}"
        if error["code"] == "refused" and self._game is not None:
            total, _, time = error["message"].partition(" ")
            when = self._game.when(int(total))
            if when is None or when[0] != float(time):
                yield f"{message} was refused on a state that never was: {error['message']}"


def what_is_missing(open_store: OpenStore, heard: Iterable[tuple[str, str | None, int]]) -> str:
    """What clients have not heard yet, or is still to come; empty where there is nothing.

    Args:
        open_store: opens the journal.
        heard: games, whose events are seen in them, and the number of the last that was heard.
    """
    store = open_store()
    try:
        waking = {row.game for row in store.games() if row.wake_at is not None}
        kept: dict[str, Kept] = {}
        for name, player, last in heard:
            if name in waking:
                return f"a timer in {name}"
            game = kept[name] = kept.get(name) or Kept(store, name)
            viewed = game.viewed(player)
            if last < viewed.up_to(game.last):
                return f"{player} in {name} heard {last} of {len(viewed.events)} events"
    finally:
        store.close()
    return ""

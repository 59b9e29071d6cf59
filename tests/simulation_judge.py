"""What must hold, whatever happens: judged at the moment at which something becomes durable, or leaves a server.

A game whose every command is durable before anybody hears of it has a `Record`: its journal, told once more in another
way than gamesvc does. Whatever leaves is compared with that. Of a game that promises less, it is only known what others
have seen: an epoch stands for one history, whoever sees a part of it.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable
from typing import Any

import msgspec

from gamesvc.journal.records import Counts, Entry, Published, Snapshot, Timer
from gamesvc.messages import numbered
from gamesvc.model import GameModel
from gamesvc.pending import Role
from gamesvc.standing import Standing
from tests.simulation_games import FAILING

_decode = msgspec.json.decode
_unpack = msgspec.msgpack.decode


class Broken(AssertionError):
    """A promise is not kept."""


def hold(condition: object, what: str, *more: object) -> None:
    """Something has to be so."""
    if not condition:
        raise Broken(" ".join((what, *map(repr, more))))


class _Seen:
    """The events that one kind of viewer may see: in order, and of which entry each is."""

    __slots__ = ("bodies", "entries", "taken")

    def __init__(self) -> None:
        self.bodies: list[bytes] = []
        self.entries: list[int] = []
        self.taken = 0


class Record:
    """What the journal has of a game.

    Args:
        model: the game's.
    """

    def __init__(self, model: type[GameModel]) -> None:
        self.model = model
        self.entries: list[Entry] = []
        self.states: list[dict[str, bytes]] = [{}]
        self.seats: list[tuple[str | None, ...]] = [()]
        self.timers: list[tuple[Timer, ...]] = [()]
        self.by_token: dict[str, Entry] = {}
        self.by_id: dict[tuple[str | None, str], Entry] = {}
        self.finished = False
        self.here: list[frozenset[str]] = [frozenset()]
        self.started: list[bool] = [False]
        self._seen: dict[str | None, _Seen] = {}
        self._rung: set[int] = set()

    @property
    def epoch(self) -> str:
        opening = self.entries[0].opening
        return "" if opening is None else opening.epoch

    @property
    def last(self) -> int:
        return len(self.entries)

    def take(self, entry: Entry) -> None:
        """An entry has become durable."""
        hold(entry.number == self.last + 1, "an entry out of order", entry.number, self.last)
        hold((entry.kind == "opened") == (entry.number == 1), "an opening", entry)
        hold((entry.kind in ("opened", "renewed")) == (entry.opening is not None), "an opening", entry)
        # Somebody may ask for what is so already, under an id.
        is_noted = entry.kind in ("seated", "left") and entry.seats is None
        hold(not is_noted or entry.id is not None, "journaled without need", entry)
        hold(not self.finished or is_noted, "an entry after the end", entry)
        if self.entries:
            hold(entry.time >= self.entries[-1].time, "time ran backwards", self.entries[-1].time, entry.time)
        timers = self.timers[-1]
        if entry.kind == "timer":
            alarm = next((each for each in timers if each.id == entry.timer), None)
            hold(alarm is not None, "a timer ran that was not to come (any more)", entry)
            assert alarm is not None
            hold(alarm.due <= entry.time, "a timer ran early", alarm.due, entry.time)
            hold(alarm.id not in self._rung, "a timer ran twice", entry)
            self._rung.add(alarm.id)
            token = _decode(alarm.arguments)[0]
            hold(bool(entry.fault) == token.endswith(FAILING), "a timer's fault", entry)
        elif entry.kind == "command":
            seats = self.seats[-1]
            hold(not seats or entry.player in seats, "a command of nobody's, who has no seat", entry, seats)
            token = _decode(entry.arguments)["token"]
            hold(token not in self.by_token, "a command took effect twice", entry)
            self.by_token[token] = entry
        if entry.id is not None:
            hold((entry.player, entry.id) not in self.by_id, "an id took effect twice", entry)
            self.by_id[entry.player, entry.id] = entry
        self.entries.append(entry)
        self.states.append({**self.states[-1], **{name: bytes(raw) for name, raw in entry.changed.items()}})
        self.seats.append(self.seats[-1] if entry.seats is None else entry.seats)
        self.timers.append(timers if entry.timers is None else entry.timers)
        self._see_who_is_there(entry)
        self.finished = entry.finished
        self._see_that_effects_fit(entry)

    def _see_who_is_there(self, entry: Entry) -> None:
        before, after = self.seats[-2], self.seats[-1]
        here = self.here[-1]
        if entry.kind in ("seated", "left") and entry.seats is None:
            hold((entry.player in after) == (entry.kind == "seated"), "noted what is not so", entry, after)
            hold(not (entry.events or entry.changed), "noted, with an effect", entry)
        elif entry.player is not None and entry.kind != "command":
            # Who sits down has come; others, who are named with them, may have not.
            is_here = entry.kind == "back" or (entry.kind == "seated" and entry.player in after)
            here = here | {entry.player} if is_here else here - {entry.player}
        if entry.kind in ("away", "back"):
            hold(here != self.here[-1] and entry.player in after, "told what was known", entry)
        if entry.kind in ("seated", "left") and entry.seats is not None:
            changed = [each for each in zip(before, after, strict=True) if each[0] != each[1]]
            seat = (None, entry.player) if entry.kind == "seated" else (entry.player, None)
            hold(changed == [seat], "a seat changes hands", entry, before)
        self.here.append(here)
        fewest = self.model.SEATS[0] if self.model.SEATS else 1
        self.started.append(self.started[-1] or (bool(after) and len(after) - after.count(None) >= fewest))
        if entry.kind == "tick":
            hold(self.started[-1], "a tick before the start", entry)

    def _see_that_effects_fit(self, entry: Entry) -> None:
        before, after = self.states[-2], self.states[-1]
        for name, raw in after.items():
            # What players do changes all but this, and what hooks do changes this.
            is_of_hooks = name in ("heard", "ticked")
            is_hook = entry.kind in ("seated", "left", "away", "back", "tick")
            is_allowed = entry.kind == "opened" or is_hook == is_of_hooks
            hold(is_allowed or before[name] == raw, "a state holds another command's effect", name, entry)
        ran = entry.kind == "command" or (entry.kind == "timer" and not entry.fault)
        marks = _unpack(after["marks"])
        added = marks[len(_unpack(before["marks"])) :] if before else marks
        token = _decode(entry.arguments)["token"] if entry.kind == "command" else None
        hold(added == ([] if token is None else [token]), "a state holds another command's effect", added, entry)
        hold(_unpack(after["count"]) == len(marks), "a state holds half an effect", entry)
        if entry.result is not None:
            hold(_decode(entry.result)[0] == len(marks), "a result is of another state", entry)
        if "heard" in after:
            starts = _unpack(after["heard"]).count("start")
            hold(starts == self.started[-1] - (entry.kind == "seated" and bool(entry.fault)), "starts", starts, entry)
        if entry.fault:
            hold(not ran and after == before, "a fault has an effect", entry)
            hold(entry.kind == "seated" or not entry.events, "a fault has events", entry)
        timers = sorted(each.id for each in self.timers[-1])
        if not entry.finished:
            known = sorted(_unpack(after["timers"]).values())
            # Those that failed are known to the state, and don't come any more.
            hold(set(timers) <= set(known), "a timer that the state knows nothing of", timers, known)

    def seen(self, viewer: str | None) -> _Seen:
        """What a viewer may see."""
        seen = self._seen.get(viewer)
        if seen is None:
            seen = self._seen[viewer] = _Seen()
        for entry in self.entries[seen.taken :]:
            for event in entry.events:
                if event.to is None or (viewer is not None and viewer in event.to):
                    seen.bodies.append(event.body)
                    seen.entries.append(entry.number)
        seen.taken = len(self.entries)
        return seen

    def head_after(self, viewer: str | None, entry: int) -> int:
        """The number of the last event that a viewer may see, as of an entry."""
        return bisect_right(self.seen(viewer).entries, entry)

    def counts(self, entry: int) -> Counts:
        """Of the events up to an entry."""
        events: list[Published] = [event for each in self.entries[:entry] for event in each.events]
        own = [event for event in events if b'"gamesvc.' in event.body[:20]]
        private: dict[str, int] = {}
        for event in events:
            for player in event.to or ():
                private[player] = private.get(player, 0) + 1
        public = sum(event.to is None for event in events)
        return Counts(len(events), public - len(own), len(own), private)

    def see_snapshot(self, snapshot: Snapshot) -> None:
        """A snapshot has become durable."""
        number = snapshot.number
        hold(1 <= number <= self.last, "a snapshot of what is not there", number, self.last)
        hold({name: bytes(raw) for name, raw in snapshot.state.items()} == self.states[number], "a snapshot's state")
        hold(snapshot.seats == self.seats[number], "a snapshot's seats", snapshot.seats)
        hold(snapshot.timers == self.timers[number], "a snapshot's timers", snapshot.timers)
        hold(snapshot.time == self.entries[number - 1].time, "a snapshot's time")
        hold(snapshot.finished == self.entries[number - 1].finished, "a snapshot's end")
        hold(snapshot.counts == self.counts(number), "a snapshot's counts", snapshot.counts, self.counts(number))
        hold(snapshot.opening.epoch == self.epoch, "a snapshot's epoch")
        hold(frozenset(snapshot.here) == self.here[number], "a snapshot's players who are here", snapshot.here)
        hold(snapshot.started == self.started[number], "a snapshot's start")
        kept = {(player, each.id): each.result for player, window in snapshot.receipts.items() for each in window}
        due = {key: entry.result for key, entry in self.by_id.items() if entry.number <= number}
        hold(kept == due, "a snapshot's receipts", kept, due)

    def see_standing(self, standing: Standing, number: int) -> None:
        """A game was loaded."""
        state = self.states[number]
        image = tuple(state[field.name] for field in self.model.FIELDS)
        hold(standing.entry == number, "loaded as of another entry", standing.entry, number)
        hold(standing.image == image, "loaded with another state", standing.image, image)
        hold(standing.seats == self.seats[number], "loaded with other seats", standing.seats)
        hold(standing.now == self.entries[number - 1].time, "loaded with another time")
        hold(standing.finished == self.entries[number - 1].finished, "loaded with another end")
        hold(standing.here == self.here[number], "loaded with others who are here", standing.here, self.here[number])
        hold(standing.started == self.started[number], "loaded with another start")
        alarms = [(each.id, each.due) for each in standing.alarms]
        hold(alarms == [(each.id, each.due) for each in self.timers[number]], "loaded with other timers", alarms)

    def public(self, number: int) -> dict[str, Any]:
        """What everybody may see of the state, as of an entry."""
        state = self.states[number]
        return {field.name: _unpack(state[field.name]) for field in self.model.FIELDS if not field.secret}

    def see_the_end(self) -> None:
        """Everything that was to happen has happened."""
        tokens = [_decode(entry.arguments)["token"] for entry in self.entries if entry.kind == "command"]
        hold(_unpack(self.states[-1]["marks"]) == tokens, "the state is not the sum of the commands")
        hold(self.finished or not self.timers[-1], "a timer never came", self.timers[-1])


class Judge:
    """Sees everything that becomes durable, and everything that leaves.

    Args:
        model: that of all games here.
        note: writes to the trace.

    Attributes:
        most_missed: who has missed more events than that may not be told them.
    """

    def __init__(self, model: type[GameModel], note: Callable[..., None]) -> None:
        self.is_strict = model.DURABILITY == "every"
        self.records: dict[str, Record] = {}
        self.by_epoch: dict[str, Record] = {}
        self.most_missed = 0
        self.acknowledged: dict[str, set[str]] = {}
        self.snapshots: dict[str, Snapshot] = {}
        self._model = model
        self._note = note
        self._told: dict[tuple[str, str | None, int], bytes] = {}
        self._first_replies: set[tuple[str, str]] = set()

    # What becomes durable.

    def appended(self, game: str, entry: Entry) -> None:
        self._note("%s  entry %d: %s %s %s", game, entry.number, entry.kind, entry.player, entry.id or entry.arguments)
        hold(self.is_strict or entry.kind == "opened", "journaled without need", entry)
        if entry.kind == "opened":
            hold(game not in self.records, "a game was opened twice", game)
            self.records[game] = Record(self._model)
        if entry.opening is not None:
            hold(entry.opening.epoch not in self.by_epoch, "an epoch was used twice")
            self.by_epoch[entry.opening.epoch] = self.records[game]
        self.records[game].take(entry)

    def saved(self, game: str, snapshot: Snapshot) -> None:
        self._note("%s  snapshot at %d, clean: %s", game, snapshot.number, snapshot.clean)
        self.snapshots[game] = snapshot
        if self.is_strict:
            self.records[game].see_snapshot(snapshot)

    def discarded(self, game: str) -> None:
        self._note("%s  discarded", game)
        record = self.records.pop(game, None)
        self.snapshots.pop(game, None)
        hold(record is None or not record.by_token, "a game was discarded in which something had happened", game)

    def loaded(self, game: str, standing: Standing, last: int) -> None:
        """A game was loaded from the journal, which had entries up to `last` at that time."""
        if self.is_strict:
            self.records[game].see_standing(standing, last)
            return
        snapshot = self.snapshots.get(game)
        if snapshot is not None:
            image = tuple(bytes(snapshot.state[field.name]) for field in self._model.FIELDS)
            hold(standing.image == image and standing.seats == snapshot.seats, "loaded with another state")

    # What leaves.

    def welcome(self, frame: dict[str, Any], role: Role, epoch: str | None, since: int | None) -> None:
        """A welcome leaves, for somebody who has said where they were."""
        stem = frame["epoch"].removesuffix(".public")
        viewer, seq = role.sees, frame["seq"]
        hold((frame["epoch"] == stem) == role.playing == frame["playing"], "an epoch for another role", frame)
        if frame["resumed"]:
            hold(since is not None, "resumed, and nobody asked for that")
            hold(epoch == frame["epoch"] or (epoch is None and since == 0), "resumed in another epoch", epoch, frame)
            hold(0 <= (since or 0) <= seq, "resumed from beyond the end", since, frame)
        else:
            hold(since is None or "state" in frame, "neither resumed nor given the state", frame)
        if not self.is_strict:
            return
        record = self.by_epoch.get(stem)
        hold(record is not None, "welcomed to a game that is not durable", frame)
        assert record is not None
        seen = record.seen(viewer)
        hold(seq <= len(seen.bodies), "welcomed to events that are not durable", frame, len(seen.bodies))
        first = seen.entries[seq - 1] if seq else 1
        last = seen.entries[seq] - 1 if seq < len(seen.entries) else record.last
        fitting = [n for n in range(first, last + 1) if list(record.seats[n]) == frame["players"]]
        hold(fitting, "welcomed to seats that are not durable", frame, record.seats[first : last + 1])
        is_in = role.player in frame["players"] or not (role.playing and self._model.SEATS)
        hold(is_in, "let in to play, without a seat", frame)
        if "state" in frame:
            hold(any(record.public(n) == frame["state"] for n in fitting), "welcomed to a state that is not durable",
                 frame)  # fmt: skip
        if not frame["resumed"] and since is not None and epoch == frame["epoch"]:
            missed = seq - since
            hold(missed < 0 or missed > self.most_missed, "not resumed, without need", since, frame)

    def event(self, payload: bytes, frame: dict[str, Any], role: Role, epoch: str, seq: int) -> None:
        """An event leaves, which should have this number."""
        stem = epoch.removesuffix(".public")
        viewer = role.sees
        hold(frame["seq"] == seq, "an event is missing, or is there twice", seq, frame)
        if frame["event"] == "Whispered":
            hold(viewer in frame["to"], "a secret is told", viewer, frame)
        if self.is_strict:
            seen = self.by_epoch[stem].seen(viewer)
            hold(seq <= len(seen.bodies), "an event leaves that is not durable", frame)
            hold(numbered(seen.bodies[seq - 1], seq) == payload, "another event", frame, seen.bodies[seq - 1])
        else:
            told = self._told.setdefault((stem, viewer, seq), payload)
            hold(told == payload, "an epoch has two histories", told, payload)

    def ok(
        self, frame: dict[str, Any], command: dict[str, Any], sender: Role, role: Role, epoch: str, seq: int
    ) -> None:
        """A command is acknowledged, to somebody who has had their events up to a number. Since they sent it they may
        have given their seat up, or have taken one, and been told so."""
        stem, token = epoch.removesuffix(".public"), command["token"]
        if command["command"].startswith("gamesvc."):
            self._seat_ok(frame, command, role, stem, seq)
            return
        hold(sender.playing or frame.get("duplicate"), "a spectator's command took effect", frame)
        if not frame.get("duplicate"):
            hold((stem, token) not in self._first_replies, "two first replies", frame)
            self._first_replies.add((stem, token))
        self.acknowledged.setdefault(stem, set()).add(token)
        if not self.is_strict:
            return
        record = self.by_epoch[stem]
        entry = record.by_token.get(token)
        hold(entry is not None, "acknowledged, and not durable", frame, command)
        assert entry is not None
        hold(entry.player == role.player and entry.id == command.get("id"), "another's command", frame, entry)
        hold(entry.name == command["command"].lower(), "another command", frame, entry)
        result = None if entry.result is None else _decode(entry.result)
        hold(frame.get("result") == result, "another result than was kept", frame, result)
        hold(seq >= record.head_after(role.sees, entry.number), "a reply before its events", frame, seq)

    def _seat_ok(self, frame: dict[str, Any], command: dict[str, Any], role: Role, stem: str, seq: int) -> None:
        if not self.is_strict:
            return
        record = self.by_epoch[stem]
        kind = "left" if command["command"] == "gamesvc.leave" else "seated"
        entry = record.by_id.get((role.player, command["id"]))
        hold(entry is not None, "acknowledged, and not durable", frame, command)
        assert entry is not None
        hold(entry.kind == kind and entry.name == command["command"], "another command", frame, entry)
        hold(seq >= record.head_after(role.sees, entry.number), "a reply before its events", frame, seq)

    def refused(self, frame: dict[str, Any], epoch: str) -> None:
        """A command is refused."""
        error = frame["error"]
        if self.is_strict and error["code"] in ("refused", "odd", "no_timer"):
            record = self.by_epoch[epoch.removesuffix(".public")]
            durable = _unpack(record.states[-1]["count"])
            hold(int(error["message"]) <= durable, "refused on a state that is not durable", frame, durable)

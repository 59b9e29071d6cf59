"""A game as one viewer could see it: to answer a player's question without seeing what others hold.

What the viewer could not see changes nothing here, not even a number: their moments are counted, and their events
numbered, as if it had not happened.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from typing import Any, NamedTuple

import msgspec

from gamesvc.cli.history_table import PIPED_WIDTH, called, since_start
from gamesvc.cli.recorded import Recorded, model_speaks_aside
from gamesvc.cli.wording import clock, cut, day, instant, one_line
from gamesvc.errors import ConfigError, JournalError
from gamesvc.journal.records import Counts, Entry, Published
from gamesvc.model import GameModel, Player
from gamesvc.recovery import Replayed
from gamesvc.views import View, ViewError, Views, merge_patch

_NUMBER = 4
"""How wide the column of numbers is: the same for all games, so that it tells nothing of what is not shown."""
_SINCE = 12
_encode = msgspec.json.Encoder().encode


class Moment(NamedTuple):
    """When there was something for a viewer to see.

    Attributes:
        number: from 1; only what this viewer could see counts.
        time: seconds since the epoch.
        what: what happened, as far as they know, for people; empty where the rest says it.
        command: the entry of their own command; None where it was none.
        events: those that they see, each with their number as its last key.
        patch: how what they are shown of the state has changed, as JSON Merge Patch; None where the model failed at
            showing it.
        seq: number of their last event so far.
        playing: whether they play; else they watch.
        seats: who has each.
        finished: whether the game is over.
        outcome: the event with which it ended, as JSON; empty where there is none.
        view: what they are shown of the state; None where the model failed at that.
    """

    number: int
    time: float
    what: str
    command: Entry | None
    events: list[dict[str, Any]]
    patch: View | None
    seq: int
    playing: bool
    seats: tuple[str | None, ...]
    finished: bool
    outcome: bytes
    view: View | None


class Viewed:
    """A game's history for one viewer.

    Args:
        recorded: the game.
        model: its class.
        viewer: a player's name; None for somebody who watches.

    Raises:
        ConfigError: nobody of this name has ever had a seat.
    """

    def __init__(self, recorded: Recorded, model: type[GameModel], viewer: str | None) -> None:
        if viewer is not None and model.SEATS is not None and viewer not in recorded.sitters:
            raise ConfigError(
                f"game {recorded.game}: {one_line(viewer)!r} has never had a seat; --as-spectator shows what those see"
                " who watch"
            )
        self._recorded = recorded
        self._model = model
        self._viewer = viewer
        self._views = Views(model)
        self._count = 0
        # As of the entry before, whether they saw anything of it or not.
        self._seats: tuple[str | None, ...] = ()
        self._counts = Counts()
        self._finished = False
        self._epoch: str | None = None
        self._view: View | None = {}

    @property
    def is_over(self) -> bool:
        """Whether the game is over, as of the moments that were asked for."""
        return self._finished

    def moments(self) -> Iterator[Moment]:
        """All that there was for them to see, in order. To be asked for once.

        Raises:
            RecoveryError: the history does not fit together, or not the model.
        """
        snapshot = self._recorded.snapshot
        then = Replayed()
        if snapshot is not None and snapshot.alone:
            yield from self._seen(None, Replayed(snapshot))
            then = Replayed(snapshot)
        for entry in self._recorded.entries():
            if entry.number <= then.number:
                continue
            if snapshot is not None and then.number < snapshot.number == entry.number - 1:
                # What lies between was not kept, unless there is nothing between.
                yield from self._seen(None, Replayed(snapshot))
                then = Replayed(snapshot)
            then.take(entry)
            # Where fields were brought to another version, it may be that only the snapshot has them.
            if snapshot is not None and entry.number == snapshot.number:
                then = Replayed(snapshot)
            yield from self._seen(entry, then)
        if snapshot is not None and snapshot.number > then.number:
            yield from self._seen(None, Replayed(snapshot))

    def at(self, number: int) -> Moment:
        """The moment of a number.

        Raises:
            JournalError: there is none.
        """
        last = 0
        for moment in self.moments():
            if moment.number == number:
                return moment
            last = moment.number
        raise JournalError(f"game {self._recorded.game}: they saw moments 1 to {last}, and no {number}")

    def _seen(self, entry: Entry | None, then: Replayed) -> Iterator[Moment]:
        """What they see of an entry; or, where it is None, of all that was not kept."""
        had_seat, playing = self._plays(self._seats), self._plays(then.seats)
        events = self._numbered(entry.events if entry is not None else (), had_seat or playing)
        old_view, view = self._view, self._look(entry, then, playing)
        patch = None if view is None else merge_patch(old_view or {}, view)
        command = entry if entry is not None and entry.kind == "command" and entry.player == self._viewer else None
        what = self._what(entry, then, had_seat, playing) if entry is not None else ""
        is_seen = (
            what
            or events
            or patch
            or (old_view is None) != (view is None)
            or then.finished != self._finished
            or then.seats != self._seats
            or (entry is None and self._head(then.counts, playing) != self._head(self._counts, had_seat))
        )
        self._seats, self._counts, self._finished, self._view = then.seats, then.counts, then.finished, view
        self._epoch = None if then.opening is None else then.opening.epoch
        if not is_seen:
            return
        self._count += 1
        yield Moment(
            self._count,
            then.time,
            what or ("" if entry is not None else "(what led to this was not kept)"),
            command,
            events,
            patch,
            self._head(then.counts, playing),
            playing,
            then.seats,
            then.finished,
            then.outcome,
            view,
        )

    def _plays(self, seats: tuple[str | None, ...]) -> bool:
        return self._viewer is not None and (self._model.SEATS is None or self._viewer in seats)

    def _head(self, counts: Counts, playing: bool) -> int:
        """The number of their last event."""
        private = counts.private.get(self._viewer or "", 0) if playing else 0
        return counts.public + counts.framework + private

    def _numbered(self, events: tuple[Published, ...], playing: bool) -> list[dict[str, Any]]:
        """Those of an entry's events that they see."""
        seq, seen = self._head(self._counts, playing), []
        for event in events:
            if event.to is None or (playing and self._viewer in event.to):
                seq += 1
                seen.append({**msgspec.json.decode(event.body), "seq": seq})
        return seen

    def _look(self, entry: Entry | None, then: Replayed, playing: bool) -> View | None:
        """What they are shown of the state; None where the model fails at it."""
        is_same = (
            entry is not None
            and entry.opening is None
            and not entry.changed
            and entry.seats is None
            # A view of the author's own may tell of the time.
            and "view" not in self._model.HOOKS
        )
        if is_same:
            return self._view
        with model_speaks_aside():
            standing = then.standing(self._model)
            viewer = Player(self._viewer) if playing and self._viewer is not None else None
            try:
                state = self._views.state(standing, self._views.audience(viewer))
            except ViewError:
                return None
        return msgspec.json.decode(state, type=dict[str, Any])

    def _what(self, entry: Entry, then: Replayed, had_seat: bool, playing: bool) -> str:
        """What happened, where the events and the state don't say it."""
        if entry.kind == "opened":
            return "opened"
        if entry.kind == "renewed":
            return "renewed: new epoch" if then.opening and then.opening.epoch != self._epoch else ""
        if entry.kind in ("away", "back"):
            return f"{entry.player} is {'away' if entry.kind == 'away' else 'there'}"
        if self._viewer is not None and entry.player == self._viewer:
            if entry.kind == "command":
                return called(entry)
            if entry.kind in ("seated", "left") and had_seat != playing:
                return "takes a seat" if playing else "gives up the seat"
        return ""


def table(viewed: Viewed) -> Iterator[str]:
    """The history for people: a line for each moment, and under it what they were sent."""
    width = shutil.get_terminal_size((PIPED_WIDTH, 24)).columns
    yield f"{'#':>{_NUMBER}}  {'time':12}  {'since start':{_SINCE}}  what"
    indent = " " * (_NUMBER + 2)
    start: float | None = None
    today = ""
    for moment in viewed.moments():
        start = moment.time if start is None else start
        if day(moment.time) != today:
            today = day(moment.time)
            yield f"{indent}{today} UTC"
        when = f"{clock(moment.time):12}  {since_start(moment.time - start):{_SINCE}}"
        yield cut(one_line(f"{moment.number:>{_NUMBER}}  {when}  {moment.what}").rstrip(), width)
        told = [_encode(event).decode() for event in moment.events]
        if moment.patch is None:
            told.append("the model failed at showing the state")
        elif moment.patch:
            told.append(f"state {_encode(moment.patch).decode()}")
        for each in told:
            yield cut(one_line(f"{indent}{each}"), width)
    yield f"{indent}{'the game is over' if viewed.is_over else 'the game is not over'}"


def moment_as_json(moment: Moment) -> bytes:
    """A moment, as one line of JSON."""
    command = moment.command
    return _encode(
        {
            "number": moment.number,
            "time": moment.time,
            "what": moment.what or None,
            "command": command
            and {
                "id": command.id,
                "name": command.name,
                "arguments": msgspec.json.decode(command.arguments or b"{}"),
                "result": None if command.result is None else msgspec.json.decode(command.result),
            },
            "events": moment.events,
            "patch": moment.patch,
            "seq": moment.seq,
            "finished": moment.finished,
        }
    )


def view_as_json(game: str, kind: str, viewer: str | None, moment: Moment) -> bytes:
    """What a viewer saw at a moment, as JSON.

    Args:
        game: its id.
        kind: its kind's name.
        viewer: a player's name; None for somebody who watches.
        moment: when.
    """
    return _encode(
        {
            "game": game,
            "kind": kind,
            "viewer": viewer,
            "playing": moment.playing,
            "number": moment.number,
            "time": moment.time,
            "at": instant(moment.time),
            "seq": moment.seq,
            "players": moment.seats,
            "finished": moment.finished,
            "outcome": msgspec.json.decode(moment.outcome) if moment.outcome else None,
            "state": moment.view,
        }
    )

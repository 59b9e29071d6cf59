"""Games that were played, as a journal has them."""

from __future__ import annotations

from typing import Any

from msgspec import Raw
from msgspec.structs import replace

from gamesvc.instance import Instance, opening_entry
from gamesvc.journal.records import Entry, Opening, Snapshot
from gamesvc.journal.store import Append, Store
from gamesvc.messages import encode_arguments, encode_joined
from gamesvc.model import GameModel, Player
from gamesvc.recovery import Replayed
from tests.drawing import Drawing
from tests.redrawing import Drawing as Redrawing
from tests.tictactoe import TicTacToe

NOW = 1_800_000_000.0
SEED = bytes(range(32))
EPOCH = "AbCdEf-01234"
OTHER_SEED = bytes(range(32, 64))


class Play:
    """Plays a game, and keeps what a journal would be given.

    Args:
        model: the game's class.
        kind: its name in the catalog; None: the class's.
    """

    def __init__(self, model: type[GameModel], kind: str | None = None, players: tuple[str, ...] = ()) -> None:
        self.instance = Instance(model, SEED)
        self.now = NOW
        opening = Opening(kind or model.__name__, model.VERSION, b"{}", EPOCH, SEED)
        self.entries: list[Entry] = [opening_entry(self.instance.open(self.now, players), model, opening)]

    def seat(self, name: str) -> Play:
        self.now += 1.5
        seats = list(self.instance.standing.seats)
        free = seats.index(None)
        seats[free] = Player(name)
        effect = self.instance.seat(self.now, tuple(seats), [encode_joined(name, free)])
        self.entries.append(effect.entry(self.instance.kind, "seated", player=name))
        return self

    def command(self, player: str, name: str, id: str | None = None, /, **arguments: Any) -> Play:
        self.now += 2.25
        given = self.instance.kind.COMMANDS[name].arguments(**arguments)
        effect = self.instance.command(self.now, name, Player(player), given)
        asked = encode_arguments(arguments)
        self.entries.append(effect.entry(self.instance.kind, "command", player, id, name, asked))
        return self

    def timer(self, id: int) -> Play:
        alarm = next(alarm for alarm in self.instance.standing.alarms if alarm.id == id)
        self.now = max(self.now, alarm.due) + 0.125
        fault = ""
        try:
            effect = self.instance.alarm(self.now, alarm)
        except RuntimeError as error:
            fault = f"{type(error).__name__} (incident 12ab)"
            effect = self.instance.drop(self.now, alarm)
        entry = effect.entry(
            self.instance.kind, "timer", name=alarm.method, arguments=alarm.arguments, timer=alarm.id, fault=fault
        )
        self.entries.append(entry)
        return self

    def renew(self, seed: bytes | None = None, epoch: str | None = None) -> Play:
        """It goes on with another chance, as after a copy was restored."""
        now = self.opening
        opening = replace(now, epoch=epoch or now.epoch, seed=seed or now.seed)
        return self._renewed(self.instance.kind, opening, changed=False)

    def migrate(self, model: type[GameModel]) -> Play:
        """It is brought to another version of the model, as a server does it that wakes it."""
        return self._renewed(model, replace(self.opening, version=model.VERSION), changed=True)

    @property
    def opening(self) -> Opening:
        """Under which it goes on."""
        return [entry.opening for entry in self.entries if entry.opening is not None][-1]

    def _renewed(self, model: type[GameModel], opening: Opening, changed: bool) -> Play:
        self.now += 100
        then = Replayed(self.snapshot())
        self.instance = Instance(model, opening.seed, then.standing(model))
        effect = self.instance.seat(self.now, self.instance.standing.seats, [])
        entry = effect.entry(model, "renewed", opening=opening)
        if changed:
            fields = zip(model.FIELDS, effect.after.image, strict=True)
            entry = replace(entry, changed={field.name: Raw(raw) for field, raw in fields})
        self.entries.append(entry)
        return self

    @property
    def wake_at(self) -> float | None:
        return self.instance.standing.wake_at

    def snapshot(self, number: int | None = None) -> Snapshot:
        """As it would have been made after an entry."""
        then = Replayed()
        for entry in self.entries[:number]:
            then.take(entry)
        assert then.opening is not None
        return Snapshot(
            then.number,
            then.time,
            then.opening,
            {name: Raw(bytes(value)) for name, value in then.state.items()},
            then.seats,
            then.timers,
            then.last_timer,
            then.finished,
            then.counts,
            then.receipts.dump(),
        )

    def keep(self, store: Store, game: str, snapshot: Snapshot | None = None) -> None:
        """Write it as a server does."""
        store.begin()
        term = store.claim(game)
        [added] = store.append([Append(game, term, 0, self.entries, self.wake_at)])
        assert added
        if snapshot is not None:
            assert store.save(game, term, snapshot, self.wake_at)
        store.commit()


def tictactoe(cells: tuple[int, ...] = (0, 3, 1, 4, 2)) -> Play:
    """A game with seats that were taken one by one. With all of these cells, alice wins."""
    play = Play(TicTacToe).seat("alice").seat("bob")
    for move, cell in enumerate(cells):
        play.command(("alice", "bob")[move % 2], "mark", f"c-{move}", cell=cell)
    return play


def drawing(model: type[GameModel] = Drawing) -> Play:
    """A game in which everything happens: 10 entries, of which the 8th is a timer that failed; not finished."""
    play = Play(model, "Drawing", ("alice", "bob"))
    play.command("alice", "draw", "c-1", count=2).command("bob", "draw").timer(2).command("bob", "trap")
    play.timer(3).timer(1).timer(4)
    return play.command("alice", "draw", count=1, wishes={"ace": 1}).command("bob", "draw", "c-1", count=3)


def migrated() -> Play:
    """A game that began with the first version of its model: 13 entries; from the 11th on it is of the second."""
    return drawing().migrate(Redrawing).command("alice", "draw", count=2).command("bob", "draw")


def restored() -> Play:
    """A game that was restored from a copy: 13 entries; from the 11th on it has another epoch and another seed."""
    return drawing().renew(OTHER_SEED, "another-epoch").command("alice", "draw", count=2).command("bob", "draw")

"""Games that were played, as a journal has them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
from msgspec import Raw
from msgspec.structs import replace

from gamesvc.bot_seats import gone, seated, stood_in, told_of_bots
from gamesvc.instance import Instance
from gamesvc.journal.records import Entry, EntryKind, Opening, Snapshot
from gamesvc.journal.store import Append, Store
from gamesvc.messages import encode_arguments, encode_joined, encode_left
from gamesvc.model import GameModel, Player
from gamesvc.options import checked, given
from gamesvc.recovery import Replayed
from gamesvc.standing import Effect, opening_entry
from tests.drawing import Drawing
from tests.hall import Hall
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
        players: who has the first seats from the beginning.
        options: of `setup`.
        seed: where its chance comes from.
    """

    def __init__(
        self,
        model: type[GameModel],
        kind: str | None = None,
        players: tuple[str, ...] = (),
        options: dict[str, Any] | None = None,
        seed: bytes = SEED,
    ) -> None:
        self.instance = Instance(model, seed)
        self.now = NOW
        stored = checked(model, options or {})
        opening = Opening(kind or model.__name__, model.VERSION, stored, EPOCH, seed)
        effect = self.instance.open(self.now, players, given(model, stored))
        self.entries: list[Entry] = [opening_entry(effect, model, opening)]

    def seat(self, name: str) -> Play:
        self.now += 1.5
        seats = list(self.instance.standing.seats)
        free = seats.index(None)
        seats[free] = Player(name)
        player, events = Player(name), [encode_joined(name, free)]
        self._run(
            "seated",
            player,
            lambda: self.instance.seat(self.now, tuple(seats), events, player),
            lambda: self.instance.seat(self.now, tuple(seats), events, player, tell=False),
        )
        return self

    def leave(self, name: str) -> Play:
        self.now += 1.5
        seats = list(self.instance.standing.seats)
        seat = seats.index(Player(name))
        seats[seat] = None
        effect = self.instance.seat(self.now, tuple(seats), [encode_left(name, seat)])
        self.entries.append(effect.entry(self.instance.kind, "left", player=name))
        return self

    def bot(self, bot: str | None, player: str | None = None, id: str | None = None) -> Play:
        """A bot takes a free seat, or plays for somebody, or goes; under an id that is an operator's wish."""
        self.now += 1.5
        before = self.instance.standing
        if player is None:
            after = seated(before, bot or "")
            assert after is not None
        else:
            after = gone(before, Player(player)) if bot is None else stood_in(before, Player(player), bot)
        events = told_of_bots(before, after.seats, after.bots)
        effect = self.instance.seat(self.now, after.seats, events, bots=after.bots)
        effect = effect._replace(result=msgspec.json.encode({"player": after.player}))
        asked = {name: value for name, value in (("bot", bot), ("player", player)) if value is not None}
        operator = None if id is None else "operator"
        self.entries.append(
            effect.entry(self.instance.kind, "bot", operator, id, "gamesvc.bot", encode_arguments(asked))
        )
        return self

    def away(self, name: str) -> Play:
        return self._presence(name, away=True)

    def back(self, name: str) -> Play:
        return self._presence(name, away=False)

    def tick(self) -> Play:
        """One that comes to nothing is not kept."""
        self.now += 0.05
        self._run("tick", None, lambda: self.instance.tick(self.now), lambda: self.instance.skip(self.now))
        return self

    def _presence(self, name: str, *, away: bool) -> Play:
        self.now += 0.5
        player = Player(name)
        self._run(
            "away" if away else "back",
            player,
            lambda: self.instance.presence(self.now, player, away=away),
            lambda: self.instance.miss(self.now, player, away=away),
        )
        return self

    def _run(
        self,
        kind: EntryKind,
        player: Player | None,
        run: Callable[[], Effect | None],
        instead: Callable[[], Effect],
    ) -> None:
        fault = ""
        try:
            effect = run()
        except RuntimeError as error:
            fault = f"{type(error).__name__} (incident 12ab)"
            effect = instead()
        if effect is not None:
            self.entries.append(effect.entry(self.instance.kind, kind, player=player, fault=fault))

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
            outcome=then.outcome,
            started=then.started,
            here=tuple(sorted(then.here)),
            bots=then.bots,
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


def hall() -> Play:
    """A game that is told of everything: 18 entries. The 6th and the 12th are hooks that failed, the 15th a tick."""
    play = Play(Hall, "Hall", options={"pace": 2}).seat("alice").seat("bob").back("alice")  # 1 to 4
    play.command("alice", "spin", times=2).seat("clumsy").tick().tick().tick()  # to 8: nothing comes of the third tick
    play.away("bob").back("bob").command("bob", "spin", times=0).away("clumsy").leave("clumsy")  # 9 to 13
    play.command("bob", "overdo").tick().seat("carol").leave("carol")  # 14 to 17
    return play.leave("bob")


def botted() -> Play:
    """A game with bots: 10 entries. One takes a seat, one stands in for alice from the 6th to the 9th."""
    play = Play(TicTacToe).seat("alice").bot("random", id="o-1").command("alice", "mark", "c-1", cell=0)
    play.command("bot-random", "mark", cell=3).bot("search", "alice").bot("random", "alice")
    return play.command("alice", "mark", cell=1).bot(None, "alice").command("bot-random", "mark", cell=4)


def botted_hall() -> Play:
    """A game with bots that is told of everything: 8 entries. The bot that the 4th seats goes with the 7th."""
    play = Play(Hall, "Hall").seat("alice").bot("random").bot("random", id="o-1").bot("search", "alice")
    return play.command("bot-random", "spin", times=2).bot(None, "bot-random-2", id="o-2").leave("alice")

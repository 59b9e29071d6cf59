"""A server's games on a journal that answers when the test says so, and those who ask for them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import count
from typing import Any

from gamesvc import Event, GameModel, Player, command
from gamesvc.beginnings import Plan
from gamesvc.bot_offer import NO_BOTS, BotOffer
from gamesvc.catalog import Catalog, Kind
from gamesvc.errors import HttpRefusal, RequestRefused
from gamesvc.lifecycle import Lifecycle
from gamesvc.limits import Limits
from gamesvc.messages import Request
from gamesvc.pending import Role
from gamesvc.server import GameServer
from tests.tables import ALICE, Answers, World

AS_ALICE = Role(ALICE, playing=True)
IDLE = Limits().idle_game_seconds


class Noted(Event):
    text: str


class Counter(GameModel):
    total: int = 0
    rung: int = 0

    @command
    def add(self, player: Player, number: int = 1) -> int:
        self.total += number
        self.publish(Noted(f"{self.total}"))
        return self.total

    @command
    def late(self, player: Player, seconds: float = 1.0) -> None:
        self.after(seconds, self.ring)

    @command
    def end(self, player: Player) -> None:
        self.finish()

    @command
    def throw(self, player: Player) -> float:
        return self.random.random()

    def ring(self) -> None:
        self.rung += 1
        self.publish(Noted("ring"))


class Quick(Counter, durability="snapshot"):
    pass


class Careless(Counter, durability="none"):
    pass


class Duel(Counter, seats=2):
    pass


class Shelf(Catalog):
    """What is played here. The first is the default."""

    def __init__(self, **models: type[GameModel]) -> None:
        self._models = models

    def __iter__(self) -> Iterator[Kind]:
        return (Kind(name, model) for name, model in self._models.items())

    def find(self, name: str) -> Kind | None:
        return Kind(name, self._models[name]) if name in self._models else None


class House(World):
    """A server's games, and those who ask for them.

    Attributes:
        plans: what games are to be, by their id.
    """

    def __init__(self, model: type[GameModel] = Counter, *, bots: BotOffer = NO_BOTS, **limits: Any) -> None:
        super().__init__(bots=bots)
        self.limits = Limits(**limits)
        self.plans: dict[str, Plan] = {}
        self._bytes = count(1)
        self.start(kind=model)

    def start(self, **models: type[GameModel]) -> None:
        """Start a server; one that was running before was killed, and whatever it waited for is not told to it."""
        self.journal.asked.clear()
        self.around.attended.clear()
        for call in list(self.clock.getDelayedCalls()):
            call.cancel()
        self.games: dict[str, GameServer] = {}
        self.offer(Shelf(**models))

    def offer(self, catalog: Catalog) -> None:
        """Have something else played here from now on."""
        self.lifecycle = Lifecycle(
            self.games, catalog, self.limits, self.around, self._random_bytes, lambda game: self.plans.get(game)
        )
        self.lifecycle.start()

    def _random_bytes(self, length: int) -> bytes:
        return next(self._bytes).to_bytes(length, "big")

    def ask(self, game: str = "g", opener: str | None = "alice", players: tuple[str, ...] | None = None) -> list[Any]:
        """Gets the game, or why it can't be had."""
        outcomes: list[Any] = []
        self.lifecycle.open(game, opener, players, outcomes.append)
        return outcomes

    def open(self, game: str = "g", opener: str | None = "alice", players: tuple[str, ...] | None = None) -> GameServer:
        """The game, when everything that it waits for has happened."""
        outcomes = self.ask(game, opener, players)
        self.run()
        (server,) = outcomes
        assert isinstance(server, GameServer), server.refusal
        return server

    def refusal(self, game: str = "g", opener: str | None = "alice") -> HttpRefusal:
        """Why a game can't be had."""
        outcomes = self.ask(game, opener)
        self.run()
        return refusal(outcomes)

    def do(self, server: GameServer, name: str, id: str | None = None, /, **arguments: Any) -> Any:
        """The reply to a command of alice's."""
        answers = Answers()
        server.submit(AS_ALICE, Request(name, id, arguments), answers.append)
        self.run()
        return answers.reply

    def work(self) -> None:
        """Have done what was to be done in a thread first, where `holds_work`."""
        work, done = self.works.pop(0)
        work()
        done()
        self.run()

    def fall_asleep(self, game: str = "g") -> None:
        """Nobody is there for long enough."""
        self.pass_time(self.limits.idle_game_seconds + 1, step=10)
        self.pass_time(1)
        assert game not in self.games


def refusal(outcomes: list[Any]) -> HttpRefusal:
    (outcome,) = outcomes
    assert isinstance(outcome, RequestRefused), outcome
    return outcome.refusal


def welcome(server: GameServer, role: Role = AS_ALICE) -> Any:
    return json.loads(server.welcome(role, None, show_state=True))


def epoch(server: GameServer) -> str:
    return str(welcome(server)["epoch"])

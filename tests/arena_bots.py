"""Bots and games for the tests of ``gamesvc arena``: such as authors write, and such as fail."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterable
from typing import Any

from gamesvc import Event, GameError, GameModel, Move, Player, command, field
from gamesvc.bots import Bot, Turn
from gamesvc.errors import ConfigError


class First(Bot):
    """Does what is named first."""

    def choose(self, turn: Turn) -> dict[str, Any] | None:
        return turn.legal[0]


class Last(Bot):
    def choose(self, turn: Turn) -> dict[str, Any] | None:
        return turn.legal[-1]


class Lies(GameModel, seats=2):
    """Names what it refuses."""

    @command
    def take(self, player: Player) -> None:
        raise GameError("not now")

    def legal(self, player: Player) -> Iterable[Move]:
        yield Move(self.take)


class Lazy(Bot):
    def choose(self, turn: Turn) -> dict[str, Any] | None:
        return None


class Raises(Bot):
    def choose(self, turn: Turn) -> dict[str, Any] | None:
        raise LookupError("I am lost")


class Leaves(Bot):
    def choose(self, turn: Turn) -> dict[str, Any] | None:
        raise SystemExit(3)


class Cheats(Bot):
    def choose(self, turn: Turn) -> dict[str, Any] | None:
        return {"command": "mark", "cell": 9}


class Babbles(Bot):
    def choose(self, turn: Turn) -> Any:
        return [turn.legal[0]]


class Dies(Bot):
    def choose(self, turn: Turn) -> dict[str, Any] | None:
        os._exit(7)


class Hangs(Bot):
    def choose(self, turn: Turn) -> dict[str, Any] | None:
        threading.Event().wait()
        return None


class Prints(Bot):
    def choose(self, turn: Turn) -> dict[str, Any] | None:
        print("let me think")  # noqa: T201  # what it is for
        return turn.random.choice(turn.legal)


class OfChess(Bot):
    def check(self, model: type[GameModel]) -> None:
        if model.__name__ != "Chess":
            raise ConfigError("it plays chess alone")

    def choose(self, turn: Turn) -> dict[str, Any] | None:
        return turn.legal[0]


class Blames(Bot):
    def check(self, model: type[GameModel]) -> None:
        raise LookupError("no such table")

    def choose(self, turn: Turn) -> dict[str, Any] | None:
        return turn.legal[0]


class Takes(Bot):
    """Plays `Silent`, of which it knows the rules."""

    def choose(self, turn: Turn) -> dict[str, Any] | None:
        return {"command": "take"} if turn.view["left"] % 2 == turn.players.index(turn.player) else None


class Ended(Event):
    winner: Player | None


class Scored(Event):
    scores: dict[Player, int]


class Silent(GameModel, seats=2):
    """Does not say what is legal. They take by turns; who takes the last wins."""

    left: int = 6

    @command
    def take(self, player: Player) -> None:
        if self.players[self.left % 2] != player:
            raise GameError("it is not your turn")
        self.left -= 1
        if not self.left:
            self.finish(Ended(player))


class Throws(GameModel, seats=(2, 4)):
    """All throw at once; the highest wins."""

    thrown: dict[Player, int] = field(default_factory=dict)

    def legal(self, player: Player) -> Iterable[Move]:
        return [] if player in self.thrown else [Move(self.throw)]

    @command
    def throw(self, player: Player) -> None:
        self.thrown[player] = self.random.randrange(1000)
        if len(self.thrown) == len(self.players):
            self.finish(Scored(self.thrown))


class Waits(GameModel, seats=2):
    """Nobody can do anything before the bell; after that, the first to stop it wins."""

    rung: int = 0

    def setup(self, bells: int = 1) -> None:
        if bells:
            self.after(60, self.ring)

    def ring(self) -> None:
        self.rung += 1

    def legal(self, player: Player) -> Iterable[Move]:
        return [Move(self.stop)] if self.rung else []

    @command
    def stop(self, player: Player) -> None:
        self.finish(Ended(player))


class Race(GameModel, seats=2, tick=10):
    """Who has been steered further after ten ticks wins."""

    way: dict[Player, int] = field(default_factory=dict)
    ticks: int = 0

    def legal(self, player: Player) -> Iterable[Move]:
        return [Move(self.steer, speed=speed) for speed in (0, 1)]

    @command
    def steer(self, player: Player, speed: int) -> None:
        self.way[player] = self.way.get(player, 0) + speed

    def on_tick(self) -> None:
        self.ticks += 1
        if self.ticks == 10:
            self.finish(Scored(self.way))


class Endless(GameModel, seats=2):
    moves: int = 0

    def legal(self, player: Player) -> Iterable[Move]:
        return [Move(self.go)] if player == self.players[self.moves % 2] else []

    @command
    def go(self, player: Player) -> None:
        self.moves += 1


class Breaks(Endless, seats=2):
    @command
    def go(self, player: Player) -> None:
        raise LookupError("no road")


class Mute(Endless, seats=2):
    """Does not say how it came out."""

    @command
    def go(self, player: Player) -> None:
        self.finish()


class Alone(GameModel, seats=1):
    @command
    def nothing(self, player: Player) -> None:
        pass

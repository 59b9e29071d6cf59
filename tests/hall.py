"""Games that are told of everything that gamesvc can tell a game of, and that keep something from everybody."""

from __future__ import annotations

from gamesvc import Event, GameError, GameModel, Own, Player, Secret, command, field


class Welcomed(Event):
    player: Player


class Dealt(Event):
    card: int


class Missing(Event):
    player: Player
    away: bool


class Spun(Event):
    times: int


class Ended(Event):
    why: str


class Hall(GameModel, seats=(2, 3), tick=20):
    """Two or three sit in a hall, each with a card."""

    pace: int = 1
    cards: Own[dict[Player, int]] = field(default_factory=dict)
    stock: Secret[list[int]] = field(default_factory=list)
    left_to_spin: int = 0
    spun: int = 0

    def setup(self, pace: int = 1, names: list[str] | None = None) -> None:
        self.pace = pace
        self.stock = list(range(20))
        self.random.shuffle(self.stock)

    def on_join(self, player: Player) -> None:
        self.publish(Welcomed(player))
        if player == "mallory":
            raise GameError("not you")
        if player == "clumsy":
            raise RuntimeError("over the doorstep")
        if len(self.players) > 2:
            self._deal(player)

    def on_start(self) -> None:
        for player in self.players:
            self._deal(player)

    def on_leave(self, player: Player) -> None:
        if player == "sulky":
            raise GameError("stay")
        self.stock.append(self.cards.pop(player, -1))
        if len(self.players) == 1:
            self.finish(Ended("alone"))

    def on_away(self, player: Player) -> None:
        if player == "clumsy":
            raise RuntimeError("over the cable")
        self.publish(Missing(player, True))

    def on_back(self, player: Player) -> None:
        self.publish(Missing(player, False))

    def on_tick(self) -> None:
        if self.left_to_spin:
            self.left_to_spin -= 1
            self.spun += self.pace
            self.publish(Spun(self.spun))
        if self.spun == 99:
            raise RuntimeError("dizzy")

    @command
    def spin(self, player: Player, times: int) -> None:
        """Spin so many ticks."""
        self.left_to_spin = times

    @command
    def overdo(self, player: Player) -> None:
        """Have the next tick fail."""
        self.spun = 99

    def _deal(self, player: Player) -> None:
        self.cards[player] = self.stock.pop()
        self.publish(Dealt(self.cards[player]), to=[player])


class Said(Event):
    n: int


class Whispered(Event):
    n: int


class Kept(Event):
    n: int


class Veil(GameModel, seats=(2, 3)):
    """Each of the players sees something else."""

    loud: int = 0
    kept: Own[dict[Player, int]] = field(default_factory=dict)
    scheme: Secret[int] = 0

    @command
    def say(self, player: Player, n: int) -> None:
        """Tell all."""
        self.loud = n
        self.publish(Said(n))

    @command
    def bluff(self, player: Player, n: int, really: int) -> int:
        """Tell all, and not all of it."""
        self.scheme = really
        self.publish(Whispered(really), to=[each for each in self.players if each != "alice"])
        self.publish(Said(n))
        return really

    @command
    def whisper(self, player: Player, to: Player, n: int) -> int:
        """Tell one."""
        self.publish(Whispered(n), to=[to])
        return n

    @command
    def keep(self, player: Player, n: int) -> int:
        """Tell nobody."""
        self.kept[player] = n
        self.publish(Kept(n), to=[player])
        return -n

    @command
    def plot(self, player: Player, n: int) -> None:
        """Tell not even yourself."""
        self.scheme = n
        self.after(n, self.stir, n)

    @command
    def stop(self, player: Player) -> None:
        """End it."""
        self.finish(Said(-1))

    def on_leave(self, player: Player) -> None:
        pass

    def stir(self, n: int) -> None:
        self.scheme += 1
        if n % 2:
            raise RuntimeError("stirred too much")


class Sundial(Veil, seats=(2, 3)):
    """One that shows the time."""

    def view(self, viewer: Player | None) -> dict[str, object]:
        return {"now": self.now}


class Window(Veil, seats=(2, 3)):
    """One whose view is its own, and fails at some things."""

    def view(self, viewer: Player | None) -> dict[str, object]:
        if self.loud == 13:
            raise RuntimeError(f"the scheme is {self.scheme}")
        return {"loud": self.loud, "mine": self.kept.get(viewer or Player(""))}

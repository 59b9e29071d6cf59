"""Arena: fly about, and collect dots. It is played in real time, in ticks."""

from math import hypot
from typing import Annotated

from msgspec import Meta, Struct

from gamesvc import Event, GameError, GameModel, Player, Timer, command, field

TICKS = 20
"""In a second."""
SIZE = 1000.0
"""Of the arena, a square: its corners are (0, 0) and (SIZE, SIZE)."""
SPEED = 300.0
"""The most that a ship makes, in a second."""
RESPONSE = 0.15
"""What part of the way to the speed that it is steered to a ship makes up in a tick."""
REACH = 20.0
"""How near a ship has to come to a dot."""
MOST_SHIPS = 60
DOTS = 30
ROUND = 25
"""Who has collected so many dots wins the round."""
AWAY_SECONDS = 10
"""How long the ship stays of who has lost the line."""

Tilt = Annotated[float, Meta(ge=-1, le=1)]


class Collected(Event):
    player: Player
    score: int


class Won(Event):
    """Somebody has won a round, and the next one begins."""

    player: Player


class Dot(Struct):
    x: float
    y: float


class Ship(Struct):
    """Where a ship is, how fast it is, in a second, and where its player steers it."""

    x: float
    y: float
    vx: float = 0.0
    vy: float = 0.0
    steer_x: float = 0.0
    steer_y: float = 0.0
    score: int = 0

    def move(self) -> None:
        """Fly for a tick. At the edge a ship stops."""
        self.vx, self.x = _moved(self.vx, self.steer_x, self.x)
        self.vy, self.y = _moved(self.vy, self.steer_y, self.y)

    def reaches(self, dot: Dot) -> bool:
        return abs(self.x - dot.x) < REACH and hypot(self.x - dot.x, self.y - dot.y) < REACH


# Clients are told of what has changed: in a dict key by key, where a list would be sent as a whole. And what is rounded
# is short, and changes less often.
class Arena(GameModel, tick=TICKS, durability="snapshot"):
    """Fly about and collect dots. Who comes and steers has a ship; 25 dots win the round."""

    ships: dict[Player, Ship] = field(default_factory=dict)
    dots: dict[int, Dot] = field(default_factory=dict)
    leaving: dict[Player, Timer] = field(default_factory=dict)
    """Whose ships are taken out soon, because they have lost the line."""

    def setup(self) -> None:
        self.dots = {number: Dot(*self._anywhere()) for number in range(DOTS)}

    @command
    def steer(self, player: Player, x: Tilt, y: Tilt) -> None:
        """Say which way you want to fly: x to the right and y down, each from -1 to 1. Who has no ship gets one."""
        if player not in self.ships:
            if len(self.ships) >= MOST_SHIPS:
                raise GameError(f"there are {MOST_SHIPS} ships here: wait for one to leave", code="arena_full")
            self.ships[player] = Ship(*self._anywhere())
        ship, strength = self.ships[player], max(1.0, hypot(x, y))
        ship.steer_x, ship.steer_y = _rounded(x / strength, 2), _rounded(y / strength, 2)

    @command
    def land(self, player: Player) -> None:
        """Take your ship out of the arena."""
        if player not in self.ships:
            raise GameError("you have no ship: steer, and you get one", code="no_ship")
        self.take_out(player)

    def on_away(self, player: Player) -> None:
        if player in self.ships:
            self.leaving[player] = self.after(AWAY_SECONDS, self.take_out, player)

    def on_back(self, player: Player) -> None:
        if player in self.leaving:
            self.cancel(self.leaving.pop(player))

    def take_out(self, player: Player) -> None:
        """Remove a ship."""
        if player in self.leaving:
            self.cancel(self.leaving.pop(player))
        self.ships.pop(player, None)

    def on_tick(self) -> None:
        for player, ship in self.ships.items():
            ship.move()
            for number, dot in self.dots.items():
                if ship.reaches(dot):
                    self.dots[number] = Dot(*self._anywhere())
                    ship.score += 1
                    self.publish(Collected(player, ship.score))
        for player, ship in self.ships.items():
            if ship.score >= ROUND:
                self.publish(Won(player))
                for each in self.ships.values():
                    each.score = 0

    def _anywhere(self) -> tuple[float, float]:
        return _rounded(self.random.uniform(0, SIZE)), _rounded(self.random.uniform(0, SIZE))


def _moved(speed: float, steered: float, place: float) -> tuple[float, float]:
    """The speed and the place after a tick, along one of the axes."""
    speed = _rounded(speed + (steered * SPEED - speed) * RESPONSE)
    place = _rounded(place + speed / TICKS)
    return (speed, place) if 0 <= place <= SIZE else (0.0, min(max(place, 0.0), SIZE))


def _rounded(value: float, digits: int = 1) -> float:
    return round(value, digits) + 0.0  # no -0.0

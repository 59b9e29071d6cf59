"""The games with much that moves, of which viewers keep the state. Every peer serves the same, as far as it can.

Sixty entities walk about a square and turn round at its edges. At each tick all of them move, one of them turns, and
one is hit.
"""

from math import cos, radians, sin
from random import Random
from typing import Annotated

from msgspec import Meta, Struct

from gamesvc import GameModel, Player, command, field

ENTITIES = 60
TICKS = 20
"""In a second."""
SIZE = 600.0
"""Of the square, whose corners are (0, 0) and (SIZE, SIZE)."""
STEP = 6.0
"""How far an entity gets in a tick."""
HEALTH = 100

Number = Annotated[int, Meta(ge=0, lt=ENTITIES)]
Degrees = Annotated[int, Meta(ge=0, lt=360)]


def moved(x: float, y: float, heading: int) -> tuple[float, float, int]:
    """Where somebody is after a tick, and where they look.

    Args:
        x, y: where they are, to two decimals.
        heading: where they look, in degrees.
    """
    x += STEP * cos(radians(heading))
    y += STEP * sin(radians(heading))
    if not (0 <= x <= SIZE and 0 <= y <= SIZE):
        x, y, heading = min(max(x, 0.0), SIZE), min(max(y, 0.0), SIZE), (heading + 180) % 360
    return round(x, 2), round(y, 2), heading


def anywhere(random: Random) -> float:
    """A coordinate."""
    return round(random.uniform(0, SIZE), 2)


class Entity(Struct):
    """One that moves."""

    x: float
    y: float
    heading: int
    hp: int = HEALTH


class Herd(GameModel, tick=TICKS, durability="snapshot"):
    """As one would write it first: a dict of entities."""

    entities: dict[str, Entity] = field(default_factory=dict)

    def setup(self) -> None:
        for number in range(ENTITIES):
            self.entities[str(number)] = Entity(
                anywhere(self.random), anywhere(self.random), self.random.randrange(360)
            )

    @command
    def drive(self, player: Player, number: Number, heading: Degrees) -> None:
        """Turn one of them round. Nobody does, while it is measured."""
        self.entities[str(number)].heading = heading

    def on_tick(self) -> None:
        for entity in self.entities.values():
            entity.x, entity.y, entity.heading = moved(entity.x, entity.y, entity.heading)
        turning = self.entities[str(self.random.randrange(ENTITIES))]
        turning.heading = self.random.randrange(360)
        hit = self.entities[str(self.random.randrange(ENTITIES))]
        hit.hp = hit.hp - 1 or HEALTH


class Columns(GameModel, tick=TICKS, durability="snapshot"):
    """The same for who counts bytes: what changes all the time lies in lists, without names, and the rest in dicts."""

    x: list[float] = field(default_factory=list)
    y: list[float] = field(default_factory=list)
    heading: dict[int, int] = field(default_factory=dict)
    hp: dict[int, int] = field(default_factory=dict)

    def setup(self) -> None:
        self.x = [anywhere(self.random) for _ in range(ENTITIES)]
        self.y = [anywhere(self.random) for _ in range(ENTITIES)]
        self.heading = {number: self.random.randrange(360) for number in range(ENTITIES)}
        self.hp = dict.fromkeys(range(ENTITIES), HEALTH)

    @command
    def drive(self, player: Player, number: Number, heading: Degrees) -> None:
        """Turn one of them round. Nobody does, while it is measured."""
        self.heading[number] = heading

    def on_tick(self) -> None:
        for number in range(ENTITIES):
            self.x[number], self.y[number], self.heading[number] = moved(
                self.x[number], self.y[number], self.heading[number]
            )
        self.heading[self.random.randrange(ENTITIES)] = self.random.randrange(360)
        hit = self.random.randrange(ENTITIES)
        self.hp[hit] = self.hp[hit] - 1 or HEALTH

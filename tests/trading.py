"""A game with all that can be described: each kind of argument, result, event and field."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Annotated, Any, Literal, NamedTuple, TypedDict

from msgspec import UNSET, Meta, Struct, UnsetType

from gamesvc import Event, GameError, GameModel, Own, Player, Secret, command, field


class Suit(Enum):
    """What is traded."""

    GRAIN = "grain"
    ORE = "ore"


class Level(Enum):
    LOW = 1
    HIGH = 2


class Place(NamedTuple):
    x: int
    y: int


class Card(Struct):
    """A card. Its comment ends like this: */ and goes on."""

    suit: Suit
    value: int = 1
    note: str | None = None


class Pile(Struct):
    cards: list[Card] = field(default_factory=list)


class Coin(Struct, tag=True):
    value: int


class Cheque(Struct, tag=True):
    value: int
    drawn_on: str = field(name="drawn-on", default="bank")


class Terse(Struct, omit_defaults=True):
    always: int
    seldom: int = 0
    never: int | UnsetType = UNSET


class Pair(Struct, array_like=True):
    left: int
    right: str | None = None


@dataclass
class Ship:
    name: str
    hold: list[Card]
    captain: str | None = None


class Weather(TypedDict, total=False):
    wind: float


class Tree(Struct):
    value: int
    parts: list[Tree] = field(default_factory=list)


class Traded(Event):
    """Somebody traded.

    For something.
    """

    player: Player
    card: Card
    paid: Coin | Cheque
    where: Place
    level: Level
    terse: Terse
    pair: Pair
    ship: Ship
    weather: Weather
    tree: Tree
    data: bytes
    note: str | None
    ways: tuple[Literal["by sea", "by land"], ...]


class Shuffled(Event):
    cards: int


class Passed(Event):
    pass


class State(Event):
    """A name that the description itself uses."""

    any: int = 0


class Trading(GameModel, seats=(2, 4), version=3):
    """Trade."""

    piles: dict[str, Pile] = field(default_factory=dict)
    by_number: dict[int, Place] = field(default_factory=dict)
    deck: Secret[list[Card]] = field(default_factory=list)
    hands: Own[dict[Player, list[Card]]] = field(default_factory=dict)
    last: Card | None = None
    seen: list[Card | None] = field(default_factory=list)
    level: Level = Level.LOW
    kind: Literal["fast", "slow"] | None = None
    tree: Tree = field(default_factory=lambda: Tree(1))
    nothing: None = None

    def setup(self, cards: Annotated[int, Meta(ge=1, le=100)] = 52, suits: list[Suit] | None = None) -> None:
        self.deck = [Card(Suit.ORE)] * cards

    @command
    def trade(
        self,
        player: Player,
        card: Card,
        *,
        price: Annotated[float, Meta(ge=0, description="in coins */ or so")],
        where: Place | None = None,
        times: int = 1,
    ) -> Card | None:
        """Trade a card.

        For a price.
        """
        where = where or Place(0, 0)
        self.last = card
        paid = Coin(1) if price < 1 else Cheque(2)
        ship = Ship("Pequod", [card])
        self.publish(
            Traded(
                *(player, card, paid, where, Level.HIGH, Terse(1), Pair(1), ship, Weather(wind=1.5)),
                *(Tree(1, [Tree(2)]), b"data", None, ("by sea",)),
            )
        )
        return card if price else None

    @command
    def skip(self, player: Player) -> None:
        if self.last is None:
            raise GameError("trade first")
        self.publish(Passed())

    @command
    def count(self, player: Player) -> int:
        self.publish(Shuffled(len(self.deck)), to=[player])
        self.publish(State())
        return len(self.deck)

    @command
    def look(self, player: Player) -> Any:
        return {"deck": [1, 2]}


class Viewed(Trading):
    """Its view is the author's own."""

    def view(self, viewer: Player | None) -> dict[str, Any]:
        return {"cards": len(self.deck)}

"""A game that uses all that authors have, so that types of it can be checked as theirs are."""

from __future__ import annotations

import enum
from typing import Annotated, Any, ClassVar

from msgspec import Meta, Struct

from gamesvc import (
    Event,
    GameError,
    GameModel,
    Own,
    Player,
    PlayerClock,
    Secret,
    Timer,
    TurnOrder,
    command,
    derived,
    field,
)


class Suit(enum.Enum):
    SPADES = "S"
    HEARTS = "H"


class Card(Struct, frozen=True):
    suit: Suit
    rank: int


class NotYourTurn(GameError):
    code = "not_your_turn"


class Played(Event):
    player: Player
    card: Card


class Dealt(Event):
    cards: list[Card]


class Won(Event):
    winner: Player | None = None


class Board:
    """A library's."""

    def __init__(self, cards: list[Card]) -> None:
        self.cards = cards


class Cards(GameModel, seats=(2, 4), version=2, durability="snapshot", tick=20, endless=False, blocking=False):
    """Cards."""

    RANKS = 1, 2, 3
    limit: ClassVar[int] = 7
    deck: Secret[list[Card]] = field(default_factory=list)
    hands: Own[dict[Player, list[Card]]] = field(default_factory=dict)
    table: list[Card] = field(default_factory=list)
    last: Player | None = None
    timer: Timer | None = None
    size: int = 0
    turns: TurnOrder = field(default_factory=TurnOrder)
    clock: PlayerClock = field(default_factory=PlayerClock)

    def setup(self, size: Annotated[int, Meta(ge=1, le=7)] = 5, *, open_hands: bool = False) -> None:
        self.size = size
        self.deck = [Card(suit, rank) for suit in Suit for rank in self.RANKS]
        self.random.shuffle(self.deck)

    @classmethod
    def migrate(cls, state: dict[str, Any], version: int) -> None:
        super().migrate(state, version)
        state["size"] = state.pop("cards")

    @derived
    def board(self) -> Board:
        return Board([*self.table])

    def on_join(self, player: Player) -> None:
        self.hands[player] = []

    def on_start(self) -> None:
        for player in self.players:
            self.hands[player] = [self.deck.pop()]
            self.publish(Dealt(self.hands[player]), to=[player])
        self.timer = self.after(30, self.time_up, self.players[0])

    def on_leave(self, player: Player) -> None:
        del self.hands[player]

    def on_away(self, player: Player) -> None: ...

    def on_back(self, player: Player) -> None: ...

    def on_tick(self) -> None:
        if self.timer and self.now > 5:
            self.cancel(self.timer)

    def time_up(self, player: Player) -> None:
        self.finish(Won(player))

    def view(self, viewer: Player | None) -> dict[str, Any]:
        return super().view(viewer) | {"left": len(self.deck)}

    @command
    def play(self, player: Player, card: Card, to: Annotated[int, Meta(ge=0)] = 0) -> int:
        """Play a card."""
        if card not in self.hands[player]:
            raise GameError("you do not have it", code="not_yours")
        if self.last == player:
            raise NotYourTurn("wait")
        self.hands[player].remove(card)
        self.board.cards.append(self.reveal(card))
        self.table.append(card)
        self.last = player
        self.publish(Played(player, card))
        if not self.hands[player]:
            self.finish(Won(player))
        return len(self.table)

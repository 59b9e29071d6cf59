"""Crazy eights: be the first to be rid of your cards, with hands that nobody else sees."""

from collections.abc import Iterable
from typing import Annotated, Any, Literal

from msgspec import Meta

from gamesvc import Event, GameError, GameModel, Move, Own, Player, Secret, Timer, TurnOrder, command, field

Suit = Literal["C", "D", "H", "S"]
Card = Annotated[str, Meta(pattern="^([2-9AJQK]|10)[CDHS]$")]
"""Its rank and its suit: 10H, QS."""

FEWEST, MOST = 2, 4

SUITS: tuple[Suit, ...] = ("C", "D", "H", "S")
POINTS = {"A": 1, "J": 10, "Q": 10, "K": 10, "8": 50} | {str(rank): rank for rank in (2, 3, 4, 5, 6, 7, 9, 10)}
TurnSeconds = Annotated[int, Meta(ge=5, le=86400)]


class Dealt(Event):
    """The cards are dealt, and one lies face up."""

    players: list[Player]
    top: Card


class Hand(Event):
    """Your cards, when they are dealt."""

    cards: list[Card]


class Played(Event):
    """A card was played, and the next one has to follow this suit."""

    player: Player
    card: Card
    suit: Suit


class Drew(Event):
    """Somebody has drawn a card."""

    player: Player


class Drawn(Event):
    """The card that you have drawn."""

    card: Card


class Passed(Event):
    player: Player


class Finished(Event):
    """Who is rid of their cards, or has the fewest points left where nobody could play; and what all had left."""

    winners: list[Player]
    hands: dict[Player, list[Card]]
    points: dict[Player, int]


class CrazyEights(GameModel, seats=(FEWEST, MOST)):
    """Be rid of your cards first. Play your card on one of its suit or of its rank; an eight goes on any, and you
    choose the suit that follows. Who does not want to play draws one card, and then plays or passes."""

    hands: Own[dict[Player, list[Card]]] = field(default_factory=dict)
    stock: Secret[list[Card]] = field(default_factory=list)
    top: Card | None = None
    suit: Suit | None = None
    """What the next card has to follow, unless it is of the rank of the top card."""
    turns: TurnOrder = field(default_factory=TurnOrder)
    has_drawn: bool = False
    """Whether the player whose turn it is has drawn a card."""
    passes: int = 0
    """How many have passed one after the other, with the stock empty."""
    turn_seconds: int = 60
    turn_ends: float | None = None
    """When the turn is ended for who is slow, in seconds since the epoch."""
    timer: Timer | None = None

    def setup(self, turn_seconds: TurnSeconds = 60) -> None:
        self.turn_seconds = turn_seconds

    def on_join(self, player: Player) -> None:
        if self.top is not None:
            raise GameError("the cards are dealt: watch, and play the next game", code="dealt_already")
        if len(self.players) == MOST:
            self._deal()

    def on_leave(self, player: Player) -> None:
        if self.top is None:
            return
        was_turn = player == self.turns.current
        self.turns.remove(player)
        self.stock += self.hands.pop(player)
        self.random.shuffle(self.stock)
        self.passes = 0
        if len(self.players) == 1:
            self._end([*self.players])
        elif was_turn:
            self._begin_turn()

    def view(self, viewer: Player | None) -> dict[str, Any]:
        counts = {player: len(hand) for player, hand in self.hands.items()}
        return super().view(viewer) | {"counts": counts, "in_stock": len(self.stock)}

    def legal(self, player: Player) -> Iterable[Move]:
        if self.top is None:
            # Anybody may. It is named to who came first alone, so that bots don't begin while others are still to come.
            if player == self.players[0]:
                yield Move(self.deal)
        elif player == self.turns.current:
            for card in self.hands[player]:
                if _rank(card) == "8":
                    yield from (Move(self.play, card=card, suit=suit) for suit in SUITS)
                elif self._goes_on(card):
                    yield Move(self.play, card=card)
            if self.stock and not self.has_drawn:
                yield Move(self.draw)
            else:
                yield Move(self.pass_on)

    def determinize(self, player: Player, view: dict[str, Any]) -> None:
        if self.top is None:
            return
        known = {self.top, *self.hands.get(player, ())}
        unknown = [card for card in _deck() if card not in known]
        # What was played before may be among them: the view does not tell.
        self.random.shuffle(unknown)
        self.hands = {
            each: self.hands[each] if each == player else [unknown.pop() for _ in range(count)]
            for each, count in ((Player(name), count) for name, count in view["counts"].items())
        }
        self.stock = [unknown.pop() for _ in range(view["in_stock"])]

    @command
    def deal(self, player: Player) -> None:
        """Begin with those who are here. With four players it begins by itself."""
        if self.top is not None:
            raise GameError("the cards are dealt already", code="dealt_already")
        self._deal()

    @command
    def play(self, player: Player, card: Card, suit: Suit | None = None) -> None:
        """Play a card of your hand. With an eight, choose the suit that follows."""
        self._check_turn(player)
        if card not in self.hands[player]:
            raise GameError("this card is not in your hand", code="not_in_hand")
        if _rank(card) == "8":
            follows = suit or _suit(card)
        elif suit is not None:
            raise GameError("only with an eight you choose the suit", code="no_choice")
        elif not self._goes_on(card):
            raise GameError(f"it does not go on {self.top}, suit {self.suit}: play another, or draw", code="no_match")
        else:
            follows = _suit(card)
        self.hands[player].remove(card)
        self.top, self.suit, self.passes = card, follows, 0
        # Of all that a player holds, this comes to light, and does so on purpose.
        self.publish(Played(player, self.reveal(card), follows))
        if self.hands[player]:
            self._end_turn()
        else:
            self._end([player])

    @command
    def draw(self, player: Player) -> None:
        """Draw a card, once in your turn. Then play or pass."""
        self._check_turn(player)
        if self.has_drawn:
            raise GameError("you have drawn a card already: play or pass", code="drawn_already")
        if not self.stock:
            raise GameError("the stock is empty: play or pass", code="stock_empty")
        self._draw(player)

    @command
    def pass_on(self, player: Player) -> None:
        """End your turn without playing, after you have drawn; without that where the stock is empty."""
        self._check_turn(player)
        if self.stock and not self.has_drawn:
            raise GameError("draw a card first", code="draw_first")
        self._pass(player)

    def time_up(self, player: Player) -> None:
        """A player was slow: they draw, and pass."""
        if self.stock and not self.has_drawn:
            self._draw(player)
        self._pass(player)

    def _check_turn(self, player: Player) -> None:
        if self.top is None:
            raise GameError("the cards are not dealt: wait for more players, or deal", code="not_dealt")
        self.turns.check(player)

    def _goes_on(self, card: Card) -> bool:
        """Whether a card that is no eight may be played now."""
        return _suit(card) == self.suit or _rank(card) == _rank(self.top or "")

    def _deal(self) -> None:
        self.stock = _deck()
        self.random.shuffle(self.stock)
        count = 7 if len(self.players) == FEWEST else 5
        for player in self.players:
            self.hands[player] = [self.stock.pop() for _ in range(count)]
            self.publish(Hand(self.hands[player]), to=[player])
        self.top = self.stock.pop()
        self.suit = _suit(self.top)
        # What lies face up is no secret any more.
        self.publish(Dealt([*self.players], self.reveal(self.top)))
        self.turns.start(self.players)
        self._begin_turn()

    def _draw(self, player: Player) -> None:
        card = self.stock.pop()
        self.hands[player].append(card)
        self.has_drawn = True
        self.publish(Drew(player))
        self.publish(Drawn(card), to=[player])

    def _pass(self, player: Player) -> None:
        self.publish(Passed(player))
        # Each pass but these has cost the stock a card: so the game ends.
        self.passes += not self.stock
        if self.passes < len(self.players):
            self._end_turn()
        else:
            fewest = min(map(_points, self.hands.values()))
            self._end([each for each in self.players if _points(self.hands[each]) == fewest])

    def _end_turn(self) -> None:
        self.turns.next()
        self._begin_turn()

    def _begin_turn(self) -> None:
        if self.timer is not None:
            self.cancel(self.timer)
        self.has_drawn = False
        self.timer = self.after(self.turn_seconds, self.time_up, self.turns.current)
        self.turn_ends = self.now + self.turn_seconds

    def _end(self, winners: list[Player]) -> None:
        hands = self.reveal(self.hands)
        self.finish(Finished(winners, hands, {player: _points(hand) for player, hand in hands.items()}))


def _deck() -> list[Card]:
    return [f"{rank}{suit}" for suit in SUITS for rank in POINTS]


def _rank(card: Card) -> str:
    return card[:-1]


def _suit(card: Card) -> Suit:
    return next(suit for suit in SUITS if suit == card[-1])


def _points(hand: list[Card]) -> int:
    return sum(POINTS[_rank(card)] for card in hand)

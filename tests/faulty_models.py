"""Models, each with one fault that `gamesvc check` is to find; and sound ones that look as if they had one."""

from __future__ import annotations

import time
from collections.abc import Iterable
from enum import Enum
from typing import Annotated, Any, ClassVar, Literal

from msgspec import Meta, Struct

from gamesvc import Event, GameError, GameModel, Move, Own, Player, Secret, Timer, command, derived, field

Digit = Annotated[int, Meta(ge=0, le=9)]


class Number(Event):
    number: int


class Text(Event):
    text: str


class Done(Event):
    pass


class Game(GameModel):
    """What the others have in common: a way to end."""

    turns: int = 0

    @command
    def give_up(self, player: Player) -> None:
        self.finish()


# Crash.


class CrashInCommand(Game, seats=2):
    cells: list[int] = field(default_factory=lambda: [0] * 5)

    @command
    def set(self, player: Player, cell: int) -> None:
        self.cells[cell] = 1


class CrashInTimer(Game, seats=2):
    @command
    def wait(self, player: Player) -> None:
        self.turns += 1
        self.after(30, self.time_up)

    def time_up(self) -> None:
        if self.turns >= 2:
            raise LookupError("nothing left")


class CrashInHook(Game, seats=2):
    def on_start(self) -> None:
        self.turns = 1 // (len(self.players) - 2)


class CrashInSetup(Game, seats=2):
    def setup(self, size: Digit = 3) -> None:
        self.turns = 10 // size


class CrashInView(Game, seats=2):
    @command
    def count(self, player: Player) -> None:
        self.turns += 1

    def view(self, viewer: Player | None) -> dict[str, Any]:
        return {"half": 1 / (self.turns - 2)}


class CrashInTick(Game, seats=2, tick=20):
    def on_tick(self) -> None:
        self.turns += 1
        if self.turns > 3:
            raise LookupError("too many")


class CrashOfType(Game, seats=2):
    names: list[str] = field(default_factory=list)

    @command
    def add(self, player: Player, name: str | None = None) -> None:
        self.names.append(name)  # type: ignore[arg-type]  # the fault


class CrashOfEvent(Game, seats=2):
    @command
    def tell(self, player: Player) -> None:
        self.publish(Text(object()))  # type: ignore[arg-type]  # the fault


class RefusesInTimer(Game, seats=2):
    @command
    def wait(self, player: Player) -> None:
        self.after(1, self.time_up)

    def time_up(self) -> None:
        raise GameError("nobody hears this")


# Nondeterministic.


class ByTheClock(Game, seats=2):
    when: float = 0.0

    @command
    def look(self, player: Player) -> None:
        self.when = time.perf_counter()


class SharedByAll(Game, seats=2):
    LOG: ClassVar[list[str]] = []

    @command
    def note(self, player: Player) -> None:
        self.LOG.append(player)
        self.turns = len(self.LOG)


class ByHash(Game, seats=2):
    order: list[str] = field(default_factory=list)

    @command
    def mix(self, player: Player) -> None:
        # So many that hardly two processes in a million have them in the same order.
        self.order = list({f"{suit} {rank}" for suit in ("hearts", "spades") for rank in range(6)})


class ViewThatChanges(Game, seats=2):
    log: list[str] = field(default_factory=list)

    def view(self, viewer: Player | None) -> dict[str, Any]:
        self.log.append("seen")
        return {"turns": self.turns}


class ViewByTheClock(Game, seats=2):
    def view(self, viewer: Player | None) -> dict[str, Any]:
        return {"now": time.perf_counter()}


# Unstable state.


class Whole(Game, seats=2):
    score: float = 0.0

    @command
    def add(self, player: Player) -> None:
        self.score = 3


class NotANumber(Game, seats=2):
    score: float = 0.0

    @command
    def spoil(self, player: Player) -> None:
        self.score = float("inf") - float("inf")


class OneListForTwo(Game, seats=2):
    one: list[int] = field(default_factory=list)
    two: list[int] = field(default_factory=list)

    @command
    def share(self, player: Player) -> None:
        self.one = self.two


class TupleForList(Game, seats=2):
    cells: list[int] = field(default_factory=list)

    @command
    def fill(self, player: Player) -> None:
        self.cells = (1, 2)  # type: ignore[assignment]  # the fault


# Derived.


class Tally:
    """Has no notion of being equal."""

    def __init__(self, total: int) -> None:
        self.total = total


class Stale(Game, seats=2):
    parts: list[int] = field(default_factory=list)

    @derived
    def tally(self) -> Tally:
        return Tally(sum(self.parts))

    @command
    def add(self, player: Player, part: Digit) -> int:
        self.parts.append(part)
        if part != 7:
            self.tally.total = sum(self.parts)
        return self.tally.total


class Fresh(Stale, seats=2):
    """Sound: what is derived is changed together with the fields."""

    @command
    def add(self, player: Player, part: Digit) -> int:
        self.parts.append(part)
        del self.tally
        return self.tally.total


# Dirty refusal.


class DirtyField(Game, seats=2):
    @command
    def move(self, player: Player) -> None:
        self.turns += 1
        if self.players[self.turns % 2] != player:
            raise GameError("it is not your turn")


class DirtyTimer(Game, seats=2):
    @command
    def move(self, player: Player, wrong: bool) -> None:
        self.after(5, self.time_up)
        if wrong:
            raise GameError("no")

    def time_up(self) -> None:
        self.turns += 1


class DirtyEvent(Game, seats=2):
    @command
    def move(self, player: Player, wrong: bool) -> None:
        self.publish(Done())
        if wrong:
            raise GameError("no")


# Patch.


class NoDict(Game, seats=2):
    def view(self, viewer: Player | None) -> dict[str, Any]:
        return [self.turns]  # type: ignore[return-value]  # the fault


class TwoKeys(Game, seats=2):
    def view(self, viewer: Player | None) -> dict[str, Any]:
        return {"cells": {1: "a", "1": "b"}}


class NoNumber(Game, seats=2):
    def view(self, viewer: Player | None) -> dict[str, Any]:
        return {"ratio": float("nan")}


class NotSent(Game, seats=2):
    def view(self, viewer: Player | None) -> dict[str, Any]:
        return {"what": object()}


# Leaks.


class Suit(Enum):
    RED = "red"
    BLACK = "black"


class Card(Struct, frozen=True):
    suit: Suit
    rank: int


def deck() -> list[Card]:
    return [Card(suit, rank) for suit in Suit for rank in range(4)]


class Cards(Game, seats=2):
    """Sound: three cards each; a card that is played is shown on purpose."""

    pile: list[Card] = field(default_factory=list)
    stock: Secret[list[Card]] = field(default_factory=deck)
    hands: Own[dict[Player, list[Card]]] = field(default_factory=dict)

    def on_start(self) -> None:
        self.random.shuffle(self.stock)
        for player in self.players:
            self.hands[player] = [self.stock.pop() for _ in range(3)]
            self.publish(Text("your cards"), to=[player])

    @command
    def play(self, player: Player, which: Annotated[int, Meta(ge=0, le=2)]) -> None:
        hand = self.hands[player]
        if which >= len(hand):
            raise GameError("you have no such card")
        self.pile.append(self.reveal(hand.pop(which)))
        self.publish(Number(self.pile[-1].rank))

    @command
    def draw(self, player: Player) -> int:
        if not self.stock:
            raise GameError("no card is left")
        card = self.stock.pop()
        self.hands[player].append(card)
        self.drawn(player, card)
        return card.rank

    def drawn(self, player: Player, card: Card) -> None:
        self.publish(Text("a card was drawn"))


class TellsTheCard(Cards, seats=2):
    def drawn(self, player: Player, card: Card) -> None:
        self.publish(Number(card.rank))


class CountsBySecret(Cards, seats=2):
    def drawn(self, player: Player, card: Card) -> None:
        self.publish(Text("a card was drawn"))
        if card.suit is Suit.RED:
            self.publish(Text("a card was drawn"))


class ErrorThatTells(Cards, seats=2):
    @command
    def peek(self, player: Player) -> None:
        if not self.stock or self.stock[-1].suit is Suit.RED:
            raise GameError("no, it is red")
        raise GameError("no")


class FieldFromSecret(Cards, seats=2):
    reds: int = 0

    def drawn(self, player: Player, card: Card) -> None:
        self.reds += card.suit is Suit.RED


class PickedNumber(Game, seats=2):
    """What one player picks is hidden from the other, and told."""

    picked: Secret[dict[Player, int]] = field(default_factory=dict)

    @command
    def pick(self, player: Player, number: Digit) -> None:
        self.picked[player] = number
        self.publish(Number(number % 3))


class WordLength(Game, seats=2):
    word: Secret[str] = ""

    @command
    def choose(self, player: Player, word: Literal["cat", "horse", "elephant"]) -> None:
        self.word = word

    def view(self, viewer: Player | None) -> dict[str, Any]:
        return {**super().view(viewer), "letters": len(self.word)}


class GuessTells(Game, seats=2):
    """A guess is told how near it is, by a field that everybody sees."""

    number: Secret[int] = 0
    hint: str = ""

    def setup(self) -> None:
        self.number = self.random.randrange(10)

    @command
    def guess(self, player: Player, number: Digit) -> None:
        self.hint = "higher" if self.number > number else "lower"


class GuessReveals(GuessTells, seats=2):
    """Sound: the same on purpose."""

    @command
    def guess(self, player: Player, number: Digit) -> None:
        self.hint = "higher" if self.reveal(self.number > number) else "lower"


class OwnRole(Game, seats=2):
    """Sound: a view of its own shows each player their own secret, on purpose."""

    roles: Secret[dict[Player, str]] = field(default_factory=dict)
    timer: Secret[Timer] = Timer(0)

    def on_start(self) -> None:
        roles = ["wolf", "lamb"]
        self.random.shuffle(roles)
        self.roles = dict(zip(self.players, roles, strict=True))
        self.timer = self.after(60, self.dawn)

    def dawn(self) -> None:
        self.turns += 1
        self.publish(Done())
        self.timer = self.after(60, self.dawn)

    @command
    def hurry(self, player: Player) -> None:
        self.cancel(self.timer)
        self.dawn()

    def view(self, viewer: Player | None) -> dict[str, Any]:
        return {**super().view(viewer), "role": self.told(self.roles.get(viewer)) if viewer else None}

    def told(self, role: str | None) -> str | None:
        return self.reveal(role)


class Fuse(Game, seats=2):
    """When it goes off is hidden, and seen."""

    length: Secret[int] = 0

    def setup(self) -> None:
        self.length = self.random.randint(1, 50)

    @command
    def light(self, player: Player) -> None:
        self.after(self.length, self.bang)

    def bang(self) -> None:
        self.publish(Done())


class Fog(Game, seats=2):
    """Sound: a view of its own hides what is far away, and shows it when it comes near."""

    places: dict[Player, int] = field(default_factory=dict)

    def on_start(self) -> None:
        self.places = {player: 5 * seat for seat, player in enumerate(self.players)}

    @command
    def move(self, player: Player, by: Annotated[int, Meta(ge=-1, le=1)]) -> None:
        self.places[player] += by

    def view(self, viewer: Player | None) -> dict[str, Any]:
        here = self.places.get(viewer, 0) if viewer is not None else 0
        return {"places": {player: place for player, place in self.places.items() if abs(place - here) <= 2}}


# Leaks of what is drawn and told at once.


class Drew(Event):
    player: Player
    rank: int


class DrawsByChance(Game, seats=2):
    """Sound: a card is drawn by chance, into a hand, and who drew it is told which; and there is a die that everybody
    sees."""

    hands: Own[dict[Player, list[int]]] = field(default_factory=dict)

    @command
    def draw(self, player: Player) -> int:
        card = self.random.randrange(52)
        self.hands.setdefault(player, []).append(card)
        self.publish(Drew(player, card), to=[player])
        self.publish(Number(self.random.randrange(6)))
        self.told(player, card)
        return card

    def told(self, player: Player, card: int) -> None:
        self.publish(Drew(player, 0))


class DrawsAndTells(DrawsByChance, seats=2):
    def told(self, player: Player, card: int) -> None:
        self.publish(Drew(player, card))


class DrawsAndTellsAll(DrawsByChance, seats=2):
    def told(self, player: Player, card: int) -> None:
        self.publish(Drew(player, card), to=self.players)


class DrawsAndHints(DrawsByChance, seats=2):
    def told(self, player: Player, card: int) -> None:
        self.publish(Number(card % 2))


class DrawsAndReveals(DrawsByChance, seats=2):
    """Sound: the same on purpose."""

    def told(self, player: Player, card: int) -> None:
        self.publish(Number(self.reveal(card % 2)))


class HiddenRoll(Game, seats=2):
    """What was rolled is kept, and a part of it is told."""

    roll: Secret[int] = 0

    @command
    def throw(self, player: Player) -> None:
        self.roll = self.random.randrange(1000)
        self.publish(Number(self.part()))

    def part(self) -> int:
        return self.roll % 2


class HiddenRollRevealed(HiddenRoll, seats=2):
    """Sound: on purpose."""

    def part(self) -> int:
        return self.reveal(self.roll % 2)


# Leaks by a view.


class CardsAndCounts(Cards, seats=2):
    """Sound: how many cards there are may be told of any."""

    def view(self, viewer: Player | None) -> dict[str, Any]:
        counts = {player: len(hand) for player, hand in self.hands.items()}
        return {**super().view(viewer), "counts": counts, "left": len(self.stock), **self.more()}

    def more(self) -> dict[str, Any]:
        return {}


class StockInView(CardsAndCounts, seats=2):
    def more(self) -> dict[str, Any]:
        return {"stock": self.stock}


class FirstHandInView(CardsAndCounts, seats=2):
    def more(self) -> dict[str, Any]:
        return {"hand": self.hands.get(self.players[0]) if self.players else None}


class FirstHandForHands(CardsAndCounts, seats=2):
    def more(self) -> dict[str, Any]:
        return {"hands": dict([*self.hands.items()][:1])}


class TopInView(CardsAndCounts, seats=2):
    """Sound: the card on top is shown on purpose."""

    def more(self) -> dict[str, Any]:
        return {"top": self.reveal(self.stock[-1]) if self.stock else None}


class SecretInView(GuessReveals, seats=2):
    def view(self, viewer: Player | None) -> dict[str, Any]:
        return {**super().view(viewer), "number": self.number}


class OwnRoleRaw(OwnRole, seats=2):
    """Nobody is to know what they are."""

    def told(self, role: str | None) -> str | None:
        return role


class SmallCards(Game, seats=2):
    """Sound: cards are small numbers."""

    hands: Own[dict[Player, list[int]]] = field(default_factory=dict)

    def on_start(self) -> None:
        cards = list(range(1, 13))
        self.random.shuffle(cards)
        for player in self.players:
            self.hands[player] = [cards.pop() for _ in range(4)]

    @command
    def turn(self, player: Player) -> None:
        self.hands[player].append(self.hands[player].pop(0))

    def view(self, viewer: Player | None) -> dict[str, Any]:
        return {**super().view(viewer), "sizes": [len(hand) for hand in self.hands.values()], **self.more()}

    def more(self) -> dict[str, Any]:
        return {}


class SmallCardsRanked(SmallCards, seats=2):
    """What is shown is as small a number as the cards are."""

    def more(self) -> dict[str, Any]:
        return {"ranks": [sum(card > hand[0] for card in hand) for hand in self.hands.values()]}


class SmallCardsRevealed(SmallCards, seats=2):
    """Sound: on purpose."""

    def more(self) -> dict[str, Any]:
        return {"ranks": [self.reveal(sum(card > hand[0] for card in hand)) for hand in self.hands.values()]}


# Leaks by when something was done.


class Choices(Game, seats=2):
    """Sound: who has chosen is shown, and not what; and they may choose again."""

    choices: Secret[dict[Player, int]] = field(default_factory=dict)
    turn_ends: float = 0.0

    @command
    def choose(self, player: Player, number: Digit) -> None:
        self.choices[player] = number

    @command
    def begin(self, player: Player) -> None:
        self.turn_ends = self.now + 60
        self.publish(Done())

    def view(self, viewer: Player | None) -> dict[str, Any]:
        return {**super().view(viewer), "chosen": sorted(self.choices), **self.more()}

    def more(self) -> dict[str, Any]:
        return {}


class ChoicesByTheClock(Choices, seats=2):
    def more(self) -> dict[str, Any]:
        return {"at": self.now}


class ChoicesByTheField(Choices, seats=2):
    """When somebody has chosen is hidden, and then told."""

    latest: Secret[float] = 0.0

    @command
    def choose(self, player: Player, number: Digit) -> None:
        self.choices[player] = number
        self.latest = self.now

    @command
    def begin(self, player: Player) -> None:
        self.publish(Text(str(self.now - self.latest)))


# Leaks by a refusal to come or go.


class Bazaar(Game, seats=(2, 3)):
    """Sound: why somebody may not go has nothing to do with what is hidden."""

    bags: Secret[list[int]] = field(default_factory=list)

    def on_start(self) -> None:
        self.bags = [1, 2, 3, 4, 5, 6]
        self.random.shuffle(self.bags)

    def on_leave(self, player: Player) -> None:
        if self.turns:
            raise GameError(self.why())

    @command
    def count(self, player: Player) -> None:
        self.turns += 1

    def why(self) -> str:
        return "stay"


class LeaveThatTells(Bazaar, seats=(2, 3)):
    def why(self) -> str:
        return f"stay: there are {self.bags[0]} left"


class JoinThatTells(Bazaar, seats=(2, 3)):
    def on_join(self, player: Player) -> None:
        if self.bags:
            raise GameError(f"there are {self.bags[-1]} left")


class JoinRefused(Bazaar, seats=(2, 3)):
    """Sound: a plain refusal."""

    def on_join(self, player: Player) -> None:
        if self.bags:
            raise GameError("it has begun")


# Leaks of what was chosen when the game was made.


class Chosen(Game, seats=2):
    """Sound: what is to be guessed is an option, and nobody is told anything else of it."""

    number: Secret[int] = 0
    least: int = 1

    def setup(
        self, number: Annotated[int, Meta(ge=1, le=100)] = 50, least: Annotated[int, Meta(ge=1, le=9)] = 1
    ) -> None:
        self.number = number
        self.least = least

    @command
    def guess(self, player: Player, number: Digit) -> None:
        self.turns += self.reveal(number == self.number)


class ChosenThatTells(Chosen, seats=2):
    @command
    def guess(self, player: Player, number: Digit) -> None:
        self.publish(Text("more" if number < self.number else "no more"))


class ConstantThatTells(Game, seats=2):
    """The same in all games."""

    word: Secret[str] = "elephant"

    @command
    def guess(self, player: Player, place: Annotated[int, Meta(ge=0, le=7)]) -> None:
        self.publish(Text(self.letter(place)))

    def letter(self, place: int) -> str:
        return self.word[place]


class ConstantThatReveals(ConstantThatTells, seats=2):
    """Sound: on purpose."""

    def letter(self, place: int) -> str:
        return self.reveal(self.word[place])


# What has a player's name on it.


class Backs(Game, seats=2):
    """Sound: each sees all cards but their own, which is the point."""

    cards: Secret[dict[Player, int]] = field(default_factory=dict)

    def on_start(self) -> None:
        cards = list(range(1, 10))
        self.random.shuffle(cards)
        self.cards = {player: cards.pop() for player in self.players}

    @command
    def guess(self, player: Player, number: Digit) -> None:
        self.publish(Text(self.about(player, number)))

    def about(self, player: Player, number: int) -> str:
        return "right" if self.reveal(self.cards[player] == number) else "wrong"

    def view(self, viewer: Player | None) -> dict[str, Any]:
        others = {player: card for player, card in self.cards.items() if viewer not in (None, player)}
        return {**super().view(viewer), "others": self.reveal(others)}


class BacksThatTell(Backs, seats=2):
    @command
    def guess(self, player: Player, number: Digit) -> None:
        if number < self.cards[player]:
            raise GameError("more")


class Village(Game, seats=3):
    """Sound: each is told their role, and only one can do what it allows."""

    roles: Secret[dict[Player, str]] = field(default_factory=dict)
    victims: dict[Player, int] = field(default_factory=dict)

    def on_start(self) -> None:
        roles = ["wolf", "seer", "lamb"]
        self.random.shuffle(roles)
        self.roles = dict(zip(self.players, roles, strict=True))
        for player, role in self.roles.items():
            self.publish(Text(role), to=[player])

    @command
    def hunt(self, player: Player, victim: Player) -> None:
        if self.roles[player] != "wolf":
            raise GameError("you are no wolf")
        self.victims[victim] = 1
        self.publish(Text("a howl"))

    @command
    def role(self, player: Player) -> str:
        return self.roles[player]


class Whispers(Game, seats=3):
    """Sound: what is said to one is kept from the others."""

    said: Secret[list[str]] = field(default_factory=list)

    @command
    def whisper(self, player: Player, to: Player, number: Digit) -> None:
        if to not in self.players:
            raise GameError("who?")
        self.said.append(f"{player} {to} {number}")
        self.publish(Number(number), to=[to])


class Boards(Game, seats=2):
    """Sound: how much each has left on their board is shown."""

    boards: Own[dict[Player, list[int]]] = field(default_factory=dict)
    limit: Secret[int] = 0

    def on_start(self) -> None:
        for count, player in enumerate(self.players, 1):
            cells = [1] * count + [0] * 5
            self.random.shuffle(cells)
            self.boards[player] = cells

    @command
    def hit(self, player: Player, cell: Annotated[int, Meta(ge=0, le=5)]) -> None:
        self.limit += 1
        for other, cells in self.boards.items():
            if other != player and self.reveal(cells[cell]):
                cells[cell] = 0

    def view(self, viewer: Player | None) -> dict[str, Any]:
        return {**super().view(viewer), "left": {player: sum(cells) for player, cells in self.boards.items()}}


# What is legal.


class Cells(Game, seats=2):
    """Sound: five cells, and each is taken once."""

    cells: list[int] = field(default_factory=lambda: [0] * 5)
    open_until: float = 0.0

    @command
    def take(self, player: Player, cell: Digit) -> None:
        if cell >= 5 or self.cells[cell]:
            raise GameError("choose a free cell")
        self.cells[cell] = 1

    @command
    def shout(self, player: Player) -> None:
        if not self.is_open():
            raise GameError("it is too late")

    def is_open(self) -> bool:
        return True

    def legal(self, player: Player) -> Iterable[Move]:
        return [Move(self.take, cell=cell) for cell, taken in enumerate(self.cells) if not taken]


class LegalCrash(Cells, seats=2):
    def legal(self, player: Player) -> Iterable[Move]:
        yield Move(self.take, cell=self.cells.index(0))


class LegalByChance(Cells, seats=2):
    def legal(self, player: Player) -> Iterable[Move]:
        yield Move(self.take, cell=self.random.randrange(5))


class LegalOfNothing(Cells, seats=2):
    def legal(self, player: Player) -> Iterable[Move]:
        return [{"command": "take", "cell": 1}]  # type: ignore[list-item]  # the fault


class LegalByTheClock(Cells, seats=2):
    def legal(self, player: Player) -> Iterable[Move]:
        yield Move(self.take, cell=time.perf_counter_ns())


class LegalThatChanges(Cells, seats=2):
    def legal(self, player: Player) -> Iterable[Move]:
        self.turns += 1
        return super().legal(player)


class LegalThatPublishes(Cells, seats=2):
    def legal(self, player: Player) -> Iterable[Move]:
        self.publish(Done())
        return ()


class LegalRefused(Cells, seats=2):
    def legal(self, player: Player) -> Iterable[Move]:
        return [Move(self.take, cell=cell) for cell in range(5)]


class LegalUnfit(Cells, seats=2):
    def legal(self, player: Player) -> Iterable[Move]:
        return [*super().legal(player), Move(self.take, cell=10)]


class LegalTooLate(Cells, seats=2):
    """What is legal stays in the view when the time for it is over."""

    def on_start(self) -> None:
        self.open_until = self.now + 10

    def is_open(self) -> bool:
        return self.now <= self.open_until

    def legal(self, player: Player) -> Iterable[Move]:
        if self.is_open():
            yield Move(self.shout)


class LegalInTime(LegalTooLate, seats=2):
    """Sound: a timer changes what is legal."""

    def on_start(self) -> None:
        self.open_until = self.now + 10
        self.after(10, self.close)

    def is_open(self) -> bool:
        return self.open_until > 0

    def close(self) -> None:
        self.open_until = 0.0


class CardsAndLegal(Cards, seats=2):
    """Sound: says what is legal, of what the player holds."""

    def legal(self, player: Player) -> Iterable[Move]:
        for which in range(min(3, len(self.hands[player]))):
            yield Move(self.play, which=which)


class LegalThatTells(CardsAndLegal, seats=2):
    """What is legal depends on what the other holds."""

    def legal(self, player: Player) -> Iterable[Move]:
        highest = max((card.rank for each in self.players if each != player for card in self.hands[each]), default=0)
        for which, card in enumerate(self.hands[player][:3]):
            if self.told(card.rank >= highest):
                yield Move(self.play, which=which)

    def told(self, beats: bool) -> bool:
        return beats


class LegalThatReveals(LegalThatTells, seats=2):
    """Sound: the same on purpose."""

    def told(self, beats: bool) -> bool:
        return self.reveal(beats)


# Endless.


class NeverEnds(GameModel, seats=2):
    turns: int = 0

    @command
    def move(self, player: Player) -> None:
        self.turns += 1


class NeedNotEnd(NeverEnds, seats=2, endless=True):
    """Sound: it says so."""


FAULTY = {
    "crash": (
        CrashInCommand,
        CrashInTimer,
        CrashInHook,
        CrashInSetup,
        CrashInView,
        CrashInTick,
        CrashOfType,
        CrashOfEvent,
        RefusesInTimer,
        LegalCrash,
        LegalByChance,
        LegalOfNothing,
    ),
    "nondeterministic": (
        ByTheClock,
        SharedByAll,
        ByHash,
        ViewThatChanges,
        ViewByTheClock,
        LegalByTheClock,
        LegalThatChanges,
        LegalThatPublishes,
    ),
    "unstable-state": (Whole, NotANumber, OneListForTwo, TupleForList),
    "derived": (Stale,),
    "dirty-refusal": (DirtyField, DirtyTimer, DirtyEvent),
    "patch": (NoDict, TwoKeys, NoNumber, NotSent),
    "leak": (
        TellsTheCard,
        CountsBySecret,
        ErrorThatTells,
        FieldFromSecret,
        PickedNumber,
        WordLength,
        GuessTells,
        Fuse,
        DrawsAndTells,
        DrawsAndTellsAll,
        DrawsAndHints,
        HiddenRoll,
        StockInView,
        FirstHandInView,
        FirstHandForHands,
        SecretInView,
        OwnRoleRaw,
        SmallCardsRanked,
        ChoicesByTheClock,
        ChoicesByTheField,
        LeaveThatTells,
        JoinThatTells,
        ChosenThatTells,
        ConstantThatTells,
        BacksThatTell,
        LegalThatTells,
    ),
    "legal": (LegalRefused, LegalUnfit, LegalTooLate),
    "endless": (NeverEnds,),
}
SOUND = (
    Fresh,
    Cards,
    GuessReveals,
    OwnRole,
    Fog,
    NeedNotEnd,
    DrawsByChance,
    DrawsAndReveals,
    HiddenRollRevealed,
    CardsAndCounts,
    TopInView,
    SmallCards,
    SmallCardsRevealed,
    Choices,
    Bazaar,
    JoinRefused,
    Chosen,
    ConstantThatReveals,
    Backs,
    Village,
    Whispers,
    Boards,
    Cells,
    LegalInTime,
    CardsAndLegal,
    LegalThatReveals,
)

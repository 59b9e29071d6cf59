"""Small games for the tests of bots that think ahead: with secrets, chance, timers, and moves at the same time."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from gamesvc import Event, GameError, GameModel, Move, Own, Player, Secret, command, field


class Over(Event):
    winner: Player | None


class Scored(Event):
    scores: dict[Player, float]


class Cards(GameModel, seats=2):
    """Each has a card of 1 to 9. The first says whether theirs is higher, and wins if that is so."""

    cards: Own[dict[Player, int]] = field(default_factory=dict)
    burnt: Secret[list[int]] = field(default_factory=list)
    said: bool | None = None
    hint: int | None = 3
    """Something that is None, and is not so by default."""

    def on_start(self) -> None:
        self.hint = None
        deck = self.random.sample(range(1, 10), 9)
        self.cards = {player: deck.pop() for player in self.players}
        self.burnt = deck

    def legal(self, player: Player) -> Iterable[Move]:
        if player == self.players[0]:
            yield Move(self.say, higher=True)
            yield Move(self.say, higher=False)

    @command
    def say(self, player: Player, higher: bool) -> None:
        """Say whether yours is higher."""
        self.said = higher
        first, second = self.players
        right = higher == (self.cards[first] > self.cards[second])
        self.finish(Over(first if right else second))


class HighCard(Cards, seats=2):
    """The same, for bots that think ahead."""

    def determinize(self, player: Player, view: dict[str, Any]) -> None:
        unknown = [card for card in range(1, 10) if card != self.cards[player]]
        self.random.shuffle(unknown)
        self.cards = {each: self.cards[each] if each == player else unknown.pop() for each in self.players}
        self.burnt += unknown
        # It is the model's own to change.
        view.clear()


class Marked(HighCard, seats=2):
    """One whose determinize forgets the player's own card."""

    def determinize(self, player: Player, view: dict[str, Any]) -> None:
        self.cards = dict.fromkeys(self.players, 0)


class Broken(HighCard, seats=2):
    """One whose determinize fails."""

    def determinize(self, player: Player, view: dict[str, Any]) -> None:
        raise LookupError("no card")


class Cups(GameModel, seats=2):
    """The first hides a coin under one of three cups, or does not play. At the same time the second guesses where."""

    chosen: Secret[dict[Player, int]] = field(default_factory=dict)
    ready: list[Player] = field(default_factory=list)

    def legal(self, player: Player) -> Iterable[Move]:
        if player not in self.ready:
            least = -1 if player == self.players[0] else 0
            yield from (Move(self.choose, cup=cup) for cup in range(least, 3))

    def determinize(self, player: Player, view: dict[str, Any]) -> None:
        for each in self.ready:
            self.chosen[each] = self.random.randrange(3)

    @command
    def choose(self, player: Player, cup: int) -> None:
        """Choose a cup; -1 for none."""
        self.chosen[player] = cup
        self.ready.append(player)
        if len(self.ready) == 2:
            first, second = self.players
            hidden = self.chosen[first]
            worth = 0.0 if hidden < 0 else -1.0 if hidden == self.chosen[second] else 3.0
            self.finish(Scored({first: worth, second: -worth}))


class Snap(GameModel, seats=2):
    """Who is the first to grab the card has it."""

    taken: bool = False

    def legal(self, player: Player) -> Iterable[Move]:
        yield Move(self.grab)
        yield Move(self.leave_it)

    @command
    def grab(self, player: Player) -> None:
        """Grab it."""
        if self.taken:
            raise GameError("it is taken")
        self.taken = True
        self.finish(Over(player))

    @command
    def leave_it(self, player: Player) -> None:
        """Don't."""


class Waiting(GameModel, seats=2):
    """Who chooses to wait wins when the timer rings; who grabs it has half of that at once."""

    waits: bool = False

    def legal(self, player: Player) -> Iterable[Move]:
        if player == self.players[0] and not self.waits:
            yield Move(self.grab)
            yield Move(self.wait)

    @command
    def grab(self, player: Player) -> None:
        """Don't wait."""
        self.finish(Scored({player: 0.5}))

    @command
    def wait(self, player: Player) -> None:
        """Wait for a day."""
        self.waits = True
        self.after(86400, self.ring, player)

    def ring(self, player: Player) -> None:
        self.finish(Over(player))


class Dice(GameModel, seats=2):
    """The first bets on an odd number or an even one, or takes a little for sure."""

    def legal(self, player: Player) -> Iterable[Move]:
        if player == self.players[0]:
            yield from (Move(self.bet, on=on) for on in (0, 1))
            yield Move(self.take)

    @command
    def bet(self, player: Player, on: int) -> None:
        """Bet on what is left when the throw is divided by two."""
        self.finish(Scored({player: 1.0 if self.random.randrange(6) % 2 == on else -1.0}))

    @command
    def take(self, player: Player) -> None:
        """Take a little."""
        self.finish(Scored({player: 0.5}))


class Bells(GameModel, seats=2):
    """Two bells ring by themselves. Two lists are one, for as long as a command runs."""

    rung: int = 0
    one: list[int] = field(default_factory=list)
    other: list[int] = field(default_factory=list)

    def legal(self, player: Player) -> Iterable[Move]:
        yield Move(self.begin)
        yield Move(self.add)

    @command
    def begin(self, player: Player) -> None:
        """Set the timers."""
        self.one = self.other
        self.after(20, self.ring)
        self.after(10, self.ring)

    @command
    def add(self, player: Player) -> None:
        """Add to one of the lists."""
        self.one.append(1)

    def ring(self) -> None:
        self.rung += 1


class Race(GameModel, seats=2, tick=10):
    """Who runs at each tick is there first; who rests is not. A game of ticks."""

    run: dict[Player, int] = field(default_factory=dict)
    runs: list[Player] = field(default_factory=list)

    def legal(self, player: Player) -> Iterable[Move]:
        yield Move(self.rest)
        yield Move(self.go)

    @command
    def rest(self, player: Player) -> None:
        """Don't run any more."""
        self.runs = [each for each in self.runs if each != player]

    @command
    def go(self, player: Player) -> None:
        """Run."""
        self.runs.append(player)

    def on_tick(self) -> None:
        for player in dict.fromkeys(self.runs):
            self.run[player] = self.run.get(player, 0) + 1
            if self.run[player] == 5:
                self.finish(Over(player))
                return


class Three(GameModel, seats=3):
    """The first chooses who of the others gets how much, or takes 2. All of them get something else for each choice."""

    def legal(self, player: Player) -> Iterable[Move]:
        if player == self.players[0]:
            yield from (Move(self.choose, way=way) for way in range(3))

    @command
    def choose(self, player: Player, way: int) -> None:
        """Choose one of three ways."""
        first, second, third = self.players
        ways = ({first: 1.0, second: 9.0, third: 9.0}, {first: 2.0, second: 0.0}, {first: -5.0, third: 50.0})
        self.finish(Scored(ways[way]))


class Lying(GameModel, seats=2):
    """What it says is legal is not, but for one move."""

    def legal(self, player: Player) -> Iterable[Move]:
        if player == self.players[0]:
            yield from (Move(self.pick, number=number) for number in range(4))

    @command
    def pick(self, player: Player, number: int) -> None:
        """Pick a number: 3."""
        if number != 3:
            raise GameError("not this one")
        self.finish(Over(player))


class Hopeless(Lying, seats=2):
    """Nothing of what it says is legal is."""

    @command
    def pick(self, player: Player, number: int) -> None:
        """Pick a number."""
        raise GameError("not this one either")


class Silent(GameModel, seats=2):
    """Does not say what is legal."""

    @command
    def go(self, player: Player) -> None:
        """Go."""


class Masked(GameModel, seats=2):
    """Makes its own view, without a determinize."""

    number: int = 4

    def view(self, viewer: Player | None) -> dict[str, Any]:
        return {"numbered": self.number}

    def legal(self, player: Player) -> Iterable[Move]:
        yield Move(self.go)
        yield Move(self.stay)

    @command
    def go(self, player: Player) -> None:
        """Go."""

    @command
    def stay(self, player: Player) -> None:
        """Stay."""

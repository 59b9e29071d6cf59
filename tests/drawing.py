"""A game that has all that a journal keeps: chance, secrets, private events, results, timers, and one that fails."""

from gamesvc import Event, GameError, GameModel, Player, Secret, command, field


class Drew(Event):
    player: Player
    left: int


class Card(Event):
    card: int


class Hurried(Event):
    player: Player


class Won(Event):
    player: Player


class Drawing(GameModel, seats=(2, 3)):
    """Draw cards; who says stop with the most wins."""

    deck: Secret[list[int]] = field(default_factory=list)
    hands: dict[Player, list[int]] = field(default_factory=dict)
    weight: float = 0.0

    def setup(self) -> None:
        self.deck = list(range(20))
        self.random.shuffle(self.deck)
        self.after(60, self.hurry, "anybody")

    @command
    def draw(self, player: Player, count: int = 1, wishes: dict[str, int] | None = None) -> list[int]:
        """Draw cards."""
        if count > len(self.deck):
            raise GameError("so many are not left", code="too_many")
        cards = [self.deck.pop() for _ in range(count)]
        self.hands.setdefault(player, []).extend(cards)
        self.weight += self.random.random()
        self.publish(Drew(player, len(self.deck)))
        for card in cards:
            self.publish(Card(card), to=[player])
        self.after(30, self.hurry, player)
        return cards

    @command
    def trap(self, player: Player) -> None:
        """Have a timer fail."""
        self.after(5, self.fall)

    @command
    def stop(self, player: Player) -> None:
        """End it."""
        self.finish(Won(max(self.hands, key=lambda each: sum(self.hands[each]))))

    def hurry(self, player: Player) -> None:
        self.publish(Hurried(player))

    def fall(self) -> None:
        self.weight = -1.0
        raise RuntimeError("into the trap")

"""An auction: a game that the page has no board for, with one of each thing that a form can ask."""

from typing import Annotated, Literal

from msgspec import Meta

from gamesvc import Event, GameModel, Player, command, field

Price = Annotated[int, Meta(ge=1, le=100)]


class Bid(Event):
    player: Player
    price: int
    manner: str
    is_last: bool
    note: str | None
    lots: list[int] | None


class Finished(Event):
    winner: Player


class Auction(GameModel, seats=2):
    """Bid; the last bid wins."""

    bids: dict[Player, int] = field(default_factory=dict)
    reserve: int = 0

    def setup(self, reserve: Price = 10) -> None:
        self.reserve = reserve

    @command
    def bid(
        self,
        player: Player,
        price: Price,
        manner: Literal["calm", "bold"] = "calm",
        is_last: bool = False,
        note: str | None = None,
        lots: Annotated[list[int], Meta(max_length=3)] | None = None,
    ) -> str:
        """Say what you would pay."""
        self.bids[player] = price
        self.publish(Bid(player, price, manner, is_last, note, lots))
        if is_last:
            self.finish(Finished(player))
        return f"{price} it is"

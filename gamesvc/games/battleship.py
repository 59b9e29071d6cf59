"""Battleship: each player hides five ships, and shoots at those of the other."""

from collections.abc import Iterable
from functools import cache
from typing import Annotated, Any, Literal, NamedTuple

from msgspec import Meta, Struct

from gamesvc import Event, GameError, GameModel, Move, Own, Player, TurnOrder, command, field

SIZE = 10

ShipName = Literal["carrier", "battleship", "cruiser", "submarine", "destroyer"]
LENGTHS: dict[ShipName, int] = {"carrier": 5, "battleship": 4, "cruiser": 3, "submarine": 3, "destroyer": 2}
Cell = Annotated[str, Meta(pattern="^[A-J](10|[1-9])$")]
"""A to J from the left, 1 to 10 from above."""


class Ship(Struct):
    """A ship, its first cell, and whether it lies across, to the right of this cell, or down from it."""

    name: ShipName
    cell: Cell
    across: bool = True

    def cells(self) -> list[Cell]:
        """The cells that it covers; those beyond the edge are left out."""
        column, row = ord(self.cell[0]) - ord("A"), int(self.cell[1:]) - 1
        steps = range(LENGTHS[self.name])
        covered = [(column + step, row) if self.across else (column, row + step) for step in steps]
        return [_cell(column, row) for column, row in covered if column < SIZE and row < SIZE]


class Place(NamedTuple):
    """Where a ship can lie: its first cell, which way, and the cells that it covers, a bit each."""

    name: ShipName
    cell: Cell
    across: bool
    mask: int

    def ship(self) -> Ship:
        """A ship that lies there."""
        return Ship(self.name, self.cell, self.across)


class Placed(Event):
    """A player's ships are where they will stay."""

    player: Player


class Shot(Event):
    player: Player
    cell: Cell
    hit: bool
    sunk: ShipName | None


class Finished(Event):
    """Who won, and where all the ships were."""

    winner: Player
    fleets: dict[Player, list[Ship]]


class Battleship(GameModel, seats=2):
    """Sink the other fleet before yours is sunk."""

    fleets: Own[dict[Player, list[Ship]]] = field(default_factory=dict)
    placed: list[Player] = field(default_factory=list)
    hits: dict[Player, dict[Cell, bool]] = field(default_factory=dict)
    """Where each player has shot, and whether that was a hit."""
    turns: TurnOrder = field(default_factory=TurnOrder)

    def on_leave(self, player: Player) -> None:
        self._end(self.players[0])

    def legal(self, player: Player) -> Iterable[Move]:
        if player not in self.placed:
            # There are some 30 billion fleets to `place`. Of these chance may choose; or who wants one sends it.
            yield Move(self.place_randomly)
        elif player == self.turns.current:
            for cell in CELLS:
                if cell not in self.hits[player]:
                    yield Move(self.shoot, cell=cell)

    def determinize(self, player: Player, view: dict[str, Any]) -> None:
        for other in self.placed:
            if other != player:
                self.fleets[other] = self._possible_fleet(self.hits.get(player, {}))

    @command
    def place(self, player: Player, ships: Annotated[list[Ship], Meta(max_length=len(LENGTHS))]) -> None:
        """Place your five ships, all at once and for good."""
        self._check_placing(player)
        if sorted(ship.name for ship in ships) != sorted(LENGTHS):
            raise GameError(f"place each of your ships once: {', '.join(LENGTHS)}", code="wrong_ships")
        for ship in ships:
            if len(ship.cells()) < LENGTHS[ship.name]:
                raise GameError(f"the {ship.name} does not fit between {ship.cell} and the edge", code="off_board")
        if len(_covered(ships)) < sum(LENGTHS.values()):
            raise GameError("two ships lie on one cell: move one of them", code="overlap")
        self._place(player, ships)

    @command
    def place_randomly(self, player: Player) -> None:
        """Have your ships placed for you."""
        self._check_placing(player)
        ships: list[Ship] = []
        taken = 0
        for name in LENGTHS:
            place = self.random.choice([place for place in _places(name) if not place.mask & taken])
            taken |= place.mask
            ships.append(place.ship())
        self._place(player, ships)

    @command
    def shoot(self, player: Player, cell: Cell) -> None:
        """Shoot at a cell, A1 to J10."""
        if len(self.placed) < 2:
            raise GameError("wait until all ships are placed", code="not_placed")
        self.turns.check(player)
        if cell in self.hits[player]:
            raise GameError(f"you have shot at {cell} before: choose another cell", code="shot_before")
        target = self.turns.next()
        struck = next((ship for ship in self.fleets[target] if cell in ship.cells()), None)
        self.hits[player][cell] = struck is not None
        sunk = struck.name if struck and all(self.hits[player].get(each) for each in struck.cells()) else None
        # What comes to light of the other fleet here, it does on purpose.
        self.publish(Shot(player, cell, self.reveal(struck is not None), self.reveal(sunk)))
        if sum(self.hits[player].values()) == sum(LENGTHS.values()):
            self._end(player)

    def _check_placing(self, player: Player) -> None:
        if player in self.placed:
            raise GameError("your ships are placed already", code="placed_already")

    def _place(self, player: Player, ships: list[Ship]) -> None:
        self.fleets[player] = ships
        self.placed.append(player)
        self.publish(Placed(player))
        if len(self.placed) == 2:
            self.hits = {each: {} for each in self.players}
            self.turns.start(self.players)

    def _possible_fleet(self, shots: dict[Cell, bool]) -> list[Ship]:
        """Ships as they might lie where these shots were hits and misses."""
        hits = _mask(cell for cell, hit in shots.items() if hit)
        misses = _mask(cell for cell, hit in shots.items() if not hit)
        found = self._fitting(list(LENGTHS), hits, misses)
        if found is None:
            raise ValueError(f"no ships can lie so that these shots were hits and misses: {shots}")
        return found

    def _fitting(self, names: list[ShipName], hits: int, taken: int) -> list[Ship] | None:
        """Ships of these names that cover all the hits and nothing that is taken; None where there are no such."""
        if hits.bit_count() > sum(LENGTHS[name] for name in names):
            return None
        if not names:
            return []
        # Some ship lies on the first cell that was hit; and where no hit is left, the next one lies anywhere.
        first = hits & -hits
        fitting = [
            place
            for name in (names if hits else names[:1])
            for place in _places(name)
            if not place.mask & taken and (place.mask & first or not hits)
        ]
        self.random.shuffle(fitting)
        for place in fitting:
            rest = self._fitting([name for name in names if name != place.name], hits & ~place.mask, taken | place.mask)
            if rest is not None:
                return [place.ship(), *rest]
        return None

    def _end(self, winner: Player) -> None:
        self.finish(Finished(winner, self.reveal(self.fleets)))


def _cell(column: int, row: int) -> Cell:
    return f"{'ABCDEFGHIJ'[column]}{row + 1}"


@cache
def _places(name: ShipName) -> list[Place]:
    """Where a ship can lie: everywhere within the edges."""
    places = []
    for cell in CELLS:
        for across in (True, False):
            cells = Ship(name, cell, across).cells()
            if len(cells) == LENGTHS[name]:
                places.append(Place(name, cell, across, _mask(cells)))
    return places


def _mask(cells: Iterable[Cell]) -> int:
    return sum(BITS[cell] for cell in cells)


def _covered(ships: list[Ship]) -> set[Cell]:
    return {cell for ship in ships for cell in ship.cells()}


CELLS = [_cell(column, row) for row in range(SIZE) for column in range(SIZE)]
BITS = {cell: 1 << number for number, cell in enumerate(CELLS)}

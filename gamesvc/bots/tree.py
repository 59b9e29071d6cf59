"""Monte Carlo tree search: games are played on by chance, and along what has come out well more often.

What was done is a path in a tree, and each player weighs their moves at each place of it by how the games came out for
themselves: with two players or more, and whatever they win. States are not kept, only what was done: so the same path
may lead to other states where there is chance, or where something is hidden and each game begins from another state.
What may be done at a place then differs from game to game, and a move counts as often as it was there to be chosen.

Where several may do something at a time, each chooses without knowing what the others choose, and then they act one
after the other in an order that is chance. Who can't do any more what they chose does nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from math import log, sqrt
from random import Random

from gamesvc.bots.bot import BotError
from gamesvc.bots.rebuilding import Position
from gamesvc.bots.simulation import Key, Simulation, key_of
from gamesvc.context import Player
from gamesvc.model import GameModel
from gamesvc.moves import Move

MAX_NODES = 100_000
"""How large a tree grows."""

MAX_PATH = 10_000
"""After how many moves a game is cut, wherever in the tree it is."""

Estimate = Callable[[GameModel], Mapping[str, float]]
"""What a game that was cut may come to for each player; 0 for who is not named."""


class _Record:
    """What has come of a move: how often it was there, how often it was chosen, and the sum of what was won by it."""

    __slots__ = ("there", "total", "visits")

    def __init__(self) -> None:
        self.there = 0
        self.visits = 0
        self.total = 0.0


class _Node:
    """A place in the tree."""

    __slots__ = ("after", "records")

    def __init__(self) -> None:
        self.records: dict[str, dict[Key, _Record]] = {}
        self.after: dict[Key, _Node] = {}


class Tree:
    """A search from one position.

    Args:
        position: where games begin.
        model: their class.
        players: who plays, in the order of the seats.
        random: where all chance comes from.
        depth: after how many moves beyond the tree a game is cut.
        exploration: how much is tried that has not come out well; 0 for nothing.
        estimate: what a game that was cut may come to.

    Attributes:
        size: how many places it has.
    """

    def __init__(
        self,
        position: Position,
        model: type[GameModel],
        players: tuple[str, ...],
        random: Random,
        *,
        depth: int,
        exploration: float,
        estimate: Estimate,
    ) -> None:
        self._position = position
        self._simulation = Simulation(model, players)
        self._players = players
        self._random = random
        self._depth = depth
        self._exploration = exploration
        self._estimate = estimate
        self._root = _Node()
        self.size = 1
        self._moves: dict[Key, Move] = {}
        # What was won by anybody.
        self._least = self._most = 0.0
        self._completed = 0
        self._fault: Exception | None = None

    def grow(self, goes_on: Callable[[int], bool]) -> None:
        """Play games.

        Args:
            goes_on: whether to play one more; is told how many were. The first is played in any case.

        Raises:
            BotError: not one could be played.
        """
        played = 0
        while not played or goes_on(played):
            self._play()
            played += 1
        if not self._completed:
            raise BotError(f"no game could be played on from here: {self._fault!r}") from self._fault

    def best(self, player: str) -> Move:
        """The move that a player has chosen most often at the root; of such, the one that came out best."""
        records = self._root.records[player]
        return self._moves[max(records, key=lambda key: (records[key].visits, records[key].total))]

    def _play(self) -> None:
        path: list[tuple[str, _Record]] = []
        standing = self._position.standing(self._random)
        self._simulation.begin(standing, self._random.randbytes(16))
        try:
            self._play_on(path)
            won = self._won()
        # The model's code: a move that it names as legal, and then refuses; or whatever.
        except Exception as error:
            self._fault = error
            won = {}
        else:
            self._completed += 1
            self._least = min(self._least, *won.values())
            self._most = max(self._most, *won.values())
        for player, record in path:
            record.visits += 1
            record.total += won.get(player, 0.0)

    def _play_on(self, path: list[tuple[str, _Record]]) -> None:
        simulation, random = self._simulation, self._random
        ticks = simulation.model.TICK is not None
        node: _Node | None = self._root
        beyond = 0
        for _ in range(MAX_PATH):
            legal = simulation.legal()
            if not legal:
                if not simulation.wait():
                    return
            elif node is not None:
                node = self._along(node, legal, path)
            elif beyond < self._depth:
                beyond += 1
                self._act({player: random.choice(moves) for player, moves in legal.items()}, [])
            else:
                return
            if ticks and legal:
                simulation.wait()

    def _along(
        self, node: _Node, legal: Mapping[Player, Sequence[Move]], path: list[tuple[str, _Record]]
    ) -> _Node | None:
        """Go on to another place in the tree."""
        moves = {player: {key_of(move): move for move in each} for player, each in legal.items()}
        if node is self._root and not self._moves:
            self._moves = {key: move for each in moves.values() for key, move in each.items()}
        keys = {player: self._choose(node, player, each) for player, each in moves.items()}
        acted: list[Player] = []
        try:
            self._act({player: moves[player][key] for player, key in keys.items()}, acted)
        finally:
            # What fails counts as chosen, too: else it would be chosen again and again, because it never was.
            path += [(player, node.records[player][keys[player]]) for player in acted]
        return self._after(node, tuple([(player, key if player in acted else None) for player, key in keys.items()]))

    def _act(self, chosen: Mapping[Player, Move], acted: list[Player]) -> None:
        """Have players do what they have chosen. `acted` gets those who could, as soon as they begin."""
        simulation = self._simulation
        order = [*chosen]
        if len(order) > 1:
            self._random.shuffle(order)
        for player in order:
            if not acted or chosen[player] in simulation.legal_for(player):
                acted.append(player)
                simulation.play(player, chosen[player])

    def _choose(self, node: _Node, player: str, moves: Iterable[Key]) -> Key:
        records = node.records.setdefault(player, {})
        untried = []
        best: Key = None
        highest = float("-inf")
        weight = self._exploration * ((self._most - self._least) or 1.0)
        for key in moves:
            record = records.get(key)
            if record is None:
                record = records[key] = _Record()
            record.there += 1
            if not record.visits:
                untried.append(key)
            elif not untried:
                worth = record.total / record.visits + weight * sqrt(log(record.there) / record.visits)
                if worth > highest:
                    best, highest = key, worth
        return self._random.choice(untried) if untried else best

    def _after(self, node: _Node, done: Key) -> _Node | None:
        """The place to which something leads: None where the tree does not reach, which grows by one place a game."""
        after = node.after.get(done)
        if after is not None:
            return after
        if self.size < MAX_NODES:
            node.after[done] = _Node()
            self.size += 1
        return None

    def _won(self) -> dict[str, float]:
        simulation = self._simulation
        found = simulation.scores if simulation.finished else self._estimate(simulation.model)
        return {player: (found or {}).get(player, 0.0) for player in self._players}

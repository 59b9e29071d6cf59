"""What is shown of OpenSpiel's games on a server: each frame of each connection, byte for byte, while a game goes as a
test wants it to, chance included."""

from __future__ import annotations

import itertools
import random
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any
from unittest import mock

import msgspec

from gamesvc.listener import GameListener
from gamesvc.openspiel.game import OpenSpielGame
from gamesvc.testing import Table
from gamesvc.testing.line import Line
from tests.openspiel_twins import Origin, Step, Twins

WATCHER = "eve"

_TEXT = 1
_encode = msgspec.json.encode

Model = type[OpenSpielGame]


class LeakError(AssertionError):
    """Somebody got what they should not."""


def origin_of(model: Model, seed: int) -> Origin:
    """Where games begin.

    Args:
        model: what is played.
        seed: of what OpenSpiel draws by itself, if it does.
    """
    rules = model.RULES
    if not rules.is_stateful:
        return Origin(rules.game, rules.game.new_initial_state)
    return Origin(rules.game, lambda: rules.begun(seed), seed)


def names_of(model: Model) -> list[str]:
    """Who plays, in the order of the seats."""
    return [f"p{seat}" for seat in range(model.RULES.players)]


class _Dice(random.Random):
    """They fall as they are told to.

    Args:
        outcomes: how, where there is something to choose from.
        drawn: how, where a seed is drawn.
    """

    def __init__(self, outcomes: Iterable[int], drawn: int) -> None:
        super().__init__(0)
        self._outcomes = iter(outcomes)
        self._drawn = drawn

    def randrange(self, *arguments: Any, **named: Any) -> int:
        return self._drawn

    def choices(self, population: Any, *arguments: Any, **named: Any) -> list[Any]:
        outcome = next(self._outcomes)
        assert outcome in population, (outcome, population)
        return [outcome]


class _Tapped(Line):
    """A connection that keeps what came, as it came.

    Args:
        listener: the server's.
        query: of the address that is asked for.
    """

    def __init__(self, listener: GameListener, **query: str) -> None:
        self.name = query["player"]
        self.payloads: list[bytes] = []
        super().__init__(listener, **query)

    def _frames(self) -> list[tuple[int, bytes]]:
        frames = super()._frames()
        self.payloads += [payload for opcode, payload in frames if opcode == _TEXT]
        return frames


class Told:
    """What everybody got who was connected to a game."""

    def __init__(self) -> None:
        self._lines: list[_Tapped] = []

    def connect(self, listener: GameListener, **query: str) -> Line:
        """Connect somebody, and keep what comes."""
        line = _Tapped(listener, **query)
        self._lines.append(line)
        return line

    def to(self, name: str) -> list[bytes]:
        """All frames that somebody got, over all their connections."""
        return [payload for line in self._lines if line.name == name for payload in line.payloads]


@contextmanager
def tapped(outcomes: Iterable[int], drawn: int) -> Iterator[Told]:
    """Keep what connections get, and have chance do what it is told to.

    Args:
        outcomes: what chance does, where it could do something else.
        drawn: the seed of what OpenSpiel draws by itself.
    """
    told, dice = Told(), _Dice(outcomes, drawn)
    with (
        mock.patch("gamesvc.testing.table.Line", told.connect),
        mock.patch.object(OpenSpielGame, "random", property(lambda self: dice)),
    ):
        yield told


class Play:
    """A game that is played on a server, step by step.

    Args:
        model: what is played.
        steps: what is done. None: nothing, here.
        origin: where it begins.
        viewer: a seat; None for who watches.
        seed: the table's, and of when the viewer loses the line and comes back.

    Attributes:
        first: how many players have chosen before others who had to choose at the same time.
    """

    def __init__(
        self, model: Model, steps: Sequence[Step | None], origin: Origin, viewer: int | None, seed: int
    ) -> None:
        self.first = 0
        self._model = model
        self._steps = steps
        self._origin = origin
        self._seed = seed
        self._chance = random.Random(seed)
        self._names = names_of(model)
        self._viewer = WATCHER if viewer is None else self._names[viewer]
        self._sent: Counter[str] = Counter()

    def told(self) -> list[bytes]:
        """Play it.

        Returns:
            What the viewer got, over all their connections: in the last they have come as one who knew nothing.

        Raises:
            LeakError: somebody saw that another one has chosen, while others were still to choose.
        """
        with tapped(self._outcomes(), self._origin.drawn) as told:
            table = Table(self._model, *self._names[:-1], seed=self._seed)
            table.watch(WATCHER)
            table.connect(self._names[-1])
            for step in self._steps:
                if step is not None and step.chance is None:
                    self._make(table, told, step)
                if self._chance.random() < 0.1:
                    self._come_back(table)
            table._clients[self._viewer].epoch = None
            self._come_back(table)
            return told.to(self._viewer)

    def _outcomes(self) -> Iterator[int]:
        """What chance does, where it could do something else."""
        branch = self._origin.branch
        for step in self._steps:
            if step is not None:
                if step.chance is not None and len(branch.state.chance_outcomes()) > 1:
                    yield step.chance
                branch = branch.after(step)

    def _make(self, table: Table, told: Told, step: Step) -> None:
        *first, (last, action) = step.moves
        for seat, chosen in first:
            self._choose_first(table, told, self._names[seat], chosen)
        self._send(table, self._names[last], action)

    def _choose_first(self, table: Table, told: Told, name: str, action: int) -> None:
        """Choose before others have."""
        others = [each for each in (*self._names, WATCHER) if each != name]
        before = [(told.to(each), _encode(table.state_of(each))) for each in others]
        self._send(table, name, action)
        if before != [(told.to(each), _encode(table.state_of(each))) for each in others]:
            raise LeakError(f"{self._model.__name__}: {name} chose {action} before the others, and they see that")
        if table.state_of(name)["legal"]:
            raise LeakError(f"{self._model.__name__}: {name} chose {action}, and is to choose again")
        self.first += 1

    def _send(self, table: Table, name: str, action: int) -> None:
        # The ids of a table count the commands of all, which is not for everybody to know.
        table._requests = self._sent[name]
        table.send(name, "act", action=action)
        self._sent[name] += 1

    def _come_back(self, table: Table) -> None:
        table.disconnect(self._viewer)
        if self._viewer == WATCHER:
            table.watch(WATCHER)
        else:
            table.connect(self._viewer)


def compare(model: Model, twins: Twins, one: Origin, other: Origin, seed: int) -> tuple[int, int]:
    """Play both of two twins, and compare what their viewer gets.

    Args:
        model: what is played.
        twins: they.
        one, other: where they begin.
        seed: of what else is left to chance.

    Returns:
        How many frames were compared, and how often somebody chose before others did.

    Raises:
        LeakError: they are not the same.
    """
    ways = (one, twins.one), (other, twins.other)
    plays = [Play(model, steps, origin, twins.viewer, seed) for origin, steps in ways]
    told, also = (play.told() for play in plays)
    if told != also:
        first = next(pair for pair in itertools.zip_longest(told, also) if pair[0] != pair[1])
        who = "who watches" if twins.viewer is None else f"seat {twins.viewer}"
        what = " and ".join("nothing" if frame is None else frame.decode()[:500] for frame in first)
        raise LeakError(f"{model.RULES.text}: {who} is told {what}, in {twins.one} and in {twins.other}")
    return len(told), sum(play.first for play in plays)

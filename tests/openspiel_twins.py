"""Twins: two ways in which a game of OpenSpiel's may go, which one viewer can't tell from each other, as OpenSpiel has
it.

What a viewer knows is what OpenSpiel says that they know after each move: their information state and their
observation, what they may do, and the returns when all is over. What chance did and what others chose may be anything
that leaves that as it is. Who only watches knows nothing but the returns.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import pyspiel

MOST_WAYS = 8
"""How many ways to go on are tried in the first game, where it is not chance's turn, before it is given up;"""
MOST_MATCHES = 60
"""of chance so many, and so many in the second game."""

MOST_STEPS = 400
"""How many steps twins have, at most: what chance does may have to be done again and again."""

DIFFERENCES = (0.05, 0.4)
"""How often something else is done in the second game, if it can be."""

MOST_TRIES = 20
"""How often twins are looked for: of dealt cards, the last ones may leave none to deal."""

Known = tuple[Any, ...]


class Step(NamedTuple):
    """What is done in a game.

    Attributes:
        chance: what chance does; None where it is not its turn.
        moves: what each seat does, in the order in which they do it.
    """

    chance: int | None
    moves: tuple[tuple[int, int], ...] = ()

    @property
    def unordered(self) -> tuple[int | None, list[tuple[int, int]]]:
        """The same, in whatever order players choose."""
        return self.chance, sorted(self.moves)


class Origin(NamedTuple):
    """Where games begin.

    Attributes:
        game: OpenSpiel's.
        begin: makes a new state of it.
        drawn: the seed of what OpenSpiel draws by itself; 0 where it draws nothing. States that have one can't be
            copied: they share what they draw from.
    """

    game: Any
    begin: Callable[[], Any]
    drawn: int = 0

    @property
    def branch(self) -> Branch:
        """A game that begins."""
        return Branch(self, self.begin(), ())


class Branch:
    """A game, after some steps.

    Args:
        origin: where it began.
        state: how it stands.
        steps: what was done.
    """

    def __init__(self, origin: Origin, state: Any, steps: tuple[Step, ...]) -> None:
        self.state = state
        self._origin = origin
        self._steps = steps
        self._known: dict[int | None, Known] = {}

    @property
    def node(self) -> str:
        """What comes next: the end, chance, a move, or moves at the same time."""
        if self.state.is_terminal():
            return "end"
        if self.state.is_chance_node():
            return "chance"
        return "together" if self.state.is_simultaneous_node() else "move"

    @property
    def choosing(self) -> list[int]:
        """The seats whose move it is."""
        if self.node == "move":
            return [self.state.current_player()]
        if self.node == "together":
            return [seat for seat in range(self._origin.game.num_players()) if self.state.legal_actions(seat)]
        return []

    def outcomes(self) -> list[int]:
        """What chance may do."""
        return [action for action, weight in self.state.chance_outcomes() if weight > 0]

    def after(self, step: Step) -> Branch:
        """The game after one more step."""
        if not self._origin.drawn:
            return Branch(self._origin, self._apply(self.state.clone(), step), (*self._steps, step))
        state = self._origin.begin()
        for each in (*self._steps, step):
            self._apply(state, each)
        return Branch(self._origin, state, (*self._steps, step))

    def _apply(self, state: Any, step: Step) -> Any:
        if step.chance is not None:
            state.apply_action(step.chance)
        elif state.is_simultaneous_node():
            actions = dict(step.moves)
            state.apply_actions([actions.get(seat, 0) for seat in range(self._origin.game.num_players())])
        else:
            state.apply_action(step.moves[0][1])
        return state

    def allows(self, step: Step) -> bool:
        """Whether a step can be made."""
        if step.chance is not None:
            return self.node == "chance" and step.chance in self.outcomes()
        seats = sorted(seat for seat, _ in step.moves)
        return seats == self.choosing and all(action in self.state.legal_actions(seat) for seat, action in step.moves)

    def looks(self, viewer: int | None) -> Known:
        """What a viewer knows, and what comes next.

        Args:
            viewer: a seat; None for who watches.
        """
        known = self._known.get(viewer)
        if known is None:
            over = tuple(self.state.returns()) if self.node == "end" else None
            known = self._known[viewer] = (self.node, over, *(() if viewer is None else self._seen(viewer)))
        return known

    def _seen(self, viewer: int) -> Known:
        kind, state = self._origin.game.get_type(), self.state
        legal = tuple(state.legal_actions(viewer)) if viewer in self.choosing else ()
        texts = []
        if kind.provides_information_state_string:
            texts.append(_said(state.information_state_string, viewer))
        if kind.provides_observation_string:
            texts.append(_said(state.observation_string, viewer))
        return legal, *texts

    def steps(self, chance: random.Random, most: int, viewer: int | None, like: Step | None = None) -> Iterator[Step]:
        """Ways to go on, in an order that chance gives.

        Args:
            chance: it.
            most: how many, at most.
            viewer: who.
            like: one in which the viewer does what is to be done by them; None: whatever is legal.
        """
        own = {} if like is None else {seat: action for seat, action in like.moves if seat == viewer}
        if self.node == "chance":
            outcomes = self.outcomes()
            yield from (Step(action) for action in chance.sample(outcomes, min(most, len(outcomes))))
        elif self.node == "move":
            seat = self.state.current_player()
            legal = [own[seat]] if seat in own else self.state.legal_actions()
            yield from (Step(None, ((seat, action),)) for action in chance.sample(legal, min(most, len(legal))))
        elif self.node == "together":
            for _ in range(most):
                moves = {seat: chance.choice(self.state.legal_actions(seat)) for seat in self.choosing} | own
                step = shuffled(Step(None, tuple(moves.items())), viewer, chance)
                # Whether they were the last to choose they know themselves.
                if like is None or (step.moves[-1][0] == viewer) == (like.moves[-1][0] == viewer):
                    yield step


def shuffled(step: Step, viewer: int | None, chance: random.Random) -> Step:
    """A step, with the players choosing in another order; the viewer first or last.

    Args:
        step: it.
        viewer: a seat; None for who watches.
        chance: gives the order.
    """
    others = [move for move in step.moves if move[0] != viewer]
    own = [move for move in step.moves if move[0] == viewer]
    chance.shuffle(others)
    return Step(step.chance, (*own, *others) if chance.random() < 0.5 else (*others, *own))


def _said(text: Callable[[int], str], viewer: int) -> str | None:
    try:
        return text(viewer)
    except pyspiel.SpielError:
        # While cards are dealt, some say nothing.
        return None


@dataclass
class Twins:
    """Two games.

    Attributes:
        viewer: who can't tell them apart: a seat, from 0; None for who watches.
        one, other: what is done in each. Where something is done in the other alone, the first has None.
        is_over: whether both were played to the end.
    """

    viewer: int | None
    one: list[Step | None] = field(default_factory=list)
    other: list[Step | None] = field(default_factory=list)
    is_over: bool = False

    @property
    def differ(self) -> bool:
        """Whether they are two."""
        pairs = zip(self.one, self.other, strict=True)
        return any(one is None or other is None or one.unordered != other.unordered for one, other in pairs)


class Breeder:
    """Finds twins.

    Args:
        origin: where they begin.
        chance: what is tried.
        other: where the other one begins, if that is elsewhere.
    """

    def __init__(self, origin: Origin, chance: random.Random, other: Origin | None = None) -> None:
        self._origins = origin, other or origin
        self._chance = chance
        self._difference = 0.0

    def breed(self, viewer: int | None, most_moves: int) -> Twins | None:
        """Find two ways in which a game may go, as different as chance has it.

        Args:
            viewer: who can't tell them apart.
            most_moves: how long they are to be, chance not counted.

        Returns:
            None where there seem to be none.
        """
        one, other = self._origins
        for _ in range(MOST_TRIES):
            twins = self._bred(viewer, most_moves)
            if twins.differ or (twins.one and one is not other):
                return twins
        return None

    def _bred(self, viewer: int | None, most_moves: int) -> Twins:
        twins = Twins(viewer)
        one, other = (origin.branch for origin in self._origins)
        self._difference = self._chance.choice(DIFFERENCES)
        moves = sound = 0
        while one.node != "end" and (moves < most_moves or one.node == "chance"):
            if one.node != "chance":
                sound = len(twins.one)
                moves += 1
                hidden = self._hidden(other, viewer) if self._chance.random() < 0.2 else None
                if hidden is not None:
                    twins.one.append(None)
                    twins.other.append(hidden[0])
                    other = hidden[1]
                    continue
            found = self._both(one, other, viewer) if len(twins.one) < MOST_STEPS else None
            if found is None:
                # What chance does after a move belongs to it.
                del twins.one[sound:], twins.other[sound:]
                return twins
            (step, one), (match, other) = found
            twins.one.append(step)
            twins.other.append(match)
        twins.is_over = one.node == "end"
        return twins

    def _hidden(self, branch: Branch, viewer: int | None) -> tuple[Step, Branch] | None:
        """A step of somebody else's, of which the viewer sees nothing."""
        if branch.node != "move" or branch.choosing == [viewer]:
            return None
        return next(iter(self._tried(branch, viewer, None).get(branch.looks(viewer), [])), None)

    def _both(
        self, one: Branch, other: Branch, viewer: int | None
    ) -> tuple[tuple[Step, Branch], tuple[Step, Branch]] | None:
        """A step in the first, and one in the second that looks the same."""
        differs = self._chance.random() < self._difference
        ways = MOST_MATCHES if one.node == "chance" else MOST_WAYS
        # What others do in the second does not depend on the first: so it is tried once.
        tried = None if viewer in other.choosing else self._tried(other, viewer, None)
        for step in one.steps(self._chance, ways, viewer):
            after = one.after(step)
            if not differs and other.allows(step):
                there = other.after(step)
                if there.looks(viewer) == after.looks(viewer):
                    return (step, after), (step, there)
            matches = self._tried(other, viewer, step) if tried is None else tried
            found = matches.get(after.looks(viewer), [])
            if found:
                # What the first has had already, as two cards that change places. What is the same only where
                # nothing else is.
                found.sort(key=lambda each: (one.allows(each[0]), each[0].unordered == step.unordered))
                return (step, after), found[0]
        return None

    def _tried(self, branch: Branch, viewer: int | None, like: Step | None) -> dict[Known, list[tuple[Step, Branch]]]:
        """Ways to go on, by what they look like."""
        found: dict[Known, list[tuple[Step, Branch]]] = {}
        for step in branch.steps(self._chance, MOST_MATCHES, viewer, like):
            after = branch.after(step)
            found.setdefault(after.looks(viewer), []).append((step, after))
        return found

"""Twins: runs that differ from a game in what one viewer may not see, and who must not be able to tell them apart."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from gamesvc.context import Player
from gamesvc.model import GameModel
from gamesvc.standing import Standing
from gamesvc.testing import hidden
from gamesvc.testing.fault import Fault
from gamesvc.testing.hidden import Look, look, told_apart
from gamesvc.testing.likeness import shortly
from gamesvc.testing.probe import Plain
from gamesvc.testing.runs import Act, Outcome, Run, named, seed_bytes, told_events

MOST_TWINS = 4
"""Twins that a game has at a time."""

MOST_TRIES = 40
"""How often other chance is tried, until a viewer sees nothing of it."""


class Step(NamedTuple):
    """A step that was made in the game.

    Attributes:
        act: how it is made.
        sender: who sent the command, if it is one.
        with_other: how it is made with other arguments; None where it can't be.
        outcome: what it came to.
        before, after: how the game stood, and stands.
    """

    act: Act
    sender: Player | None
    with_other: Callable[[dict[str, Any]], Act | None]
    outcome: Outcome
    before: Standing
    after: Standing


class Difference(NamedTuple):
    """How a step is to go in a twin.

    Attributes:
        viewer: who is not to see it.
        chance: seed of other chance; None where it has the same.
        arguments: other ones; None where they are the same.
    """

    viewer: Player | None
    chance: int | None
    arguments: dict[str, Any] | None


class _Twin(NamedTuple):
    """A run that differs in what a viewer may not see."""

    viewer: Player | None
    run: Run
    how: str


class Twins:
    """The twins of one game.

    Args:
        kind: the model.
        seed: where its chance comes from.

    Attributes:
        compared: how many steps of twins were compared with the game's.
    """

    def __init__(self, kind: type[GameModel], seed: bytes) -> None:
        self.compared = 0
        self._kind = kind
        self._seed = seed
        self._twins: list[_Twin] = []

    def begin_at(
        self,
        viewer: Player | None,
        here: Standing,
        there: Standing,
        values: tuple[Any, Any],
        how: str,
        fields: set[str],
        *,
        keep: bool,
    ) -> None:
        """Begin a twin with how a game could stand, too.

        Args:
            viewer: who is not to see it.
            here: how the game stands.
            there: how the twin stands.
            values: those that differ.
            how: they do, for people.
            fields: in which they are.
            keep: whether the twin is to go on, where the viewer is shown the same.

        Raises:
            Fault: the viewer sees it.
        """
        looks = self._look(here, there, viewer)
        if looks is None:
            return
        one, other = looks
        if one.view == other.view:
            if keep and len(self._twins) < MOST_TWINS:
                self._twins.append(_Twin(viewer, Run(Plain(self._kind, self._seed, there)), f"if {how}"))
            return
        self.compared += 1
        marked = all(spec.secret or spec.own for spec in self._kind.FIELDS if spec.name in fields)
        if marked and one.revealed == other.revealed and not hidden.is_shown_openly(one.view, other.view, values):
            what = f"{named(viewer)} would be shown something else if {how}: {told_apart(one.view, other.view)}"
            raise Fault("leak", what)

    def begin_with(self, step: Step, difference: Difference) -> None:
        """Begin a twin with a step that was just made, if its viewer does not see that step.

        Raises:
            Fault: the viewer sees it, and not in the view.
        """
        viewer, chance, arguments = difference
        if not step.outcome.accepted or len(self._twins) >= MOST_TWINS:
            return
        if arguments is not None:
            act = step.with_other(arguments) if step.sender != viewer else None
            if act is not None:
                self._begin(step, act, viewer, self._seed, f"{arguments}")
        elif chance is not None and step.outcome.chance:
            # What the viewer has got by chance themselves may have to be the same, which takes some tries.
            for number in range(MOST_TRIES):
                seed = seed_bytes(chance) + number.to_bytes(1, "big")
                if self._begin(step, step.act, viewer, seed):
                    return

    def _begin(self, step: Step, act: Act, viewer: Player | None, seed: bytes, arguments: str = "") -> bool:
        """Try to begin a twin with a step. Returns whether that was possible."""
        outcome, before = step.outcome, step.before
        run = Run(Plain(self._kind, seed, before if before.entry else None))
        other = Outcome()
        act(run, other)
        there = run.standing
        if other.error is not None or not other.accepted or other.revealed != outcome.revealed:
            return False
        if there.image == step.after.image or _open(there) != _open(step.after):
            return False
        looks = self._look(step.after, there, viewer)
        if looks is None or looks[0] != looks[1]:
            return False
        self.compared += 1
        seen, also = outcome.seen_by(viewer), other.seen_by(viewer)
        if seen != also and arguments and self._differ_in_hidden(step.after, there):
            what = f"{named(viewer)} sees other events if the step had had {arguments}: {told_events(seen, also)}"
            raise Fault("leak", what)
        if seen != also or (step.sender == viewer and outcome.reply != other.reply):
            return False
        how = f"if the step before had had {arguments or 'other chance'}"
        self._twins.append(_Twin(viewer, Run(Plain(self._kind, self._seed, there)), how))
        return True

    def _differ_in_hidden(self, here: Standing, there: Standing) -> bool:
        """Whether all that differs is in fields that are marked as hidden."""
        fields = zip(self._kind.FIELDS, here.image, there.image, strict=True)
        return all(spec.secret or spec.own for spec, one, other in fields if one != other)

    def go_on(self, step: Step) -> None:
        """Make a step in all twins.

        Raises:
            Fault: a viewer can tell one from the game.
        """
        going, self._twins = self._twins, []
        for twin in going:
            other, before = Outcome(), twin.run.standing
            step.act(twin.run, other)
            if self._is_alike(twin, step, other, before):
                there = twin.run.standing
                # How many entries there were is no affair of anybody's, and chance depends on it.
                if there.entry != step.after.entry:
                    twin.run.instance.go_back(there._replace(entry=step.after.entry))
                self._twins.append(twin)

    def _is_alike(self, twin: _Twin, step: Step, other: Outcome, before: Standing) -> bool:
        """Whether the twin goes on."""
        viewer, outcome, here, there = twin.viewer, step.outcome, step.after, twin.run.standing
        if other.error is not None or outcome.revealed != other.revealed:
            return False
        # What rings in one of them alone takes the chance of what rings after it.
        if outcome.rung != other.rung and (outcome.chance or other.chance):
            return False
        looks = self._look(here, there, viewer)
        if looks is None or looks[0].revealed != looks[1].revealed:
            return False
        self.compared += 1
        told = hidden.told_in_view(self._kind, looks, (step.before, before), (here, there))
        if told == "":
            return False
        found = f"is shown something else {twin.how}: {told}" if told else _told(twin, step, other, there)
        if found:
            raise Fault("leak", f"{named(viewer)} {found}")
        return not here.finished

    def _look(self, here: Standing, there: Standing, viewer: Player | None) -> tuple[Look, Look] | None:
        try:
            return look(self._kind, here, viewer), look(self._kind, there, viewer)
        # A state that is not one of the game's may be too much for its view.
        except (Exception, SystemExit):
            return None


def _told(twin: _Twin, step: Step, other: Outcome, there: Standing) -> str:
    """What tells a viewer a twin from the game, beside the view; empty where nothing does."""
    viewer, outcome = twin.viewer, step.outcome
    seen, also = outcome.seen_by(viewer), other.seen_by(viewer)
    if seen != also:
        return f"sees other events {twin.how}: {told_events(seen, also)}"
    if step.sender is not None and step.sender == viewer and outcome.reply != other.reply:
        here, elsewhere = (f"{each[0]} {each[1].decode()}" if each else "" for each in (outcome.reply, other.reply))
        return f"gets another reply {twin.how}: {shortly(here)} and {shortly(elsewhere)}"
    if _open(step.after) != _open(there):
        return f"can see from who plays, or from the end of the game, {twin.how}"
    return ""


def _open(standing: Standing) -> tuple[object, ...]:
    """What everybody knows beside the state."""
    return standing.finished, standing.seats, standing.outcome

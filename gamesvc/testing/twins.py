"""Twins: runs that differ from a game in what one viewer may not see, and who must not be able to tell them apart."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any, NamedTuple

from gamesvc.context import Player
from gamesvc.model import GameModel
from gamesvc.standing import Standing
from gamesvc.testing import hidden
from gamesvc.testing.chance import OneDraw
from gamesvc.testing.fault import Fault
from gamesvc.testing.likeness import shortly
from gamesvc.testing.looks import Look, Looks, told_apart
from gamesvc.testing.probe import Plain
from gamesvc.testing.runs import Act, Outcome, Run, named, seed_bytes, told_events
from gamesvc.views import ViewError

MOST_TWINS = 4
"""Twins that a game has at a time."""

_BY_CHANCE = "if the step before had had other chance"

MOST_TRIES = 40
"""How often other chance is tried, until a viewer sees nothing of it."""


class Step(NamedTuple):
    """A step that was made in the game.

    Attributes:
        act: how it is made.
        sender: who sent the command, if it is one.
        with_other: how it is made with other arguments; None where it can't be.
        at: how it is made at another time; None where it can't be.
        outcome: what it came to.
        before, after: how the game stood, and stands.
    """

    act: Act
    sender: Player | None
    with_other: Callable[[dict[str, Any]], Act | None]
    at: Callable[[float], Act] | None
    outcome: Outcome
    before: Standing
    after: Standing


class Difference(NamedTuple):
    """How a step is to go in a twin.

    Attributes:
        viewer: who is not to see it.
        chance: seed of other chance; None where it has the same.
        arguments: other ones; None where they are the same.
        earlier: whether it is made earlier.
    """

    viewer: Player | None
    chance: int | None = None
    arguments: dict[str, Any] | None = None
    earlier: bool = False


class _Twin:
    """A run that differs in what a viewer may not see.

    Args:
        viewer: who.
        run: it.
        how: it differs, for people.
        looks: at the game, and at the run; they have looked once.
    """

    def __init__(self, viewer: Player | None, run: Run, how: str, looks: tuple[Looks, Looks]) -> None:
        self.viewer = viewer
        self.run = run
        self.how = how
        self._looks = looks

    def look(self, here: Standing, there: Standing) -> tuple[Look, Look] | None:
        """What the viewer is shown of both; None where that can't be said."""
        return _looked(self._looks, here, there)


def _looked(looks: tuple[Looks, Looks], here: Standing, there: Standing) -> tuple[Look, Look] | None:
    try:
        return looks[0].look(here), looks[1].look(there)
    # A state that is not one of the game's may be too much for its view.
    except ViewError:
        return None


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
        self, viewer: Player | None, here: Standing, there: Standing, how: str, fields: set[str], *, keep: bool
    ) -> None:
        """Begin a twin with how a game could stand, too.

        Args:
            viewer: who is not to see it.
            here: how the game stands.
            there: how the twin stands.
            how: it differs, for people.
            fields: in which it does.
            keep: whether the twin is to go on, where the viewer is shown the same.

        Raises:
            Fault: the viewer sees it.
        """
        looks = self._looks(viewer)
        seen = _looked(looks, here, there)
        if seen is None or seen[0].revealed != seen[1].revealed:
            return
        one, other = seen
        if one.view == other.view:
            if keep:
                self._keep(viewer, there, how, looks)
            return
        self.compared += 1
        # What no field is marked for, the view alone decides on.
        if all(spec.secret or spec.own for spec in self._kind.FIELDS if spec.name in fields):
            what = f"{named(viewer)} would be shown something else {how}: {told_apart(one.view, other.view)}"
            raise Fault("leak", what)

    def begin_with(self, step: Step, difference: Difference) -> None:
        """Begin a twin with a step that was just made, if its viewer does not see that step.

        Raises:
            Fault: the viewer sees it, and not in the view.
        """
        viewer = difference.viewer
        if not step.outcome.accepted or len(self._twins) >= MOST_TWINS:
            return
        if difference.arguments is not None:
            act = step.with_other(difference.arguments) if step.sender != viewer else None
            if act is not None:
                self._begin(step, act, viewer, self._seed, f"if the step before had had {difference.arguments}")
        elif difference.earlier:
            if step.at is not None and step.sender not in (None, viewer):
                self._begin_earlier(step, step.at(step.before.now), viewer)
        elif difference.chance is not None and step.outcome.chance:
            self._begin_by_chance(step, viewer, difference.chance)

    def _begin_by_chance(self, step: Step, viewer: Player | None, chance: int) -> None:
        # What the viewer has got by chance themselves may have to be the same, which takes some tries: with other
        # chance in all of it, and with one draw in it that is another one.
        same = OneDraw(None)
        step.act(self._run_from(step.before, self._seed, same), Outcome())
        which = random.Random(seed_bytes(chance))
        for number in range(MOST_TRIES):
            seed = seed_bytes(chance) + number.to_bytes(1, "big")
            if number % 2 and same.asked:
                one = OneDraw(which.randrange(len(same.asked)), seed)
                found = self._begin(step, step.act, viewer, self._seed, _BY_CHANCE, one, same)
            else:
                found = self._begin(step, step.act, viewer, seed, _BY_CHANCE)
            if found:
                return

    def _begin(
        self,
        step: Step,
        act: Act,
        viewer: Player | None,
        seed: bytes,
        how: str,
        one: OneDraw | None = None,
        same: OneDraw | None = None,
    ) -> bool:
        """Try to begin a twin with a step. Returns whether that was possible."""
        outcome = step.outcome
        run, other = self._run_from(step.before, seed, one), Outcome()
        act(run, other)
        there = run.standing
        if other.error is not None or not other.accepted or other.revealed != outcome.revealed:
            return False
        if there.image == step.after.image or _open(there) != _open(step.after):
            return False
        is_hidden = hidden.differ_in_marked(self._kind, step.after, there, viewer)
        # An option that is shown to nobody need not be a secret.
        if not step.before.entry and one is None and seed == self._seed and not is_hidden:
            return False
        looks = self._looks(viewer)
        seen = _looked(looks, step.after, there)
        if seen is None or seen[0] != seen[1]:
            return False
        self.compared += 1
        heard, also = outcome.seen_by(viewer), other.seen_by(viewer)
        if heard != also:
            # Of all that chance decided, it may have been something else that is told. Of one draw it can't be.
            is_that = seed == self._seed and (one is None or same is None or one.asked == same.asked)
            # What somebody is told alone is meant for them.
            if is_that and is_hidden and outcome.shared_with(viewer) != other.shared_with(viewer):
                raise Fault("leak", f"{named(viewer)} sees other events {how}: {told_events(heard, also)}")
            return False
        if step.sender == viewer and outcome.reply != other.reply:
            return False
        self._keep(viewer, there, how, looks)
        return True

    def _begin_earlier(self, step: Step, act: Act, viewer: Player | None) -> None:
        """Begin a twin with a step that was made earlier, of which its viewer sees nothing.

        Raises:
            Fault: the viewer sees when it was made.
        """
        before, after, outcome = step.before, step.after, step.outcome
        run, other = self._run_from(before, self._seed), Outcome()
        act(run, other)
        there = run.standing
        if other.error is not None or not other.accepted or outcome.revealed or other.revealed:
            return
        if outcome.seen_by(viewer) or other.seen_by(viewer) or before.now >= after.now:
            return
        if after.alarms != before.alarms or there.alarms != before.alarms or _open(after) != _open(before):
            return
        changed = [each for each in (after, there) if each.image != before.image]
        if not changed or not all(hidden.differ_in_marked(self._kind, before, each, viewer) for each in changed):
            return
        looks = self._looks(viewer)
        was, seen = _looked(looks, before, before), _looked(looks, after, there)
        if was is None or seen is None or was[0][::2] != seen[1][::2] or seen[0].revealed != seen[1].revealed:
            return
        self.compared += 1
        if seen[0] != seen[1]:
            told = told_apart(seen[1].view, seen[0].view)
            raise Fault("leak", f"{named(viewer)} sees when the step before was made, and nothing else of it: {told}")
        self._keep(viewer, there, "if the step before had been made earlier", looks)

    def _run_from(self, standing: Standing, seed: bytes, one: OneDraw | None = None) -> Run:
        return Run(Plain(self._kind, seed, standing if standing.entry else None, one))

    def _looks(self, viewer: Player | None) -> tuple[Looks, Looks]:
        return Looks(self._kind, viewer), Looks(self._kind, viewer)

    def _keep(self, viewer: Player | None, there: Standing, how: str, looks: tuple[Looks, Looks]) -> None:
        if len(self._twins) < MOST_TWINS:
            self._twins.append(_Twin(viewer, Run(Plain(self._kind, self._seed, there)), how, looks))

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
        outcome, here, there = step.outcome, step.after, twin.run.standing
        looks = twin.look(here, there)
        if looks is None or looks[0].revealed != looks[1].revealed:
            return False
        if other.error is not None or outcome.revealed != other.revealed:
            return False
        # What rings in one of them alone takes the chance of what rings after it.
        if outcome.rung != other.rung and (outcome.chance or other.chance):
            return False
        # Who may not do it there would have done something else: they know what the viewer does not.
        if step.sender not in (None, twin.viewer) and outcome.accepted != other.accepted:
            return False
        self.compared += 1
        told = hidden.told_in_view(self._kind, twin.viewer, looks, (step.before, before), (here, there))
        if told is None and looks[0].patch != looks[1].patch:
            told = f"gets another patch {twin.how}: {looks[0].patch.decode()} and {looks[1].patch.decode()}"
        elif told is None:
            told = self._told(twin, step, other, before)
        else:
            told = told and f"is shown something else {twin.how}: {told}"
        if told:
            raise Fault("leak", f"{named(twin.viewer)} {told}")
        return told is None and not here.finished

    def _told(self, twin: _Twin, step: Step, other: Outcome, before: Standing) -> str | None:
        """What tells a viewer a twin from the game, beside the view: None where nothing does, empty where it is meant
        to."""
        viewer, outcome, there = twin.viewer, step.outcome, twin.run.standing
        is_theirs = any(
            hidden.differ_under_name(self._kind, *two, viewer) for two in ((step.before, before), (step.after, there))
        )
        seen, also = outcome.seen_by(viewer), other.seen_by(viewer)
        is_meant = False
        if seen != also:
            # Their role, say: what has their name on it is told to them, and to nobody else.
            is_meant = is_theirs and outcome.shared_with(viewer) == other.shared_with(viewer)
            if not is_meant:
                return f"sees other events {twin.how}: {told_events(seen, also)}"
        if step.sender is not None and step.sender == viewer and outcome.reply != other.reply:
            is_meant = is_theirs and outcome.accepted and other.accepted
            if not is_meant:
                replies = (f"{each[0]} {each[1].decode()}" if each else "" for each in (outcome.reply, other.reply))
                return f"gets another reply {twin.how}: {' and '.join(map(shortly, replies))}"
        if _open(step.after) != _open(there):
            return f"can see from who plays, or from the end of the game, {twin.how}"
        return "" if is_meant else None


def _open(standing: Standing) -> tuple[object, ...]:
    """What everybody knows beside the state."""
    return standing.finished, standing.seats, standing.outcome

"""Search: plays a model until a fault is found or time is up. Hypothesis decides what is played, and finds the shortest
game that has the fault."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from functools import cache
from typing import Any, NamedTuple

import hypothesis
from hypothesis import HealthCheck, Phase, Verbosity
from hypothesis import strategies as st
from msgspec import inspect as types

from gamesvc.model import GameModel
from gamesvc.testing.bounds import bounded
from gamesvc.testing.draws import Decide, Seen, is_pattern, patterns_in
from gamesvc.testing.elsewhere import Elsewhere, elsewhere, other_way
from gamesvc.testing.fault import Fault
from gamesvc.testing.plays import Call, Dice, Play, names
from gamesvc.testing.shrinking import fewest, shrunk
from gamesvc.testing.trial import Rehearsal, Trial

_LENGTHS = (3, 8, 20, 50)
_REHEARSALS = (30, 100, 300, 1000, 3000)
_LONG = 400
"""Steps of a long game that is looked at."""

_KEPT = 60
"""Games of a round that are played again in another process."""

_FIRST_ROUND = 0.5
"""Seconds."""

ENOUGH_COMMANDS = 10_000
"""As long as fewer were tried, it is not said of a game that it never ends."""

SHRINK_SECONDS = 3.0


class Tried:
    """How much was tried.

    Attributes:
        games, ended: how many, and of these, how many came to an end.
        commands, accepted: how many were sent to the model, and of these, how many took effect.
        longest: the most commands that took effect in one game.
        compared: how many steps were compared with those of a game that differs in what somebody may not see.
    """

    def __init__(self) -> None:
        self.games = self.ended = self.commands = self.accepted = self.longest = self.compared = 0

    def add(self, trial: Trial) -> None:
        """A game was played."""
        self.games += 1
        self.ended += trial.finished
        self.commands += trial.commands
        self.accepted += trial.accepted
        self.compared += trial.compared
        self.longest = max(self.longest, trial.accepted)


class Found(NamedTuple):
    """A fault, and how to come to it.

    Attributes:
        fault: it.
        seed: the trial's.
        calls: its steps; none for a game that never ends.
        elsewhere: whether it shows only in another process.
    """

    fault: Fault
    seed: int
    calls: list[Call]
    elsewhere: bool = False


class _TimeIsUp(BaseException):
    """Ends Hypothesis, which would go on."""


class _Drawn:
    """Hypothesis decides."""

    def __init__(self, data: Any) -> None:
        self._draw = data.draw

    def index(self, count: int) -> int:
        return int(self._draw(_below(count))) if count > 1 else 0


@cache
def _below(count: int) -> st.SearchStrategy[int]:
    return st.integers(0, count - 1)


class Search:
    """Looks for a fault in a model.

    Args:
        model: the game's class.
        seconds: how long.
        seed: what is tried depends on it.
        tell: is told how it goes.

    Attributes:
        tried: how much was.
    """

    def __init__(
        self, model: type[GameModel], *, seconds: float, seed: int, tell: Callable[[str], None] = lambda text: None
    ) -> None:
        self._model = model
        self._seconds = seconds
        self._seed = seed
        self._tell = tell
        self._started = time.monotonic()
        self._seen = Seen(names((model.SEATS or (0, 2))[1]))
        self._kept: list[tuple[int, list[Call]]] = []
        self._rehearsals = self._batches = self._long = 0
        self.tried = Tried()

    def run(self) -> Found | None:
        """Look. Returns the first fault, in a short game; None where there is none."""
        with bounded(), elsewhere(self._model) as process:
            self._fit_patterns()
            self._started = time.monotonic()
            # In rounds, each twice as long as the one before: what is easily found is found soon.
            length = _FIRST_ROUND
            while self._elapsed < self._seconds:
                start, length = self._elapsed, min(length, self._seconds - self._elapsed)
                found = (
                    self._rehearse(start + 0.2 * length)
                    or self._hypothesize(start + 0.7 * length)
                    or self._play_long(start + 0.9 * length)
                    or self._play_elsewhere(process, start + length)
                )
                if found is not None:
                    return found
                length *= 2
        return self.ending()

    @property
    def _elapsed(self) -> float:
        return time.monotonic() - self._started

    def _note(self, trial: Trial) -> None:
        self.tried.add(trial)
        self._tell(f"{self._elapsed:.0f} of {self._seconds:.0f} s, {self.tried.games} games")

    def _settings(self, examples: int, phases: tuple[Phase, ...]) -> hypothesis.settings:
        return hypothesis.settings(
            max_examples=examples,
            deadline=None,
            database=None,
            phases=phases,
            verbosity=Verbosity.quiet,
            suppress_health_check=list(HealthCheck),
            report_multiple_bugs=False,
        )

    def _fit_patterns(self) -> None:
        """Find texts that fit the patterns that commands ask for."""
        kinds = [spec.arguments for spec in self._model.COMMANDS.values()] + [self._model.OPTIONS]
        for pattern in sorted({each for kind in kinds for each in patterns_in(types.type_info(kind))}):
            if is_pattern(pattern):
                self._seen.patterns[pattern] = self._fitting(pattern)

    def _fitting(self, pattern: str) -> list[str]:
        fitting: dict[str, None] = {}

        def collect(text: str) -> None:
            fitting[text] = None

        test = hypothesis.seed(self._seed)(hypothesis.given(st.from_regex(pattern))(collect))
        with suppress(hypothesis.errors.HypothesisException):
            self._settings(40, (Phase.generate,))(test)()
        return sorted(fitting, key=lambda text: (len(text), text))

    # To learn what is accepted, and how games end.

    def _rehearse(self, until: float) -> Found | None:
        first = True
        while self._elapsed < until or first:
            first = False
            found = self._rehearse_once()
            if found is not None:
                return found
        return None

    def _rehearse_once(self) -> Found | None:
        number = self._rehearsals
        self._rehearsals += 1
        seed = self._seed + number % 50
        trial = Rehearsal(self._model, seed)
        dice = Dice(f"{self._seed}/rehearsal/{number}")
        play = Play(dice, self._seen, trial, learns=True)
        length = _REHEARSALS[number % len(_REHEARSALS)] if number > 20 or self.tried.ended == 0 else _REHEARSALS[0]
        try:
            for _ in range(length):
                play.step()
                if trial.finished or trial.commands > 3 * ENOUGH_COMMANDS:
                    break
        except Fault as fault:
            return self._shrink(Found(fault, seed, play.calls))
        finally:
            if trial.is_open:
                play.learn()
            self._note(trial)
        return None

    # To find faults.

    def _hypothesize(self, until: float) -> Found | None:
        best: list[Found] = []
        give_up = [until]

        def game(data: Any) -> None:
            if self._elapsed > give_up[0]:
                raise _TimeIsUp
            drawn = _Drawn(data)
            seed = self._seed + drawn.index(50)
            found = self._looked_at(drawn, seed, _LENGTHS[drawn.index(len(_LENGTHS))])
            if found is None:
                return
            if not best:
                give_up[0] = self._elapsed + SHRINK_SECONDS
            if not best or found.fault.key == best[0].fault.key:
                best.append(found)
                raise found.fault

        while self._elapsed < until and not best:
            self._batches += 1
            test = hypothesis.given(st.data())(game)
            test = self._settings(300, (Phase.generate, Phase.shrink))(
                hypothesis.seed(f"{self._seed}/{self._batches}")(test)
            )
            with suppress(Fault, _TimeIsUp, hypothesis.errors.HypothesisException):
                test()
        return self._shrink(min(best, key=lambda each: len(each.calls))) if best else None

    def _looked_at(self, decide: Decide, seed: int, length: int) -> Found | None:
        trial = Trial(self._model, seed)
        play = Play(decide, self._seen, trial)
        try:
            for _ in range(length):
                play.step()
                if trial.finished:
                    break
        except Fault as fault:
            return Found(fault, seed, play.calls)
        finally:
            self._note(trial)
        if len(self._kept) < _KEPT:
            self._kept.append((seed, play.calls))
        else:
            self._kept[self.tried.games % _KEPT] = seed, play.calls
        return None

    def _play_long(self, until: float) -> Found | None:
        while self._elapsed < until:
            number = self._long
            self._long += 1
            found = self._looked_at(Dice(f"{self._seed}/long/{number}"), self._seed + number % 50, _LONG)
            if found is not None:
                return self._shrink(found)
        return None

    def _shrink(self, found: Found) -> Found:
        fault, calls = shrunk(self._model, found.seed, found.calls, found.fault, SHRINK_SECONDS)
        return found._replace(fault=fault, calls=calls)

    def _play_elsewhere(self, process: Elsewhere, until: float) -> Found | None:
        kept, self._kept = self._kept, []
        # A long one, in which much is played, and then those that are short already.
        kept.sort(key=lambda each: len(each[1]))
        for seed, calls in (*kept[-1:], *kept):
            index = process.difference(seed, calls)
            if index is not None:
                return self._shrink_elsewhere(process, seed, calls[: index + 1])
            if self._elapsed > until:
                break
        return None

    def _shrink_elsewhere(self, process: Elsewhere, seed: int, calls: list[Call]) -> Found:
        until = time.monotonic() + SHRINK_SECONDS

        def fails(fewer: list[Call]) -> list[Call] | None:
            index = process.difference(seed, fewer)
            return None if index is None else fewer[: index + 1]

        calls = fewest(calls, fails, until)
        return Found(other_way(calls[-1]), seed, calls, elsewhere=True)

    # To see it end.

    def ending(self) -> Found | None:
        """Look for a game that ends, unless one has. Returns the fault where there is none."""
        if self._model.SEATS is None or self._model.ENDLESS:
            return None
        while not self.tried.ended:
            if self._elapsed > 2 * self._seconds and self.tried.commands >= ENOUGH_COMMANDS:
                what = (
                    f"of {self.tried.games} games played at random, none ended: {self.tried.commands} commands,"
                    f" of which {self.tried.accepted} took effect, up to {self.tried.longest} in one game"
                )
                return Found(Fault("endless", what), self._seed, [])
            found = self._rehearse_once()
            if found is not None:
                return found
        return None


def ends(model: type[GameModel], *, seed: int = 0, seconds: float = 2.0) -> None:
    """See to it that a game can end, when it is played at random.

    Args:
        model: the game's class.
        seed: what is tried depends on it.
        seconds: how long, at least, before it is given up.

    Raises:
        Fault: it never did.
    """
    search = Search(model, seconds=seconds / 2, seed=seed)
    found = search.ending()
    if found is not None:
        raise found.fault

"""Plays: what happens next in a game, decided at random, so that play gets somewhere; and what was learned from it."""

from __future__ import annotations

import random
from typing import Any, NamedTuple

import msgspec

from gamesvc.context import Player
from gamesvc.moves import Choice
from gamesvc.signatures import CommandSpec
from gamesvc.testing import hidden
from gamesvc.testing.draws import MOST_TEXTS, Decide, Seen, arguments, chance, one_of, texts_in
from gamesvc.testing.legality import arguments_of, says_what_is_legal
from gamesvc.testing.trial import Trial

_NAMES = ("alice", "bob", "carol", "dave", "erin", "frank", "grace", "heidi", "ivan", "judy")
_NO_SEATS = 2
"""How many play where there are no seats."""

_SPANS = (0.5, 1.0, 5.0, 30.0, 300.0)
_LEGAL_PERCENT = (60, 96)
"""How many of a hundred steps are what the model says is legal: in one game, and in another."""

_ENOUGH_GAMES = 20
"""After so many games, a secret that was the same in all of them is taken for one that does not change."""

_load = msgspec.msgpack.Decoder().decode


class Call(NamedTuple):
    """A step of a `Trial`.

    Attributes:
        method: the trial's.
        positional, named: what it is called with.
    """

    method: str
    positional: tuple[Any, ...]
    named: dict[str, Any]

    def on(self, trial: Trial) -> Any:
        """Do it."""
        return getattr(trial, self.method)(*self.positional, **self.named)


class Dice:
    """Decides at random."""

    def __init__(self, seed: str) -> None:
        self._random = random.Random(seed)

    def index(self, count: int) -> int:
        return self._random.randrange(count) if count > 1 else 0


class Play:
    """A game that is played at random.

    Args:
        decide: who decides.
        seen: what is known of other games.
        trial: the game, not set up yet.
        learns: whether what is accepted is remembered for other games; then viewers don't matter.

    Attributes:
        calls: what was done.
        trial: the game.
    """

    def __init__(self, decide: Decide, seen: Seen, trial: Trial, *, learns: bool = False) -> None:
        model = trial.kind
        self._model = model
        self._decide = decide
        self._seen = seen
        self._learns = learns
        self._looks = not learns and hidden.has_secrets(model)
        self._last: tuple[str, bool] = ("", False)
        self.trial = trial
        self.calls: list[Call] = []
        fewest, most = model.SEATS or (_NO_SEATS, _NO_SEATS)
        self.names = names(most)[: fewest + decide.index(most - fewest + 1)]
        self._begun = False
        # Some games go nearly as they would be played; in others more is tried beside what is legal.
        self._legal_percent = one_of(decide, _LEGAL_PERCENT) if says_what_is_legal(model) else 0
        self._scalars: dict[str, Any] = {}

    # Positional, because arguments may have any name.
    def do(self, method: str, /, *positional: Any, **named: Any) -> Any:
        """Do something, and write it down first."""
        call = Call(method, positional, named)
        self.calls.append(call)
        return call.on(self.trial)

    def begin(self) -> None:
        """Set the game up, and let players come."""
        decide, model = self._decide, self._model
        options = {}
        if model.OPTIONS.__struct_fields__ and chance(decide, 40):
            options = arguments(decide, "setup()", model.OPTIONS, self._seen, list)
        if self._looks and chance(decide, 30):
            self.do("other_chance", one_of(decide, [*self.names, None]), 1)
        elif self._looks and model.OPTIONS.__struct_fields__ and chance(decide, 50):
            other = arguments(decide, "setup()", model.OPTIONS, self._seen, list)
            if other:
                self.do("other_arguments", one_of(decide, [*self.names, None]), **other)
        self.do("open", **options)
        if model.SEATS is not None:
            for name in self.names:
                if self._looks and chance(decide, 40):
                    self.do("other_chance", one_of(decide, [*self.names, None]), 1 + decide.index(3))
                self.do("join", name)
        self._scalars = secret_scalars(self.trial) if self._learns else {}

    def step(self) -> None:
        """Do something."""
        if not self._begun:
            self._begun = True
            self.begin()
            return
        decide, model, trial = self._decide, self._model, self.trial
        which = decide.index(100)
        if model.TICK is not None and which >= 85:
            self.do("tick")
        elif self._legal_percent and chance(decide, self._legal_percent) and self._play_on():
            return
        elif which >= 98 or (trial.standing.alarms and 75 <= which < 85):
            self._advance()
        elif 95 <= which < 98:
            self._come_or_go()
        else:
            self._command()

    def _advance(self) -> None:
        decide, trial = self._decide, self.trial
        wake_at = trial.standing.wake_at
        if wake_at is not None and chance(decide, 70):
            self.do("advance", max(0.0, wake_at - trial.now))
        else:
            self.do("advance", one_of(decide, _SPANS))

    def _come_or_go(self) -> None:
        decide, trial = self._decide, self.trial
        method = one_of(decide, ("join", "away", "back", "leave"))
        here = [str(each) for each in trial.players] or self.names
        if method == "join":
            self.do("join", one_of(decide, names(max(len(self.names), 2) + 1)))
        else:
            name = one_of(decide, here)
            if self._looks and method == "leave" and chance(decide, 50):
                self._swap(name)
            self.do(method, name)

    def _play_on(self) -> bool:
        """Send a command that the model says is legal. Returns whether there is one."""
        decide, trial = self._decide, self.trial
        found = [(name, legal) for name in self._here() if (legal := trial.legal(name))]
        if not found:
            return False
        player, legal = one_of(decide, found)
        choice: Choice = one_of(decide, legal)
        self._send(player, self._model.COMMANDS[choice["command"].lower()], arguments_of(choice))
        return True

    def _command(self) -> None:
        decide, model, here = self._decide, self._model, self._here()
        if not here:
            self.do("join", self.names[0])
            return
        spec = one_of(decide, [model.COMMANDS[name] for name in sorted(model.COMMANDS)])
        player = self._player(here)
        self._send(player, spec, arguments(decide, spec.name, spec.arguments, self._seen, self._texts))

    def _here(self) -> list[str]:
        return [str(each) for each in self.trial.players] if self._model.SEATS is not None else self.names

    def _send(self, player: str, spec: CommandSpec, given: dict[str, Any]) -> None:
        if self._looks and chance(self._decide, 45):
            self._differ(self._here(), player, spec)
        accepted = self.do("send", player, spec.name, **given)
        self._last = player, accepted
        if accepted and self._learns and given:
            self._seen.accept(spec.name, given)
            for name, each in given.items():
                self._seen.accept(f"{spec.name}.{name}", each)

    def _player(self, here: list[str]) -> str:
        # Who was just refused may be refused because it is another's turn; after a move, it often is the next one's.
        last, _ = self._last
        if last in here and chance(self._decide, 50):
            return here[(here.index(last) + 1) % len(here)]
        return str(one_of(self._decide, here))

    def _differ(self, here: list[str], player: str, spec: CommandSpec) -> None:
        """Begin a twin with what comes next, or at once."""
        decide, trial = self._decide, self.trial
        viewer = one_of(decide, [*here, None])
        which = decide.index(12)
        if which < 3:
            self.do("other_chance", viewer, 1 + decide.index(3))
        elif which < 6:
            if spec.arguments.__struct_fields__ and player != viewer:
                other = arguments(decide, spec.name, spec.arguments, self._seen, self._texts)
                name = one_of(decide, sorted(spec.arguments.__struct_fields__))
                if name in other:
                    self.do("other_arguments", viewer, **{name: other[name]})
        elif which == 6 and player != viewer:
            self.do("advance", 1.0)
            self.do("earlier", viewer)
        elif which < 9 and secret_scalars(trial):
            self._replace(viewer)
        else:
            self._swap(viewer)

    def _swap(self, viewer: str | None) -> None:
        decide, model, trial = self._decide, self._model, self.trial
        groups = hidden.hidden_places(model, trial.standing.image, None if viewer is None else Player(viewer))
        usable = [places for _, places in sorted(groups.items()) if len(places) > 1]
        if usable:
            places = one_of(decide, usable)
            one, other_place = one_of(decide, places), one_of(decide, places)
            if one.value != other_place.value and one.path != other_place.path:
                self.do("swap", viewer, list(one.path), list(other_place.path))

    def _replace(self, viewer: str | None) -> None:
        decide, scalars = self._decide, secret_scalars(self.trial)
        name = one_of(decide, sorted(scalars))
        values: list[Any] = self._seen.accepted(f"={name}")
        is_fixed = name not in self._seen.changing
        if is_fixed and values == [scalars[name]] and self._seen.games > _ENOUGH_GAMES:
            # One that is the same in all games could be any other.
            values = _others(scalars[name])
        if values:
            keep = {"keep": True} if is_fixed else {}
            self.do("replace", viewer, name, one_of(decide, values), **keep)

    def learn(self) -> None:
        """Remember what the game holds, for other games."""
        seen, trial = self._seen, self.trial
        scalars = secret_scalars(trial)
        for name, scalar in scalars.items():
            seen.accept(f"={name}", scalar)
        names = self._scalars.keys() | scalars.keys()
        seen.changing.update(name for name in names if self._scalars.get(name) != scalars.get(name))
        seen.games += 1
        for encoded in trial.standing.image:
            if len(seen.texts) < MOST_TEXTS:
                texts_in(_load(encoded), seen.texts)

    def _texts(self) -> list[str]:
        model, image = self._model, self.trial.standing.image
        found: dict[str, None] = {}
        for _, encoded in zip(model.FIELDS, image, strict=True):
            texts_in(_load(encoded), found)
        return list(found)


def _others(scalar: Any) -> list[Any]:
    """Values that are like another."""
    if isinstance(scalar, str):
        return [scalar[::-1], f"{scalar}a"]
    return [scalar + 1, scalar * 2]


def names(count: int) -> list[str]:
    """The names of so many players."""
    return [*_NAMES[:count], *(f"player{number}" for number in range(len(_NAMES) + 1, count + 1))]


def secret_scalars(trial: Trial) -> dict[str, Any]:
    """The fields that are secret as a whole and hold but a number or a text, and these. One that is as the class line
    has it may stand for there being none yet."""
    fields = zip(trial.kind.FIELDS, trial.standing.image, strict=True) if trial.is_open else ()
    kind = trial.kind
    scalars = {spec.name: _load(encoded) for spec, encoded in fields if spec.secret and hidden.is_loose(kind, spec)}
    return {name: scalar for name, scalar in scalars.items() if type(scalar) in (str, int, float) and scalar}

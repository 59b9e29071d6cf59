"""Looks: what viewers are shown of a game, as the server makes it; and whether that can be sent, and patched."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

import msgspec

from gamesvc.context import Player
from gamesvc.model import GameModel
from gamesvc.standing import Standing
from gamesvc.testing.fault import Fault, line_of
from gamesvc.testing.legality import check_legal, is_asked, says_what_is_legal
from gamesvc.testing.likeness import difference, shortly
from gamesvc.testing.probe import look_at
from gamesvc.testing.runs import named
from gamesvc.undeclared import note_undeclared
from gamesvc.views import Audience, View, ViewError, Views, apply_patch, shown

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder().decode
_in_order = msgspec.json.Encoder(order="deterministic").encode


class Look(NamedTuple):
    """What a viewer is shown.

    Attributes:
        view: JSON.
        patch: what leads there from the look before; empty where nothing has changed, or there was none.
        revealed: what the view, and what is legal in it, said to come to light on purpose.
    """

    view: bytes
    patch: bytes
    revealed: tuple[bytes, ...]


class _Watched(Views):
    """Says what the view that was made last has revealed."""

    revealed: tuple[bytes, ...] = ()

    def _make(
        self,
        standing: Standing,
        audience: Audience,
        earlier: tuple[Standing, View] | None,
        loaded: dict[str, Any],
    ) -> View:
        self.revealed = ()
        return super()._make(standing, audience, earlier, loaded)

    def _made_by_model(self, standing: Standing, audience: Audience) -> View:
        made = super()._made_by_model(standing, audience)
        self._note()
        return made

    def _legal(self, standing: Standing, player: Player) -> list[Any]:
        made = super()._legal(standing, player)
        # Where the model was not asked, this is what its view has revealed.
        if is_asked(self._model, standing, player):
            self._note()
        return made

    def _note(self) -> None:
        if self._shadow is not None:
            self.revealed += tuple(self._shadow._context.revealed)


class Looks:
    """What one viewer is shown of one run.

    Args:
        kind: the model.
        viewer: who; None for who watches.
    """

    def __init__(self, kind: type[GameModel], viewer: Player | None) -> None:
        self._views = _Watched(kind)
        self._audience = self._views.audience(viewer)

    def look(self, standing: Standing) -> Look:
        """What they are shown now.

        Raises:
            ViewError: the model failed at it.
        """
        patch = self._views.advance(standing, (self._audience,))[self._audience]
        if isinstance(patch, ViewError):
            raise patch
        return Look(self._views.state(standing, self._audience), patch or b"", self._views.revealed)


def told_apart(one: bytes, other: bytes) -> str:
    """Where two views differ, for people."""
    return difference(_decode(one), _decode(other), "view") or (
        f"view is {shortly(one.decode())}, and then {shortly(other.decode())}"
    )


class Shown:
    """What all viewers of one game have been shown.

    Args:
        kind: the model.
    """

    def __init__(self, kind: type[GameModel]) -> None:
        self._kind = kind
        self._makes_own = "view" in kind.HOOKS
        self._tells_legal = says_what_is_legal(kind)
        self._views = Views(kind)
        self._states: dict[Audience, bytes] = {}

    def look(self, standing: Standing, viewers: Iterable[Player]) -> None:
        """Look at what viewers are shown.

        Args:
            standing: how the game stands now.
            viewers: who, beside those who watch.

        Raises:
            Fault: it is not sound.
        """
        audiences: dict[Audience, Player | None] = {}
        for viewer in (*viewers, None):
            audiences[self._views.audience(viewer)] = viewer
            if self._makes_own:
                _check_view(self._kind, standing, viewer)
            if self._tells_legal and viewer is not None:
                check_legal(self._kind, standing, viewer)
        before, self._states = self._states, {}
        for audience, patch in self._views.advance(standing, audiences).items():
            if isinstance(patch, ViewError):
                raise Fault("crash", str(patch)) from patch
            state = self._states[audience] = self._views.state(standing, audience)
            was = before.get(audience)
            if was is None or (was == state and not patch):
                continue
            patched = apply_patch(_decode(was), _decode(patch) if patch else {})
            if _in_order(patched) != _in_order(_decode(state)):
                whose = named(audiences[audience])
                what = f"the view of {whose} is {shortly(state.decode())}, and with the patch {shortly(patched)}"
                raise Fault("patch", what)


def _check_view(kind: type[GameModel], standing: Standing, viewer: Player | None) -> None:
    """See to it that a view of the model's own making is what clients can be sent, and that making it changes nothing.

    Raises:
        Fault: it is not so.
    """
    model = look_at(kind, standing)
    looks = []
    whose = f"the view of {named(viewer)}"
    for _ in range(2):
        try:
            made: Any = model.view(viewer)
        except (Exception, SystemExit) as error:
            note_undeclared(model, error)
            raise Fault("crash", f"view raised {type(error).__name__}: {error}", line_of(error)) from error
        if not isinstance(made, dict):
            raise Fault("patch", f"{whose} is {shortly(made)}, and has to be a dict")
        try:
            encoded = _encode(shown(made))
        except Exception as error:
            raise Fault("patch", f"{whose} can't be sent: {error}: {shortly(made)}") from error
        odd = _oddity(made, "view")
        if odd:
            raise Fault("patch", f"{whose} is not what clients would have: {odd}")
        looks.append(encoded)
    if looks[0] != looks[1]:
        raise Fault("nondeterministic", f"{whose} differs when it is made twice: {told_apart(looks[0], looks[1])}")
    for spec, stored in zip(kind.FIELDS, standing.image, strict=True):
        if msgspec.msgpack.encode(getattr(model, spec.name)) != stored:
            now = shortly(getattr(model, spec.name))
            was = shortly(spec.decode(stored))
            raise Fault("nondeterministic", f"{whose} changes the state: {spec.name} was {was}, and then {now}")


def _oddity(value: Any, where: str) -> str:
    """What in a view is lost when it is sent."""
    if isinstance(value, Mapping):
        keys = [key if isinstance(key, str) else msgspec.to_builtins({key: 0}, str_keys=True) for key in value]
        names = [key if isinstance(key, str) else next(iter(key)) for key in keys]
        if len(set(names)) < len(names):
            return f"{where} has two keys that are the same as text: {shortly(list(value))}"
        for key, part in value.items():
            found = _oddity(part, f"{where}[{key!r}]")
            if found:
                return found
    elif isinstance(value, (list, tuple)):
        for index, part in enumerate(value):
            found = _oddity(part, f"{where}[{index}]")
            if found:
                return found
    elif isinstance(value, float) and (value != value or value in (float("inf"), float("-inf"))):
        return f"{where} is {value!r}, which JSON has no number for"
    return ""

"""Views: whether what a model's own `view` gives can be sent, and patched, and is always the same."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from gamesvc.context import Player
from gamesvc.instance import Standing
from gamesvc.model import GameModel
from gamesvc.testing.fault import Fault, line_of
from gamesvc.testing.hidden import told_apart
from gamesvc.testing.likeness import shortly
from gamesvc.testing.probe import look_at
from gamesvc.testing.runs import named
from gamesvc.views import apply_patch, merge_patch, shown

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder().decode
_in_order = msgspec.json.Encoder(order="deterministic").encode


class ViewsSeen:
    """What viewers of one game have been shown.

    Args:
        kind: the model, which makes its own views.
    """

    def __init__(self, kind: type[GameModel]) -> None:
        self._kind = kind
        self._views: dict[Player | None, Any] = {}

    def look(self, standing: Standing, viewers: Iterable[Player]) -> None:
        """Look at what viewers are shown.

        Args:
            standing: how the game stands now.
            viewers: who, beside those who watch.

        Raises:
            Fault: it is not sound.
        """
        for viewer in (*viewers, None):
            view = _proper_view(self._kind, standing, viewer)
            before = self._views.get(viewer)
            if before is not None:
                patch = _decode(_encode(merge_patch(before, view)))
                patched = apply_patch(before, patch)
                if _in_order(patched) != _in_order(view):
                    what = f"the view of {named(viewer)} is {shortly(view)}, and with the patch {shortly(patched)}"
                    raise Fault("patch", what)
            self._views[viewer] = view


def _proper_view(kind: type[GameModel], standing: Standing, viewer: Player | None) -> Any:
    """What a client makes of a view."""
    model = look_at(kind, standing)
    looks = []
    for _ in range(2):
        try:
            made: Any = model.view(viewer)
        except (Exception, SystemExit) as error:
            raise Fault("crash", f"view raised {type(error).__name__}: {error}", line_of(error)) from error
        whose = f"the view of {named(viewer)}"
        if not isinstance(made, dict):
            raise Fault("patch", f"{whose} is {shortly(made)}, and has to be a dict")
        try:
            plain = shown(made)
            encoded = _encode(plain)
            decoded = _decode(encoded)
        except Exception as error:
            raise Fault("patch", f"{whose} can't be sent: {error}: {shortly(made)}") from error
        odd = _oddity(made, "view")
        if odd or not isinstance(decoded, dict):
            raise Fault("patch", f"{whose} is not what clients would have: {odd}")
        looks.append((encoded, decoded))
    if looks[0][0] != looks[1][0]:
        raise Fault(
            "nondeterministic", f"{whose} differs when it is made twice: {told_apart(looks[0][0], looks[1][0])}"
        )
    for spec, stored in zip(kind.FIELDS, standing.image, strict=True):
        if msgspec.msgpack.encode(getattr(model, spec.name)) != stored:
            now = shortly(getattr(model, spec.name))
            was = shortly(spec.decode(stored))
            raise Fault("nondeterministic", f"{whose} changes the state: {spec.name} was {was}, and then {now}")
    return looks[0][1]


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

"""What a viewer may see of a game's state, and how that changed.

A *view* is a JSON object. What is None is left out of it, at any depth of objects: so that in a patch null can mean
removed. How a view changed is told as a JSON Merge Patch (RFC 7396), and depends on nothing but the viewer's own two
views.

Views are made of committed images, by a model that is there for nothing else.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any, Final

import msgspec

from gamesvc.context import Context, Player
from gamesvc.faults import shown_fault
from gamesvc.fields import shown_value
from gamesvc.image import Image, restore
from gamesvc.model import GameModel
from gamesvc.moves import legal_choices
from gamesvc.standing import Standing, is_playable, taken
from gamesvc.undeclared import note_undeclared

MAX_VIEW_BYTES = 1 << 20
"""How large a view of the model's own making may become, as JSON."""

EVERYBODY: Final = ""
"""The audience where all are shown the same."""

Audience = str | None
"""Those who are shown the same: `EVERYBODY`; or else a player, or None for all who watch."""

View = dict[str, Any]

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder().decode
_PLAIN = frozenset((int, str, bool))


class ViewError(Exception):
    """A model's `view` failed, or gave what can't be shown."""


class Views:
    """What viewers are shown of one game.

    Args:
        model: the game's.
    """

    def __init__(self, model: type[GameModel]) -> None:
        self._model = model
        self._makes_own = "view" in model.HOOKS
        self._tells_legal = "legal" in model.HOOKS
        self._is_shared = not self._makes_own and not self._tells_legal and not any(field.own for field in model.FIELDS)
        self._shadow: GameModel | None = None
        # Of one standing, that of the last patches; and of another one, for those who come in between.
        self._standing: Standing | None = None
        self._views: dict[Audience, View] = {}
        self._other: Standing | None = None
        self._others: dict[Audience, View] = {}
        self._encoded: dict[Audience, tuple[View, bytes]] = {}

    @property
    def standing(self) -> Standing | None:
        """That to which the last patches lead."""
        return self._standing

    def audience(self, viewer: Player | None) -> Audience:
        """To whom a viewer belongs.

        Args:
            viewer: a player; None for who watches.
        """
        return EVERYBODY if self._is_shared else viewer

    def is_public(self, audience: Audience) -> bool:
        """Whether what an audience is shown is no secret to anybody."""
        return self._is_shared or audience is None

    def view(self, standing: Standing, audience: Audience) -> View:
        """What an audience is shown. Not to be changed.

        Args:
            standing: how the game stands.
            audience: who.

        Raises:
            ViewError: the model failed at it.
        """
        if not self._views:
            self._standing = standing
        if standing is self._standing:
            views = self._views
        else:
            # After a restart everybody comes back at once, and asks for the same.
            if standing is not self._other:
                self._other, self._others = standing, {}
            views = self._others
        view = views.get(audience)
        if view is None:
            view = views[audience] = self._make(standing, audience, None, {})
        return view

    def state(self, standing: Standing, audience: Audience) -> bytes:
        """What an audience is shown, as a JSON object.

        Args:
            standing: how the game stands.
            audience: who.

        Raises:
            ViewError: the model failed at it.
        """
        view = self.view(standing, audience)
        of, encoded = self._encoded.get(audience, (None, b""))
        if of is not view:
            encoded = _encode(view)
            self._encoded[audience] = view, encoded
        return encoded

    def advance(self, standing: Standing, audiences: Iterable[Audience]) -> dict[Audience, bytes | ViewError | None]:
        """Go on to another standing.

        Args:
            standing: how the game stands now.
            audiences: those that are looking.

        Returns:
            For each audience the patch that leads from the standing before to this one, as JSON: empty where nothing
            has changed, None where it was not looking then. Or why there is none.
        """
        before, old = self._standing, self._views
        patches: dict[Audience, bytes | ViewError | None] = {}
        views: dict[Audience, View] = {}
        loaded: dict[str, Any] = {}
        for audience in audiences:
            was = old.get(audience)
            earlier = None if before is None or was is None else (before, was)
            try:
                view = views[audience] = self._make(standing, audience, earlier, loaded)
                patches[audience] = None if was is None else encoded_patch(was, view)
            except ViewError as error:
                patches[audience] = error
        # Of those who came in between, and those who left.
        self._other, self._others = None, {}
        self._standing, self._views = standing, views
        self._encoded.clear()
        return patches

    def keep(self, audiences: Collection[Audience]) -> None:
        """Remember no views but those of these audiences."""
        self._views = {audience: view for audience, view in self._views.items() if audience in audiences}
        self._other, self._others = None, {}
        self._encoded.clear()

    @property
    def remembered(self) -> int:
        """How many views are remembered."""
        return len(self._views) + len(self._others)

    def _make(
        self,
        standing: Standing,
        audience: Audience,
        earlier: tuple[Standing, View] | None,
        loaded: dict[str, Any],
    ) -> View:
        # `earlier` is the audience's view of another standing; `loaded` are fields of this one that others were shown.
        try:
            if self._makes_own:
                view = self._made_by_model(standing, audience)
            else:
                view = self._made_of_fields(standing, audience, earlier, loaded)
            if self._tells_legal and audience is not None:
                view["legal"] = self._legal(standing, Player(audience))
            return view
        except ViewError:
            raise
        # The author's code and types, which may raise anything; and what is nested too deep.
        except (Exception, SystemExit) as error:
            note_undeclared(self._shadow, error)
            raise ViewError(f"the view of {self._model.__name__} failed: {shown_fault(error)}") from error

    def _made_of_fields(
        self,
        standing: Standing,
        audience: Audience,
        earlier: tuple[Standing, View] | None,
        loaded: dict[str, Any],
    ) -> View:
        viewer = None if audience == EVERYBODY else audience
        was: View = {} if earlier is None else earlier[1]
        image: Image = (b"",) * len(standing.image) if earlier is None else earlier[0].image
        # In the order of the fields, whatever came before: else secrets that change would show in it.
        view: View = {}
        for field, old, new in zip(self._model.FIELDS, image, standing.image, strict=True):
            if field.secret:
                continue
            if old == new:
                # What has the same bytes is the same object in the next view, which is then not even compared.
                value = was.get(field.name)
            else:
                if field.name not in loaded:
                    value = field.decode(new)
                    loaded[field.name] = value if field.own else shown(value)
                value = loaded[field.name]
                if field.own:
                    value = shown(shown_value(field, value, viewer))
            if value is not None:
                view[field.name] = value
        return view

    def _made_by_model(self, standing: Standing, audience: Audience) -> View:
        model = self._standing_as(standing)
        view = model.view(None if audience is None else Player(audience))
        made = shown(view)
        if not isinstance(made, dict):
            raise TypeError(f"view returned {type(view).__name__}, write -> dict[str, Any]")
        self._check_looked("view", model, standing, made)
        return made

    def _legal(self, standing: Standing, player: Player) -> list[Any]:
        """What a player may do."""
        if standing.finished or not is_playable(self._model, standing):
            return []
        if standing.seats and player not in standing.seats:
            return []
        model = self._standing_as(standing)
        made: list[Any] = shown(legal_choices(model, player))
        self._check_looked("legal", model, standing, made)
        return made

    def _standing_as(self, standing: Standing) -> GameModel:
        """A model to look at. Each time anew: what the last look did to it, if anything, must not show in this one."""
        model = self._shadow
        if model is None:
            model = self._shadow = self._model()
            model._context = Context(looks_only=True)
        context = model._context
        context.players = taken(standing.seats)
        context.now, context.entry, context.finished = standing.now, standing.entry, standing.finished
        context.events, context.revealed, context.alarms = [], [], ()
        restore(model, standing.image)
        return model

    def _check_looked(self, method: str, model: GameModel, standing: Standing, made: object) -> None:
        """See to it that a method has only looked, and has not seen too much."""
        context = model._context
        if context.events or context.alarms or context.finished != standing.finished:
            raise TypeError(f"{method} only looks: publish, finish and set timers in a command")
        size = len(_encode(made))
        if size > MAX_VIEW_BYTES:
            raise ViewError(f"the {method} of {self._model.__name__} has {size} bytes, the most is {MAX_VIEW_BYTES}")


def shown(value: Any) -> Any:
    """What a value looks like in a view: numbers, text, lists, and objects without what is None."""
    encoded = _encode(value)
    made = _decode(encoded)
    return _without_none(made) if b"null" in encoded else made


def merge_patch(before: View, after: View) -> View:
    """What leads from one view to another (RFC 7396): empty where they are the same."""
    # Of a game in real time this is most of what a tick costs, so it touches each value once.
    patch: View = {}
    kept = 0
    for name, value in after.items():
        was = before.get(name)
        if was is None:
            # Nothing in a view is None.
            patch[name] = value
            continue
        kept += 1
        if was is value:
            continue
        kind = type(value)
        if kind is not type(was):
            patch[name] = value
        elif kind is dict:
            inner = merge_patch(was, value)
            if inner:
                patch[name] = inner
        # 0.0 and -0.0 are equal, and so are lists of 1 and of True, and look otherwise as JSON.
        elif was != value or not (kind in _PLAIN or (kind is float and value) or _encode(was) == _encode(value)):
            patch[name] = value
    if kept < len(before):
        for name in before:
            if name not in after:
                patch[name] = None
    return patch


def encoded_patch(before: View, after: View) -> bytes:
    """What leads from one view to another, as JSON; nothing where they are the same."""
    patch = merge_patch(before, after)
    return _encode(patch) if patch else b""


def apply_patch(view: Mapping[str, Any], patch: Mapping[str, Any]) -> View:
    """A view as it is after a patch (RFC 7396). Neither is changed."""
    result = dict(view)
    for name, value in patch.items():
        if value is None:
            result.pop(name, None)
        elif isinstance(value, dict):
            was = result.get(name)
            result[name] = apply_patch(was if isinstance(was, dict) else {}, value)
        else:
            result[name] = value
    return result


def _without_none(value: Any) -> Any:
    kind = type(value)
    if kind is dict:
        return {
            key: part
            for key, was in value.items()
            if (part := was if type(was) in _PLAIN else _without_none(was)) is not None
        }
    if kind is list:
        return [part if type(part) in _PLAIN else _without_none(part) for part in value]
    return value

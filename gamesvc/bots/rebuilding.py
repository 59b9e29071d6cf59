"""Position: a game as it may stand, as far as one of its players knows: rebuilt from nothing but their view.

Fields that are shown under their own names are taken from the view. What is hidden is filled in by the model's
`determinize`, each time otherwise. What was rebuilt is shown to the player once more, and has to look the same.
"""

from __future__ import annotations

from random import Random
from typing import Any

import msgspec

from gamesvc.bots.bot import BotError, Turn
from gamesvc.context import Context, Player
from gamesvc.errors import ConfigError
from gamesvc.faults import shown_fault
from gamesvc.fields import FieldSpec
from gamesvc.image import restore, settle
from gamesvc.model import GameModel
from gamesvc.standing import Standing, taken
from gamesvc.views import ViewError, Views

LAST_TIMER = 1 << 32
"""Ids of timers that are set in a rebuilt game are above this, so that none is one that stands in a field."""

_NONE = msgspec.msgpack.encode(None)


def hides(model: type[GameModel]) -> bool:
    """Whether a player's view may leave out some of the state."""
    return "view" in model.HOOKS or any(field.secret or field.own for field in model.FIELDS)


def check_rebuilt(bot: str, model: type[GameModel]) -> None:
    """See to it that games of a model can be rebuilt from a view.

    Args:
        bot: who has to do so, for people.
        model: the games' class.

    Raises:
        ConfigError: they can't.
    """
    if hides(model) and "determinize" not in model.HOOKS:
        hidden = [field.name for field in model.FIELDS if field.secret or field.own]
        what = f"hides {', '.join(hidden)} from players" if hidden else "makes its own view"
        instead = (
            f"write `def determinize(self, player: Player, view: dict[str, Any]) -> None` in {model.__name__}, which "
            "fills in what the player can't see with what it might be, and may do nothing where the view shows all"
        )
        # What is ours is not for its reader to mend.
        if model.__module__.startswith("gamesvc."):
            instead = "what that might be, the game can't say"
        raise ConfigError(f"the bot {bot} can't play {model.__name__}, which {what}; {instead}")


class Position:
    """A game as it may stand.

    Args:
        turn: what a player is shown of it.

    Raises:
        BotError: the view is not enough.
    """

    def __init__(self, turn: Turn) -> None:
        kind = turn.model
        self._kind = kind
        self._player = Player(turn.player)
        self._view = turn.view
        self._encoded = msgspec.json.encode(turn.view)
        self._hides = hides(kind)
        self._views = Views(kind)
        self._model = kind()
        self._context = self._model._context = Context(now=turn.now)
        self._context.entry = 1
        self._unread: dict[str, str] = {}
        for field in kind.FIELDS:
            if not field.secret:
                self._set(field)
        count = (kind.SEATS or (0, 0))[1]
        players = [Player(player) for player in turn.players]
        seats = (*players[:count], *[None] * (count - len(players)))
        self._context.players = taken(seats)
        self._shown = Standing(1, turn.now, settle(self._model), seats, last_alarm=LAST_TIMER, started=True)
        if not self._hides:
            self._check(self._shown)

    def standing(self, random: Random) -> Standing:
        """How the game may stand: where something is hidden from the player, each time otherwise.

        Args:
            random: where chance comes from.

        Raises:
            BotError: the model does not fill in what the view tells.
        """
        if not self._hides:
            return self._shown
        self._context.seed = random.randbytes(16)
        self._context.begin(1, 0.0)
        restore(self._model, self._shown.image)
        try:
            # Its own each time: the model may change it.
            self._model.determinize(self._player, msgspec.json.decode(self._encoded))
            image = settle(self._model)
        # The author's code, which may raise anything.
        except Exception as error:
            raise BotError(f"{self._kind.__name__}.determinize failed: {shown_fault(error)}") from error
        standing = self._shown._replace(image=image)
        self._check(standing)
        return standing

    def _set(self, field: FieldSpec) -> None:
        """Set a field to what the view shows of it, if it does."""
        name = field.name
        try:
            if name in self._view:
                encoded = msgspec.json.encode(self._view[name])
                setattr(self._model, name, msgspec.json.decode(encoded, type=self._kind.TYPES[name]))
            elif not field.own:
                # What is None is left out of views.
                setattr(self._model, name, field.decode(_NONE))
        except msgspec.ValidationError as error:
            # A view of the model's own may show something else under this name; and what can't be None is hidden.
            self._unread[name] = str(error)

    def _check(self, standing: Standing) -> None:
        """See to it that the player would be shown what they were shown."""
        kind = self._kind.__name__
        try:
            view: dict[str, Any] = self._views.view(standing, self._views.audience(self._player))
        except ViewError as error:
            raise BotError(f"{kind} can't be rebuilt from the view of {self._player!r}: {error}") from error
        if view == self._view:
            return
        names = [name for name in {**self._view, **view} if view.get(name) != self._view.get(name)]
        why = "".join(f"; {name} was not understood: {self._unread[name]}" for name in names if name in self._unread)
        mend = "determinize has to set the fields of which they are made" if self._hides else "is it made of the state?"
        raise BotError(
            f"{kind} can't be rebuilt from the view of {self._player!r}, who would be shown another "
            f"{', '.join(names)}{why}; {mend}"
        )

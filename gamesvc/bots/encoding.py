"""Encoding: a game as those see it who learn to play: what a player is shown as an array, and moves as numbers.

The same one serves the training, in `gamesvc.testing.aec_env`, and the bot that comes of it, `gamesvc.bots.policy`.
"""

from __future__ import annotations

import typing
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import msgspec
import numpy as np

from gamesvc.bots.actions import Actions, EncodingError, Seat
from gamesvc.bots.bot import Choice
from gamesvc.bots.features import Feature, NoFeature, Rules, Vector, feature_of
from gamesvc.fields import FieldSpec
from gamesvc.instance import Instance
from gamesvc.model import GameModel
from gamesvc.options import OptionsError, checked, given

__all__ = ["Array", "Encoding", "EncodingError", "Mask", "Seat"]

Array = np.ndarray[Any, np.dtype[Any]]
Mask = np.ndarray[Any, np.dtype[np.int8]]
"""For each action, 1 where it is legal."""

Observe = Callable[[dict[str, Any], str], Array]
"""An author's own way to see: of a view, and the player whose it is, an array."""

PAD = 16
"""How many items of a list are seen, of which nothing else is known."""

_json = msgspec.json.Encoder().encode
_read = msgspec.json.Decoder().decode


class _Place(NamedTuple):
    """Where in the array a field stands."""

    field: FieldSpec
    start: int
    feature: Feature


class Encoding:
    """How a game looks in numbers: what a player is shown is an array, and what they may do is one number of some.

    Without `observe`, the array is made of the model's fields, by their types; ``str(encoding)`` tells how. It begins
    with one's own seat, and whether one may move; and wherever a player stands in it, oneself comes first, then who
    sits next, and so on: so that a policy plays in any seat.

    Args:
        model: the game's class.
        players: how many play at the most; 0: as many as there are seats.
        options: of the model's ``setup``, by name, in the games that are to be seen.
        actions: the commands that may be chosen, as a client sends them (``{"command": "mark", "cell": 4}``, `Seat`
            for a player) or as `Move`. None: all whose arguments have few values by their types.
        max_actions: how many numbers there are for legal moves beyond these. None: 0 where actions are listed, or where
            all are known; else 256.
        observe: an array of a view and the player whose it is. None: one of the model's fields.
        lengths: of lists, where neither the type nor ``setup`` says it, by their paths: ``columns``, and of the lists
            in it ``columns[]``.
        pad: of lists of which nothing is known. What is beyond the length of a list is not seen.

    Attributes:
        model: the game's class.
        players: how many play at the most.
        actions: how many actions there are.
        size: how many entries the array has; 0 with `observe`, which decides that.

    Raises:
        EncodingError: the game has no seats, or some of this does not fit it.
    """

    def __init__(
        self,
        model: type[GameModel],
        *,
        players: int = 0,
        options: Mapping[str, Any] | None = None,
        actions: Iterable[Any] | None = None,
        max_actions: int | None = None,
        observe: Observe | None = None,
        lengths: Mapping[str, int] | None = None,
        pad: int = PAD,
    ) -> None:
        if model.SEATS is None:
            raise EncodingError(f"{model.__name__} has no seats; write `class {model.__name__}(GameModel, seats=2)`")
        if "legal" not in model.HOOKS:
            raise EncodingError(
                f"{model.__name__} does not say what is legal; write `def legal(self, player: Player) -> "
                "Iterable[Move]`, which yields Move(self.mark, cell=4) and the like"
            )
        self.model = model
        self.players = players or model.SEATS[1]
        self._actions = Actions(model, self.players, actions, max_actions)
        self.actions = self._actions.size
        self._observe = observe
        self._places: list[_Place] = []
        self._left_out: dict[str, str] = {}
        self.size = 0
        if observe is None:
            self._lay_out(dict(options or {}), dict(lengths or {}), pad)

    def __str__(self) -> str:
        known = len(self._actions.known)
        lines = [f"{self.model.__name__}, seen by one of {self.players} players"]
        if self._observe is None:
            lines += [f"  0 to {self.players}: own seat, may move"]
            for field, start, feature in self._places:
                lines.append(f"  {start} to {start + feature.size - 1}: {field.name}: {feature.what}")
            lines += [f"  left out: {name}: {why}" for name, why in self._left_out.items()]
        lines.append(f"{self.actions} actions, {known} of them known beforehand")
        return "\n".join(lines)

    @property
    def low(self) -> Vector:
        """The least that each entry of the array may be: 0 or -1. The most is 1."""
        low = np.zeros(self.size, np.float32)
        for _, start, feature in self._places:
            low[start : start + feature.size] = feature.low
        return low

    @property
    def known(self) -> list[Choice]:
        """The actions that are the same move each time, by their numbers from 0."""
        return [*self._actions.known]

    def encode(self, view: dict[str, Any], player: str, players: Sequence[str]) -> Array:
        """What a player sees, as an array.

        Args:
            view: what they are shown, as JSON gives it.
            player: who.
            players: all who play, in the order of their seats.

        Raises:
            EncodingError: they are too many, or the view is not what the model's fields say.
        """
        if self._observe is not None:
            return self._observe(view, player)
        seats = self._seats(player, players)
        out = np.zeros(self.size, np.float32)
        out[players.index(player)] = 1
        out[self.players] = bool(view.get("legal"))
        for field, start, feature in self._places:
            value = view.get(field.name)
            try:
                if field.own and value is not None:
                    value = value.get(player)
                if value is not None:
                    feature.fill(out[start : start + feature.size], value, seats)
            # A view of the author's own making may show anything under the name of a field.
            except (AttributeError, KeyError, TypeError, ValueError) as error:
                raise EncodingError(
                    f"{self.model.__name__}.view shows something else than the field {field.name!r} under its name: "
                    f"give observe=... ({error})"
                ) from error
        return out

    def legal(self, view: Mapping[str, Any], player: str, players: Sequence[str]) -> dict[int, Choice]:
        """What a player may do, by the numbers of the actions.

        Args:
            view: what they are shown, as JSON gives it.
            player: who.
            players: all who play, in the order of their seats.

        Raises:
            EncodingError: there are no numbers for what is legal.
        """
        return self._actions.legal(view.get("legal", []), self._seats(player, players))

    def mask(self, view: Mapping[str, Any], player: str, players: Sequence[str]) -> Mask:
        """For each action, 1 where it is legal.

        Args:
            view, player, players: as in `legal`.

        Raises:
            EncodingError: there are no numbers for what is legal.
        """
        mask = np.zeros(self.actions, np.int8)
        mask[[*self.legal(view, player, players)]] = 1
        return mask

    def choice(self, action: int, view: Mapping[str, Any], player: str, players: Sequence[str]) -> Choice:
        """The command that an action is, as a client sends it.

        Args:
            action: its number.
            view, player, players: as in `legal`.

        Raises:
            EncodingError: it is not legal, or there are no numbers for what is.
        """
        legal = self.legal(view, player, players)
        if action not in legal:
            numbers = ", ".join(map(str, sorted(legal)[:20]))
            raise EncodingError(f"the action {action} is not legal for {player!r}; of {self.actions}, {numbers} are")
        return legal[action]

    def _seats(self, player: str, players: Sequence[str]) -> dict[str, int]:
        if len(players) > self.players:
            raise EncodingError(f"{len(players)} play, and this encoding is for {self.players}: give players=...")
        own = players.index(player)
        return {each: (seat - own) % len(players) for seat, each in enumerate(players)}

    def _lay_out(self, options: dict[str, Any], lengths: dict[str, int], pad: int) -> None:
        rules = Rules(self.players, lengths, pad, set())
        self.size = self.players + 1
        for field, value in self._set_up(options):
            kind = self.model.TYPES[field.name]
            try:
                # Of these, each is shown their own.
                part = typing.get_args(typing.get_args(kind)[0])[1] if field.own else kind
                path = f"{field.name}[]" if field.own else field.name
                feature = feature_of(part, path, None if field.own else value, rules)
            except NoFeature as error:
                self._left_out[field.name] = str(error)
                continue
            self._places.append(_Place(field, self.size, feature))
            self.size += feature.size
        unknown = lengths.keys() - rules.lists
        if unknown:
            lists = ", ".join(sorted(rules.lists)) or "none"
            raise EncodingError(f"lengths: there is no list {min(unknown)!r}; the lists are {lists}")

    def _set_up(self, options: dict[str, Any]) -> list[tuple[FieldSpec, Any]]:
        """The fields that players are shown, in a game that was set up."""
        try:
            stored = checked(self.model, options)
            instance = Instance(self.model, b"encoding")
            instance.open(0.0, (), given(self.model, stored))
        except OptionsError as error:
            raise EncodingError(f"options: {error}") from None
        image = instance.standing.image
        shown = [both for both in zip(self.model.FIELDS, image, strict=True) if not both[0].secret]
        return [(field, _read(_json(field.decode(value)))) for field, value in shown]

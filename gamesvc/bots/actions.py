"""Actions: the commands of a game as numbers, of which a policy chooses one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import product
from typing import Any, NamedTuple

import msgspec
from msgspec import NODEFAULT

from gamesvc.bots.bot import Choice
from gamesvc.bots.finite import MOST, is_player, values_of, without_none
from gamesvc.model import GameModel
from gamesvc.signatures import CommandSpec

SPARE_ACTIONS = 256
"""How many numbers there are for moves that can't be told beforehand, unless it is said."""

_encode = msgspec.json.Encoder().encode


class EncodingError(ValueError):
    """A game, or what happens in it, does not fit into numbers. The message says what to write."""


class Seat(NamedTuple):
    """A player as an argument of an action: who it is differs from game to game, where they sit does not.

    Attributes:
        ahead: how many seats after one's own; 0 is oneself.
    """

    ahead: int


class _Identity(NamedTuple):
    """What tells the actions of a command from one another: some of its arguments.

    Attributes:
        command: its name.
        arguments: their names, and what each is where it is not given.
        players: those of them that are names of players.
    """

    command: str
    arguments: tuple[tuple[str, Any], ...]
    players: frozenset[str]

    def key(self, choice: Mapping[str, Any], seats: Mapping[str, int]) -> bytes:
        """What all choices have in common that are the same action."""
        parts = [self.command.encode()]
        for name, default in self.arguments:
            value = choice.get(name, default)
            if name in self.players and isinstance(value, str):
                value = Seat(seats.get(value, -1))
            parts.append(b"@%d" % value.ahead if isinstance(value, Seat) else _encode(value))
        return b" ".join(parts)


class Actions:
    """The commands of a game as numbers.

    First come those that are known beforehand: those that were listed, or else all of the commands whose arguments have
    few values by their types, with each of these. Then come numbers for other legal moves, in the order in which
    `legal` names them: such a number is another move each time.

    Args:
        model: the game's class.
        players: how many play at the most.
        listed: the commands that may be chosen, as a client sends them, or as `Move`; None for all of the game's.
        spare: how many numbers there are for other moves; None for `SPARE_ACTIONS` where there may be such, and nothing
            is listed.

    Attributes:
        known: those that are known beforehand.
        size: how many numbers there are.

    Raises:
        EncodingError: what is listed is no command of this game, or there are none.
    """

    def __init__(
        self, model: type[GameModel], players: int, listed: Iterable[Any] | None = None, spare: int | None = None
    ) -> None:
        self._model = model
        self._players = players
        self._identities: dict[str, _Identity] = {}
        self._places: dict[bytes, int] = {}
        self.known: list[Choice] = []
        if listed is None:
            unknown = [spec for spec in model.COMMANDS.values() if not self._add_all_of(spec)]
            self._spare = (SPARE_ACTIONS if unknown else 0) if spare is None else spare
        else:
            self._add_listed([self._checked(each) for each in listed])
            self._spare = spare or 0
        self.size = len(self.known) + self._spare
        if not self.size:
            raise EncodingError(f"{model.__name__}: there is no action; list some, or give max_actions")

    def legal(self, choices: Sequence[Choice], seats: Mapping[str, int]) -> dict[int, Choice]:
        """The legal moves by their numbers.

        Args:
            choices: what `legal` names.
            seats: how many seats after one's own each player has theirs.

        Raises:
            EncodingError: there is no number for them.
        """
        found: dict[int, Choice] = {}
        others: list[Choice] = []
        for choice in choices:
            identity = self._identities.get(choice["command"].lower())
            place = None if identity is None else self._places.get(identity.key(choice, seats))
            if place is None:
                others.append(choice)
            elif place in found:
                raise EncodingError(f"{found[place]} and {choice} are the same action: list them as actions=[...]")
            else:
                found[place] = choice
        # Where the author gives no room for other moves, none of them is made.
        if self._spare:
            if len(others) > self._spare:
                raise EncodingError(
                    f"{len(others)} moves are legal that are not known beforehand, with {self._spare} numbers "
                    f"for them: give max_actions={len(others)} or more"
                )
            found.update(enumerate(others, len(self.known)))
        if choices and not found:
            raise EncodingError(f"of what is legal, nothing is among the actions: {choices[0]} is one to list")
        return found

    def _add(self, identity: _Identity, choice: Choice) -> None:
        place = self._places.setdefault(identity.key(choice, {}), len(self.known))
        if place == len(self.known):
            self.known.append(choice)

    def _add_all_of(self, spec: CommandSpec) -> bool:
        """Whether they are known."""
        values: dict[str, list[Any]] = {}
        count = 1
        for argument in msgspec.structs.fields(spec.arguments):
            found = self._values_of(argument.type)
            if found is not None:
                values[argument.name] = found
                count *= len(found)
            # One that need not be given does not make another action.
            elif argument.default is NODEFAULT:
                return False
        if count > MOST:
            return False
        identity = self._identity(spec, values)
        for combination in product(*values.values()):
            self._add(identity, {"command": spec.name, **dict(zip(values, combination, strict=True))})
        return True

    def _values_of(self, kind: Any) -> list[Any] | None:
        plain, optional = without_none(kind)
        if is_player(plain):
            seats = [Seat(ahead) for ahead in range(self._players)]
            return [None, *seats] if optional else [*seats]
        return values_of(kind)

    def _identity(self, spec: CommandSpec, names: Iterable[str]) -> _Identity:
        fields = {field.name: field for field in msgspec.structs.fields(spec.arguments)}
        identity = _Identity(
            spec.name,
            tuple((name, None if fields[name].default is NODEFAULT else fields[name].default) for name in names),
            frozenset(name for name in names if is_player(without_none(fields[name].type)[0])),
        )
        self._identities[spec.name.lower()] = identity
        return identity

    def _add_listed(self, choices: list[Choice]) -> None:
        for name in dict.fromkeys(choice["command"] for choice in choices):
            these = [choice for choice in choices if choice["command"] == name]
            # What none of them says does not matter: a name that stands beside a number, say.
            told = {argument: None for choice in these for argument in choice if argument != "command"}
            self._identity(self._model.COMMANDS[name.lower()], told)
        for choice in choices:
            self._add(self._identities[choice["command"].lower()], choice)

    def _checked(self, action: Any) -> Choice:
        choice = getattr(action, "choice", action)
        command = choice.get("command") if isinstance(choice, Mapping) else None
        spec = self._model.COMMANDS.get(command.lower()) if isinstance(command, str) else None
        if spec is None:
            commands = ", ".join(each.name for each in self._model.COMMANDS.values())
            raise EncodingError(
                f"{action!r} is no action of {self._model.__name__}: write "
                f'{{"command": name, argument: value, ...}}; the commands are {commands}'
            )
        arguments = {name: value for name, value in choice.items() if name != "command"}
        sent = {name: "somebody" if isinstance(value, Seat) else value for name, value in arguments.items()}
        try:
            msgspec.json.decode(_encode(sent), type=spec.arguments)
        except (msgspec.ValidationError, TypeError) as error:
            raise EncodingError(f"{action!r} is no action of {self._model.__name__}: {error}") from None
        return {"command": spec.name, **arguments}

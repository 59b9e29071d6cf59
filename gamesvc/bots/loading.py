"""What an operator writes for a bot, and the class that is meant by it."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import msgspec

from gamesvc.bots.bot import Bot
from gamesvc.errors import ConfigError, DefinitionError
from gamesvc.installed import Sort, described, find_class
from gamesvc.options import OptionsError, parse
from gamesvc.signatures import hints_of, is_unplain, takes

ENTRY_POINT_GROUP = "gamesvc.bots"

_BOTS = Sort(
    "bot",
    ENTRY_POINT_GROUP,
    {
        "openspiel-mcts": "gamesvc.openspiel.bots:OpenSpielMcts",
        "openspiel-random": "gamesvc.openspiel.bots:OpenSpielRandom",
        "random": "gamesvc.bots.random:RandomBot",
        "search": "gamesvc.bots.search:SearchBot",
    },
    {"numpy": "openspiel", "open_spiel": "openspiel", "pyspiel": "openspiel"},
    Bot,
    "gamesvc.bots.Bot",
)


class BotKind(NamedTuple):
    """A kind of bot, as an operator names it.

    Attributes:
        name: what it is called; without options.
        text: as it was written.
        bot_class: what plays.
        options: what its ``__init__`` is called with.
    """

    name: str
    text: str
    bot_class: type[Bot]
    options: Mapping[str, Any]

    def make(self) -> Bot:
        """A bot of this kind.

        Raises:
            Exception: whatever its class raises.
        """
        return self.bot_class(**self.options)


def load(text: str) -> BotKind:
    """Find a kind of bot, and see to it that one can be made: better now than when it is to play.

    Args:
        text: as `find` takes it.

    Raises:
        ConfigError: it is not there, is no bot, does not take these options, or can't be made.
    """
    kind = find(text)
    made(kind)
    return kind


def made(kind: BotKind) -> Bot:
    """A bot of a kind.

    Raises:
        ConfigError: it can't be made.
    """
    try:
        return kind.make()
    except ConfigError as error:
        raise ConfigError(f"bot {kind.text!r}: {error}") from None
    except (Exception, SystemExit) as error:
        raise ConfigError(f"bot {kind.text!r}: making {kind.bot_class.__name__} failed: {described(error)}") from error


def find(text: str) -> BotKind:
    """Find a kind of bot.

    Args:
        text: a short name (``random``, ``search``, or of an installed package's entry point in the group
            ``gamesvc.bots``), or ``package.module:Class``; with options, as in ``search(seconds=2)``.

    Raises:
        ConfigError: it is not there, is no bot, or does not take these options.
    """
    try:
        name, options = parse(text)
        bot_class: type[Bot] = find_class(_BOTS, name, text)
        _check_methods(bot_class)
        taken = _options_of(bot_class)
        return BotKind(name.rpartition(":")[2], text, bot_class, _checked(taken, options))
    except (DefinitionError, OptionsError) as error:
        raise ConfigError(f"bot {text!r}: {error}") from None


# Mistakes of an author's.


def _check_methods(bot_class: type[Bot]) -> None:
    name = bot_class.__name__
    choose: Any = inspect.getattr_static(bot_class, "choose")
    instead = "write `def choose(self, turn: Turn) -> Choice | None`"
    if choose is vars(Bot)["choose"]:
        raise DefinitionError(f"{name} has no choose; {instead}")
    if inspect.iscoroutinefunction(choose) or inspect.isasyncgenfunction(choose):
        raise DefinitionError(f"{name}.choose: a bot is plain code, without async, and may take its time; {instead}")
    if is_unplain(choose) or not takes(choose, 2):
        raise DefinitionError(f"{name}.choose: {instead}")
    check: Any = inspect.getattr_static(bot_class, "check")
    if is_unplain(check) or not takes(check, 2):
        raise DefinitionError(f"{name}.check: write `def check(self, model: type[GameModel]) -> None`")
    if not isinstance(bot_class.quick, bool):
        raise DefinitionError(f"{name}.quick: write True where choose takes well under a millisecond, or else False")


def _options_of(bot_class: type[Bot]) -> type[msgspec.Struct]:
    """A Struct of the options that ``__init__`` takes."""
    where = f"{bot_class.__name__}.__init__"
    made: Callable[..., None] = bot_class.__init__
    fields: list[tuple[str, Any, Any]] = []
    if made is not object.__init__:
        parameters = [*inspect.signature(made).parameters.values()][1:]
        hints = hints_of(where, made, {})
        for each in parameters:
            written = f"{each.name}: {getattr(hints.get(each.name), '__name__', 'int')} = ..."
            if each.kind in (each.VAR_POSITIONAL, each.VAR_KEYWORD, each.POSITIONAL_ONLY):
                raise DefinitionError(f"{where}: options come by their names; write `{written}`, and no `*` or `/`")
            if each.name not in hints or each.default is each.empty:
                what = "a type" if each.name not in hints else "a default"
                raise DefinitionError(f"{where}: the option {each.name!r} needs {what}; write `{written}`")
            fields.append((each.name, hints[each.name], _default(each.default)))
    try:
        made_of = msgspec.defstruct("Options", fields, kw_only=True, forbid_unknown_fields=True)
        msgspec.json.Decoder(made_of)
    except (TypeError, ValueError) as error:
        raise DefinitionError(f"{where}: an option's type is not usable: {error}") from None
    return made_of


def _default(value: Any) -> Any:
    """What stands for a default in a Struct, which does not take one that could be changed."""
    return msgspec.field(default_factory=lambda: value) if isinstance(value, list | dict | set) else value


def _checked(taken: type[msgspec.Struct], options: Mapping[str, Any]) -> dict[str, Any]:
    try:
        return msgspec.structs.asdict(msgspec.convert(options, taken, str_keys=True))
    except msgspec.ValidationError as error:
        names = ", ".join(taken.__struct_fields__)
        why = str(error).replace("Object contains unknown field", "there is no option").replace(" - at `$.", " - at `")
        raise OptionsError(f"{why}; it takes {names}" if names else "it takes no options") from None

"""What an operator writes for a bot, and the class that is meant by it."""

from __future__ import annotations

import importlib
import inspect
import re
from collections.abc import Callable, Mapping
from difflib import get_close_matches
from importlib.metadata import entry_points
from traceback import walk_tb
from typing import Any, NamedTuple

import msgspec

from gamesvc.bots.bot import Bot
from gamesvc.errors import ConfigError, DefinitionError
from gamesvc.options import OptionsError, parse
from gamesvc.signatures import hints_of, is_unplain, takes

ENTRY_POINT_GROUP = "gamesvc.bots"

_BUILT_IN = {
    "openspiel-mcts": "gamesvc.openspiel.bots:OpenSpielMcts",
    "openspiel-random": "gamesvc.openspiel.bots:OpenSpielRandom",
    "random": "gamesvc.bots.random:RandomBot",
    "search": "gamesvc.bots.search:SearchBot",
}
"""Found here, too, so that they are there where gamesvc runs from its source tree without being installed."""

_EXTRAS = {"numpy": "openspiel", "open_spiel": "openspiel", "pyspiel": "openspiel"}
"""Which extra of gamesvc brings a package that built-in bots need."""

_SPEC = re.compile(r"(?!\d)\w+(?:\.\w+)*:(?!\d)\w+")


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
    try:
        kind.make()
    except ConfigError as error:
        raise ConfigError(f"bot {text!r}: {error}") from None
    except (Exception, SystemExit) as error:
        raise ConfigError(f"bot {text!r}: making {kind.bot_class.__name__} failed: {_describe(error)}") from error
    return kind


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
        bot_class = _class_of(text, name)
        _check_methods(bot_class)
        taken = _options_of(bot_class)
        return BotKind(name if ":" not in name else bot_class.__name__, text, bot_class, _checked(taken, options))
    except (DefinitionError, OptionsError) as error:
        raise ConfigError(f"bot {text!r}: {error}") from None


def _class_of(text: str, bot: str) -> type[Bot]:
    named = {entry.name: entry.value for entry in entry_points(group=ENTRY_POINT_GROUP)} | _BUILT_IN
    if bot not in named and not _SPEC.fullmatch(bot):
        close = get_close_matches(bot, named, 1)
        hint = f"did you mean {close[0]!r}?" if close else f"there are {', '.join(sorted(named))}."
        raise ConfigError(f"bot {text!r}: no bot of this name is installed; {hint} Or write package.module:Class")
    module_name, _, class_name = named.get(bot, bot).partition(":")
    try:
        module = importlib.import_module(module_name)
    except ModuleNotFoundError as error:
        missing = (error.name or "").partition(".")[0]
        if named.get(bot, bot) in _BUILT_IN.values() and missing in _EXTRAS:
            extra = f"pip install 'gamesvc[{_EXTRAS[missing]}]'"
            raise ConfigError(f"bot {text!r}: needs the package {missing!r}; {extra}") from None
        if not f"{module_name}.".startswith(f"{error.name}."):
            raise ConfigError(f"bot {text!r}: importing {module_name} failed: {_describe(error)}") from None
        hint = f"; write {module_name.removesuffix('.py')}:{class_name}" if module_name.endswith(".py") else ""
        raise ConfigError(f"bot {text!r}: there is no module {error.name!r} on the path{hint}") from None
    # An author's module runs here, and whatever is wrong with it is for its author to read.
    except (Exception, SystemExit) as error:
        raise ConfigError(f"bot {text!r}: importing {module_name} failed: {_describe(error)}") from error
    bot_class = getattr(module, class_name, None)
    if bot_class is None:
        raise ConfigError(f"bot {text!r}: the module {module_name} has no {class_name!r}")
    if bot_class is Bot or not (isinstance(bot_class, type) and issubclass(bot_class, Bot)):
        raise ConfigError(f"bot {text!r}: {class_name} is not a subclass of gamesvc.bots.Bot")
    return bot_class


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


def _describe(error: BaseException) -> str:
    if isinstance(error, SyntaxError):
        return f"{type(error).__name__}: {error.msg} ({error.filename}, line {error.lineno})"
    # The innermost line that is not ours.
    frames = [
        (frame.f_code.co_filename, line)
        for frame, line in walk_tb(error.__traceback__)
        if not frame.f_globals.get("__name__", "").startswith(("gamesvc.", "importlib."))
    ]
    where = " ({}, line {})".format(*frames[-1]) if frames else ""
    return f"{type(error).__name__}: {error}{where}"

"""The server's settings: command line, environment and file, in this order of precedence, become one frozen Config."""

from __future__ import annotations

import os
import sys
import tomllib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, fields
from difflib import get_close_matches
from typing import Any, NamedTuple

from twisted.python import usage

import twisted
from gamesvc import __version__
from gamesvc.bot_offer import BotRules
from gamesvc.errors import ConfigError
from gamesvc.limits import Limits
from gamesvc.ports import endpoint
from gamesvc.settings import CONFIG_FILE, SETTINGS, Setting


@dataclass(frozen=True)
class Config:
    """What the server is told.

    Attributes:
        ports: each a TCP port's number or a Twisted endpoint string.
        address: the interface of those `ports` that name none; None: decided by whether tokens are asked for.
        games: what is played; the first is what a new id on the path creates. Empty: all that come along.
        enable_auth: whether tokens are asked for.
        public_key_file: PEM file of the key that verifies tokens.
        token_issuer_uri: who issues tokens.
        private_key_file: PEM file of the key that the server issues tokens with; None: it issues none.
        guests: whether whoever comes is given a token; None: where nobody else issues identities.
        identity_issuer: who else issues identities; None: nobody.
        identity_jwks: where that issuer's keys are.
        identity_audience: for whom its tokens have to be.
        allow_origins: pages that may connect.
        playground: whether there is a page to play on.
        log_level: the lowest that is written.
        journal: where games are kept: ``memory``, ``sqlite:FILE`` or ``postgresql://...``. May hold a password.
        bots: those that may be seated.
        bot_rules: when they play without being asked for.
        bot_processes: how many may think at a time, each in a process of its own; 0: one less than there are cores.
        limits: how much clients may ask for.
        sources: where the value of each setting came from, by the setting's name.
    """

    ports: tuple[str, ...]
    address: str | None
    games: tuple[str, ...]
    enable_auth: bool
    public_key_file: str
    token_issuer_uri: str
    private_key_file: str | None
    guests: bool | None
    identity_issuer: str | None
    identity_jwks: str | None
    identity_audience: str
    allow_origins: tuple[str, ...]
    playground: bool
    log_level: str
    journal: str
    bots: tuple[str, ...]
    bot_rules: BotRules
    bot_processes: int
    limits: Limits
    sources: Mapping[str, str] = field(default_factory=dict, compare=False)

    @contextmanager
    def blaming(self, *settings: str) -> Iterator[None]:
        """Have what turns out to be unusable only later, such as a file that isn't there, name its settings, too.

        Raises:
            ConfigError: one was raised inside; with the settings and their sources.
        """
        try:
            yield
        except ConfigError as error:
            raise ConfigError(f"{error} ({self.sources_of(*settings)})") from None

    def sources_of(self, *settings: str) -> str:
        """Where the values of settings came from, for people."""
        return "; ".join(f"{name}: {self.sources[name]}" for name in settings if name in self.sources)

    @property
    def endpoints(self) -> tuple[str, ...]:
        """What to listen on, as Twisted endpoint strings. Without tokens only loopback, unless told otherwise."""
        return tuple(endpoint(port, self.address, loopback=not self.enable_auth) for port in self.ports)


class _Given(NamedTuple):
    """A value that somebody gave, and where."""

    texts: list[str]
    source: str


def load(options: Mapping[str, list[str]], environment: Mapping[str, str]) -> Config:
    """Settle every setting: options beat the environment, which beats the file, which beats the defaults.

    Args:
        options: what the command line gave, by name.
        environment: the process's.

    Raises:
        ConfigError: a value is not usable, or a key of the file is unknown.
    """
    named = _pick(CONFIG_FILE, options, environment, {})
    file = _read_file(named.texts[-1], named.source) if named.texts else {}
    values: dict[str, Any] = {}
    sources: dict[str, str] = {}
    for setting in SETTINGS:
        given = _pick(setting, options, environment, file)
        values[setting.name.replace("-", "_")] = _value(setting, given)
        sources[setting.name] = given.source
    limits = Limits(**{each.name: values.pop(each.name) for each in fields(Limits)})
    return Config(
        ports=values["port"],
        address=values["address"],
        games=values["game"],
        enable_auth=values["enable_auth"],
        public_key_file=values["public_key_file"],
        token_issuer_uri=values["token_issuer_uri"],
        private_key_file=values["private_key_file"],
        guests=values["guests"],
        identity_issuer=values["identity_issuer"],
        identity_jwks=values["identity_jwks"],
        identity_audience=values["identity_audience"],
        allow_origins=values["allow_origin"],
        playground=values["playground"],
        log_level=values["log_level"],
        journal=values["journal"],
        bots=values["bot"],
        bot_rules=BotRules(
            values["bot_pause"],
            values["fill_with"],
            values["fill_after"],
            values["stand_in"],
            values["stand_in_after"],
        ),
        bot_processes=values["bot_processes"],
        limits=limits,
        sources=sources,
    )


def _pick(
    setting: Setting, options: Mapping[str, list[str]], environment: Mapping[str, str], file: Mapping[str, _Given]
) -> _Given:
    """Who gave a setting its value: the first of all those who may."""
    if setting.name in options:
        return _Given(options[setting.name], f"option --{setting.name}")
    if setting.environment in environment:
        text = environment[setting.environment]
        source = f"environment variable {setting.environment}"
        if not setting.repeatable:
            return _Given([text], source)
        # Nothing at all is a value, and not a good one, where there has to be something.
        return _Given(text.split() or ([""] if setting.default else []), source)
    if setting.name in file:
        return file[setting.name]
    return _Given(setting.default.split() if setting.default is not None else [], "default")


def _value(setting: Setting, given: _Given) -> Any:
    texts, source = given
    values = []
    for text in texts:
        try:
            values.append(setting.parse(text))
        except ValueError as error:
            shown = "" if setting.secret else f" = {text!r}"
            raise ConfigError(f"{setting.name}{shown} ({source}): {error}") from None
    if setting.repeatable:
        if len(set(values)) < len(values):
            raise ConfigError(f"{setting.name} ({source}): one is given twice")
        if not values and setting.default:
            raise ConfigError(f"{setting.name} ({source}): name at least one, or leave it out")
        return tuple(values)
    return values[-1] if values else None


def _read_file(name: str, source: str) -> dict[str, _Given]:
    try:
        with open(name, "rb") as file:
            content = tomllib.load(file)
    except OSError as error:
        raise ConfigError(f"config = {name!r} ({source}): can't read it: {error.strerror}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"config = {name!r} ({source}): not TOML: {error}") from None
    settings = {setting.name: setting for setting in SETTINGS}
    given = {}
    for key, value in content.items():
        if key not in settings and isinstance(value, dict):
            raise ConfigError(f"file {name}: [{key}]: there are no tables here; write the settings without one")
        if key not in settings:
            close = get_close_matches(key, settings, 1)
            hint = f"; did you mean {close[0]}?" if close else "; `twistd gamesvc --help` lists what there is"
            raise ConfigError(f"file {name}: there is no setting {key!r}{hint}")
        listed = value if isinstance(value, list) else [value]
        if (len(listed) != 1 and not settings[key].repeatable) or not all(
            isinstance(each, (str, int, float)) for each in listed
        ):
            wanted = "a text, a number, or a list of these" if settings[key].repeatable else "a text, number or boolean"
            raise ConfigError(f"file {name}: {key}: write {wanted}")
        given[key] = _Given([str(each) for each in listed], f"file {name}")
    return given


class Options(usage.Options):
    """The command line of ``twistd gamesvc``.

    Attributes:
        config: what it says, together with the environment and the file; after parsing.
    """

    synopsis = "[options]"
    longdesc = "Serves multiplayer games over WebSockets. See the README, and docs/protocol.md for the wire."
    config: Config

    def __init__(self) -> None:
        super().__init__()
        self.given: dict[str, list[str]] = {}

    def opt_version(self) -> None:
        """Say which version this is."""
        sys.stdout.write(f"gamesvc {__version__}, Twisted {twisted.__version__}\n")
        raise SystemExit(0)

    def parseArgs(self, *rest: str) -> None:
        if rest:
            raise usage.UsageError(f"there is no argument {rest[0]!r}; options begin with --")

    def parseOptions(self, options: list[str] | None = None) -> None:
        # twistd would print the whole help, put the mistake below it, and exit with status 0.
        try:
            super().parseOptions(options)
            self.config = load(self.given, os.environ)
        except usage.UsageError as error:
            hint = "`twistd gamesvc --help` lists the options; twistd's own, such as --pidfile, go before gamesvc"
            raise SystemExit(f"gamesvc: {error}; {hint}") from None
        except ConfigError as error:
            raise SystemExit(f"gamesvc: {error}") from None


def _add_option(setting: Setting) -> None:
    """usage.Options finds its options as methods named after them: give it one."""

    def give(self: Options, value: str) -> None:
        given = self.given.setdefault(setting.name, [])
        if not setting.repeatable:
            given.clear()
        given.append(value)

    default = f" [default: {setting.default}]" if setting.default else ""
    repeatable = " May be repeated." if setting.repeatable else ""
    doc = f"{setting.doc}{repeatable} [environment: {setting.environment}]{default}"
    name = setting.name.replace("-", "_")
    if setting.is_switch:
        _add_method(f"opt_{name}", lambda self: give(self, "True"), doc)
        _add_method(f"opt_no_{name}", lambda self: give(self, "False"), f"The opposite of --{setting.name}.")
    else:
        _add_method(f"opt_{name}", give, doc)


def _add_method(name: str, method: Callable[..., None], doc: str) -> None:
    method.__doc__ = doc
    setattr(Options, name, method)


for _setting in (*SETTINGS, CONFIG_FILE):
    _add_option(_setting)

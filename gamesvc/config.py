"""The server's settings: command line, environment and file, in this order of precedence, become one frozen Config.

Each setting is one row of `SETTINGS`. From it come the option of ``twistd gamesvc`` with its help, the environment
variable, the key of the TOML file, and the check of its value; so a bad value is always told the same way, with its
source and what would be right.
"""

from __future__ import annotations

import math
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
from gamesvc.ports import endpoint, parse_port

DEFAULT_PORT = 10020
LOG_LEVELS = ("debug", "info", "warn", "error")
MAX_BOT_PROCESSES = 256


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


class Setting(NamedTuple):
    """One setting.

    Attributes:
        name: the option's, and the key in the file.
        environment: the variable's name.
        parse: turns the text of an option or a variable into the value; raises ValueError with what would be right.
        default: its value where nobody says anything, as a text.
        doc: for the help.
        repeatable: may be given several times; in the environment, separated by spaces.
        secret: its value is never shown.
    """

    name: str
    environment: str
    parse: Callable[[str], Any]
    default: str | None
    doc: str
    repeatable: bool = False
    secret: bool = False


def _switch(text: str) -> bool:
    if text.lower() in ("true", "1", "yes", "on"):
        return True
    if text.lower() in ("false", "0", "no", "off", ""):
        return False
    raise ValueError("write True or False")


def _whole(text: str, instead: str = "a whole number, 0 for no bound") -> int:
    if text.isascii() and text.isdigit():
        return int(text)
    raise ValueError(f"write {instead}")


def _number(text: str, instead: str = "a number, 0 for no bound") -> float:
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if math.isfinite(number) and number >= 0:
        return number
    raise ValueError(f"write {instead}")


def _processes(text: str) -> int:
    wanted = f"a whole number, {MAX_BOT_PROCESSES} at the most"
    count = _whole(text, wanted)
    if count > MAX_BOT_PROCESSES:
        raise ValueError(f"write {wanted}")
    return count


def _seconds(text: str) -> float:
    return _number(text, "a number of seconds")


def _text(text: str) -> str:
    if text:
        return text
    raise ValueError("it must not be empty")


def _log_level(text: str) -> str:
    if text in LOG_LEVELS:
        return text
    raise ValueError(f"write one of {', '.join(LOG_LEVELS)}")


def _journal(text: str) -> str:
    if text == "memory" or (text.startswith("sqlite:") and text != "sqlite:"):
        return text
    if text.startswith(("postgresql://", "postgres://")):
        return text
    raise ValueError("write memory, sqlite:FILE or postgresql://USER@HOST/DATABASE")


def _bound(name: str, doc: str) -> Setting:
    default = getattr(Limits, name.replace("-", "_"))
    parse = _whole if isinstance(default, int) else _number
    return Setting(name, "GAMESVC_" + name.upper().replace("-", "_"), parse, f"{default:g}", doc)


SETTINGS = (
    Setting(
        "port",
        "WS_LISTENER_PORT",
        parse_port,
        str(DEFAULT_PORT),
        "Where to listen: a TCP port, or a Twisted endpoint such as ssl:8443:privateKey=key.pem:certKey=cert.pem, "
        "unix:/run/gamesvc.sock or systemd:domain=INET:index=0.",
        repeatable=True,
    ),
    Setting(
        "address",
        "LOCAL_IP",
        _text,
        None,
        "The address that each --port listens on which names none itself. "
        "Default: all addresses with --enable-auth, else loopback only.",
    ),
    Setting(
        "game",
        "GAMESVC_GAME",
        _text,
        None,
        "A kind of game to serve: the name of an installed one, or package.module:Class; with options, "
        "chess(minutes=5). The first is what a new game id creates. Default: greetings, and all that come along.",
        repeatable=True,
    ),
    Setting("enable-auth", "ENABLE_AUTH", _switch, "False", "Ask for tokens."),
    Setting("public-key-file", "PUBLIC_KEY_FILE", _text, "public_key.pem", "PEM file of the key that verifies tokens."),
    Setting(
        "token-issuer-uri", "TOKEN_ISSUER_URI", _text, "urn:ece4564:token-issuer", "Who issues tokens: their claim iss."
    ),
    Setting(
        "private-key-file",
        "GAMESVC_PRIVATE_KEY_FILE",
        _text,
        None,
        "PEM file of the key that the lobby issues tokens with: the other half of --public-key-file. Without it the "
        "lobby makes no games where tokens are asked for.",
    ),
    Setting(
        "guests",
        "GAMESVC_GUESTS",
        _switch,
        None,
        "Give a token to whoever comes. Default: yes, where there is no --identity-issuer.",
    ),
    Setting(
        "identity-issuer", "GAMESVC_IDENTITY_ISSUER", _text, None, "Who issues identities: the claim iss of its tokens."
    ),
    Setting(
        "identity-jwks",
        "GAMESVC_IDENTITY_JWKS",
        _text,
        None,
        "Where that issuer's keys are: an https address of a JSON Web Key Set.",
    ),
    Setting(
        "identity-audience",
        "GAMESVC_IDENTITY_AUDIENCE",
        _text,
        "gamesvc",
        "For whom that issuer's tokens have to be: their claim aud.",
    ),
    Setting(
        "allow-origin",
        "GAMESVC_ALLOW_ORIGIN",
        _text,
        "",
        "An origin whose pages may connect, such as https://game.example; * for all, null for local files. "
        "Pages from this server's own address always may.",
        repeatable=True,
    ),
    Setting("playground", "GAMESVC_PLAYGROUND", _switch, "True", "Serve a page to play on, at /."),
    Setting("log-level", "GAMESVC_LOG_LEVEL", _log_level, "info", f"What to log: {', '.join(LOG_LEVELS)}."),
    Setting(
        "journal",
        "GAMESVC_JOURNAL",
        _journal,
        "sqlite:gamesvc.sqlite",
        "Where games are: sqlite:FILE, postgresql://USER@HOST/DATABASE, or memory for no longer than the server runs.",
        secret=True,
    ),
    Setting(
        "bot",
        "GAMESVC_BOT",
        _text,
        "random search",
        "A bot that may be seated: the name of an installed one, or package.module:Class; with options, "
        "search(seconds=2).",
        repeatable=True,
    ),
    Setting(
        "fill-with", "GAMESVC_FILL_WITH", _text, None, "The bot that takes the seats for which somebody waits too long."
    ),
    Setting("fill-after", "GAMESVC_FILL_AFTER", _seconds, "10", "Seconds that somebody waits for others before that."),
    Setting("stand-in", "GAMESVC_STAND_IN", _text, None, "The bot that plays for a player who stays away."),
    Setting("stand-in-after", "GAMESVC_STAND_IN_AFTER", _seconds, "60", "Seconds that a player is away before that."),
    Setting("bot-pause", "GAMESVC_BOT_PAUSE", _seconds, "0.5", "Seconds that a bot waits before it thinks."),
    Setting(
        "bot-processes",
        "GAMESVC_BOT_PROCESSES",
        _processes,
        "0",
        "How many bots may think at a time, each in a process of its own; 0: one less than there are cores.",
    ),
    _bound("max-header-bytes", "Bytes of an opening request."),
    _bound("max-message-bytes", "Bytes of a message from a client."),
    _bound("commands-per-second", "Commands a second from a connection, in the long run."),
    _bound("command-burst", "Commands that a connection may send at once."),
    _bound("frames-per-second", "WebSocket frames a second from a connection."),
    _bound("handshake-timeout", "Seconds for the opening handshake."),
    _bound("ping-interval", "Seconds between pings."),
    _bound("ping-timeout", "Seconds for the answer to a ping."),
    _bound("max-connections", "Connections to this server."),
    _bound("max-connections-per-player", "Connections of a player to one game; the oldest goes."),
    _bound("max-connections-per-address", "Connections from one network address."),
    _bound("max-games-per-player", "Games that are awake and that one player opened."),
    _bound("max-games", "Games that are awake."),
    _bound("idle-game-seconds", "Seconds that a game stays awake when nobody is connected to it."),
)

CONFIG_FILE = Setting("config", "GAMESVC_CONFIG", _text, None, "TOML file of settings, named as these options are.")


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
    if setting.parse is _switch:
        _add_method(f"opt_{name}", lambda self: give(self, "True"), doc)
        _add_method(f"opt_no_{name}", lambda self: give(self, "False"), f"The opposite of --{setting.name}.")
    else:
        _add_method(f"opt_{name}", give, doc)


def _add_method(name: str, method: Callable[..., None], doc: str) -> None:
    method.__doc__ = doc
    setattr(Options, name, method)


for _setting in (*SETTINGS, CONFIG_FILE):
    _add_option(_setting)

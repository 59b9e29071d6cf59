"""The settings, one row each: what operators may set, how it is named, and what its value has to be.

From a row come the option of ``twistd gamesvc`` with its help, the environment variable, the key of the TOML file, and
the check of its value; so a bad value is always told the same way, with its source and what would be right.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, NamedTuple

from gamesvc.limits import Limits
from gamesvc.ports import parse_port

DEFAULT_PORT = 10020
LOG_LEVELS = ("debug", "info", "warn", "error")
MAX_BOT_PROCESSES = 256


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

    @property
    def is_switch(self) -> bool:
        """Whether it is on or off, and needs no value on the command line."""
        return self.parse is _switch


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

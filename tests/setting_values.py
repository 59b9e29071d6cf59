"""Values of the settings, good and bad ones, as tests give them."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

from gamesvc.limits import Limits
from gamesvc.settings import Setting

BOUNDS = {field.name.replace("_", "-"): field for field in fields(Limits)}

# What operators were told; a change here breaks their set-ups.
DEFAULTS = {
    "port": ("10020",),
    "address": None,
    "game": (),
    "enable-auth": False,
    "public-key-file": "public_key.pem",
    "token-issuer-uri": "urn:ece4564:token-issuer",
    "private-key-file": None,
    "guests": None,
    "identity-issuer": None,
    "identity-jwks": None,
    "identity-audience": "gamesvc",
    "allow-origin": (),
    "playground": True,
    "log-level": "info",
    "journal": "sqlite:gamesvc.sqlite",
    "bot": ("random", "search"),
    "fill-with": None,
    "fill-after": 10.0,
    "stand-in": None,
    "stand-in-after": 60.0,
    "bot-pause": 0.5,
    "bot-processes": 0,
    "max-header-bytes": 16384,
    "max-message-bytes": 65536,
    "commands-per-second": 20.0,
    "command-burst": 40,
    "frames-per-second": 200.0,
    "handshake-timeout": 5.0,
    "ping-interval": 20.0,
    "ping-timeout": 10.0,
    "max-connections": 10_000,
    "max-connections-per-player": 4,
    "max-connections-per-address": 0,
    "max-games-per-player": 100,
    "max-games": 10_000,
    "idle-game-seconds": 300.0,
}
VARIABLES = {
    "port": "WS_LISTENER_PORT",
    "address": "LOCAL_IP",
    "enable-auth": "ENABLE_AUTH",
    "public-key-file": "PUBLIC_KEY_FILE",
    "token-issuer-uri": "TOKEN_ISSUER_URI",
    "config": "GAMESVC_CONFIG",
}
SWITCHES = ("enable-auth", "guests", "playground")
# A good value as a text, what it means, and another one.
GOOD = {
    "port": ("8080", ("8080",), "8081"),
    "address": ("192.0.2.1", "192.0.2.1", "192.0.2.2"),
    "game": ("chess", ("chess",), "boardgames:Draughts"),
    "enable-auth": ("True", True, "False"),
    "public-key-file": ("a.pem", "a.pem", "b.pem"),
    "token-issuer-uri": ("urn:a", "urn:a", "urn:b"),
    "private-key-file": ("a.pem", "a.pem", "b.pem"),
    "guests": ("False", False, "True"),
    "identity-issuer": ("https://id.example", "https://id.example", "urn:b"),
    "identity-jwks": ("https://id.example/keys", "https://id.example/keys", "https://id.example/b"),
    "identity-audience": ("urn:games", "urn:games", "urn:b"),
    "allow-origin": ("https://a.example", ("https://a.example",), "null"),
    "playground": ("False", False, "True"),
    "log-level": ("debug", "debug", "error"),
    "journal": ("memory", "memory", "postgresql://gamesvc@db.example/games"),
    "bot": ("my.bots:Clever(depth=3)", ("my.bots:Clever(depth=3)",), "search(seconds=2)"),
    "fill-with": ("random", "random", "search"),
    "fill-after": ("2.5", 2.5, "0"),
    "stand-in": ("random", "random", "search"),
    "stand-in-after": ("2.5", 2.5, "0"),
    "bot-pause": ("2.5", 2.5, "0"),
    "bot-processes": ("7", 7, "8"),
}
# Bad values, and a word of what would be right.
BAD = {
    "port": [
        *(("65536", "65535"), ("-1", "65535"), ("eighty", "65535"), ("127.0.0.1:80", "65535"), ("8080 ", "65535")),
        *(("\u0663", "65535"), ("::1", "endpoint"), ("1e3", "65535")),
    ],
    "address": [("", "empty")],
    "game": [("", "empty")],
    "enable-auth": [("maybe", "True or False"), ("2", "True or False")],
    "public-key-file": [("", "empty")],
    "token-issuer-uri": [("", "empty")],
    "allow-origin": [("", "empty")],
    "playground": [("maybe", "True or False"), ("2", "True or False")],
    "guests": [("maybe", "True or False"), ("2", "True or False")],
    "log-level": [("loud", "debug, info, warn, error"), ("INFO", "info"), ("", "info")],
    "journal": [
        *(("", "memory, sqlite:FILE or postgresql://"), ("sqlite", "sqlite:FILE"), ("sqlite:", "sqlite:FILE")),
        *(("Memory", "memory"), ("memory:", "memory"), ("games.sqlite", "sqlite:FILE"), ("SQLITE:x", "sqlite:FILE")),
        *(("mysql://alice:hunter2@db.example/games", "postgresql://"), ("alice:hunter2@db.example", "postgresql://")),
    ],
}
for name in "private-key-file", "identity-issuer", "identity-jwks", "identity-audience":
    BAD[name] = [("", "empty")]
for name in "bot", "fill-with", "stand-in":
    BAD[name] = [("", "empty")]
for name in "fill-after", "stand-in-after", "bot-pause":
    BAD[name] = [(text, "seconds") for text in ("-1", "nan", "inf", "", "1,5", "soon")]
BAD["bot-processes"] = [(text, "256 at the most") for text in ("-1", "1.5", "", "many", "\u0663", "257", "1" * 4000)]
BAD_WHOLE = [("-1", "whole number"), ("1.5", "whole number"), ("", "whole number"), ("many", "0 for no bound")]
BAD_NUMBER = [("-1", "0 for no bound"), ("nan", "number"), ("inf", "number"), ("", "number"), ("1,5", "number")]


def is_whole(setting: Setting) -> bool:
    return isinstance(BOUNDS[setting.name].default, int)


def good(setting: Setting) -> tuple[str, Any, str]:
    if setting.name in BOUNDS:
        return ("7", 7, "8") if is_whole(setting) else ("7.5", 7.5, "8")
    return GOOD[setting.name]


def bad(setting: Setting) -> list[tuple[str, str]]:
    return BAD.get(setting.name) or (BAD_WHOLE if is_whole(setting) else BAD_NUMBER)

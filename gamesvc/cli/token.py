"""``gamesvc token``: issue a token, to try a server with, or from a script."""

from __future__ import annotations

import argparse
import os
import time
from typing import Any

from gamesvc.auth import MAX_LIFETIME_SECONDS, TokenGenerator
from gamesvc.cli import passphrase
from gamesvc.keys import load_private_key

ISSUER_VARIABLE, DEFAULT_ISSUER = "TOKEN_ISSUER_URI", "urn:ece4564:token-issuer"
KEY_VARIABLE, DEFAULT_KEY = "PRIVATE_KEY_FILE", "private_key.pem"
SERVERS_KEY_VARIABLE = "GAMESVC_PRIVATE_KEY_FILE"


def add(commands: Any) -> None:
    """Describe the arguments."""
    parser = commands.add_parser(
        "token", help="issue a token", description="Issue a token that admits a player to a game, and print it."
    )
    parser.add_argument("--game", required=True, metavar="ID", help="the game's id")
    parser.add_argument("--player", required=True, metavar="NAME", help="who gets the token")
    parser.add_argument(
        "--players", metavar="NAMES", help="all the game's players, in the order of their seats: alice,bob"
    )
    parser.add_argument("--spectate", action="store_true", help="may watch without being one of the players")
    parser.add_argument("--operate", action="store_true", help="may have bots play in the game")
    parser.add_argument(
        "--lifetime",
        type=float,
        default=3600.0,
        metavar="SECONDS",
        help=f"how long it is valid (default: 3600, at most {MAX_LIFETIME_SECONDS:.0f})",
    )
    parser.add_argument(
        "--private",
        "--private-key-file",
        default=os.environ.get(KEY_VARIABLE, os.environ.get(SERVERS_KEY_VARIABLE, DEFAULT_KEY)),
        metavar="FILE",
        help=f"the private key (environment: {KEY_VARIABLE}, or the server's {SERVERS_KEY_VARIABLE}; default:"
        f" {DEFAULT_KEY})",
    )
    parser.add_argument(
        "--issuer",
        default=os.environ.get(ISSUER_VARIABLE, DEFAULT_ISSUER),
        metavar="URI",
        help=f"who issues it (environment: {ISSUER_VARIABLE}; default: {DEFAULT_ISSUER})",
    )
    parser.set_defaults(run=run)


def run(given: argparse.Namespace) -> None:
    """Issue the token."""
    generator = TokenGenerator(given.issuer, load_private_key(given.private, passphrase.ask), time.time)
    players = [name.strip() for name in given.players.split(",")] if given.players else None
    if players is not None and given.player not in players and not given.spectate:
        raise ValueError(f"{given.player!r} is not one of --players, and could only watch: add --spectate")
    token = generator.generate(
        given.game,
        given.player,
        players,
        spectate=given.spectate,
        operate=given.operate,
        lifetime=given.lifetime,
    )
    print(token)

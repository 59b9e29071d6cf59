"""``gamesvc keys``: make a key pair for tokens."""

from __future__ import annotations

import argparse
from typing import Any

from gamesvc.cli import passphrase
from gamesvc.keys import KEY_TYPES, check_new, make_key_pair


def add(commands: Any) -> None:
    """Describe the arguments."""
    parser = commands.add_parser(
        "keys",
        help="make a key pair for tokens",
        description="Make a key pair: the private key signs tokens, the public one is what the server needs.",
    )
    parser.add_argument("--type", choices=KEY_TYPES, default=KEY_TYPES[0], help="kind of key (default: %(default)s)")
    parser.add_argument("--private", default="private_key.pem", metavar="FILE", help="default: %(default)s")
    parser.add_argument("--public", default="public_key.pem", metavar="FILE", help="default: %(default)s")
    parser.add_argument(
        "--passphrase",
        action="store_true",
        help=f"encrypt the private key; the passphrase comes from a prompt or from {passphrase.VARIABLE}",
    )
    parser.set_defaults(run=run)


def run(given: argparse.Namespace) -> None:
    """Make the pair."""
    check_new(given.private, given.public)
    secret = passphrase.ask(twice=True) if given.passphrase else ""
    make_key_pair(given.type, given.private, given.public, secret)
    print(f"{given.private}: the private key. Keep it where tokens are issued, and nowhere else.")
    print(f"{given.public}: the public key. Start the server with --enable-auth --public-key-file {given.public}")

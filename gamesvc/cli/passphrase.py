"""Where the passphrase of a private key comes from: a variable, or a prompt. Never the command line, which others
on the machine can read."""

from __future__ import annotations

import getpass
import os
import sys

from gamesvc.errors import ConfigError

VARIABLE = "PRIVATE_KEY_PASSPHRASE"


def ask(twice: bool = False) -> str:
    """The passphrase, from the variable ``PRIVATE_KEY_PASSPHRASE``, else from a prompt.

    Args:
        twice: for a new one, which might be mistyped.

    Raises:
        ConfigError: there is nobody to ask, it is empty, or the two differ.
    """
    if VARIABLE in os.environ:
        passphrase = os.environ[VARIABLE]
    elif not sys.stdin.isatty():
        raise ConfigError(f"a passphrase is needed: set the variable {VARIABLE}, or run this at a terminal")
    else:
        try:
            passphrase = getpass.getpass("Passphrase: ")
            if twice and getpass.getpass("Once more: ") != passphrase:
                raise ConfigError("the two passphrases differ; nothing was written")
        except EOFError:
            raise ConfigError("no passphrase was given") from None
    if not passphrase:
        hint = ": leave --passphrase out for a key that is not encrypted" if twice else ""
        raise ConfigError(f"the passphrase is empty{hint}")
    return passphrase

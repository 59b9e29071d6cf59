"""Whom to trust where a server speaks TLS: the certificates in a file, for the commands that connect to one."""

from __future__ import annotations

import argparse
import ssl
from pathlib import Path
from typing import Any

from gamesvc.errors import ConfigError

# What OpenSSL, Autobahn and websockets say. TLS that is spoken to in the clear answers with an alert, or hangs up.
_NO_TLS = ("wrong version number", "packet length too long", "record layer failure")
_NO_HTTP = ("did not receive a valid HTTP response", "what came is no answer", "the connection was closed")
_NOT_FOR_LACK_OF_TRUST = ("mismatch", "expired", "not yet valid")


def add_ca_file(parser: argparse.ArgumentParser) -> None:
    """Describe the option that names the file."""
    parser.add_argument(
        "--ca-file",
        metavar="FILE",
        help="for wss: holds the certificates, in PEM, of whom to trust instead of those whom this system trusts",
    )


def ca_file(given: argparse.Namespace) -> str | None:
    """The file that was named; None where none was.

    Args:
        given: on the command line, the server's ``url`` among it.

    Raises:
        ConfigError: there are no certificates where the server is.
    """
    if given.ca_file is not None and given.url.lower().startswith("ws://"):
        raise ConfigError("--ca-file is for TLS, and the address begins with ws://: write wss://")
    named: str | None = given.ca_file
    return named


def advice(url: str, why: str) -> str:
    """What to try where TLS was, or may have been, the reason why a server could not be reached.

    Args:
        url: the game's address.
        why: what the client says.

    Returns:
        It, to be written behind that; empty where there is none.
    """
    if not url.lower().startswith("wss:"):
        is_no_http = any(said in why for said in _NO_HTTP)
        return "; where the server speaks TLS, write wss:// instead of ws://" if is_no_http else ""
    if any(said in why for said in _NO_TLS):
        return "; where the server does not speak TLS, write ws:// instead of wss://"
    if "certificate verify failed" in why and not any(said in why for said in _NOT_FOR_LACK_OF_TRUST):
        return "; --ca-file FILE says whom to trust where this system does not know who signed the certificate"
    return ""


def trusted_by_ssl(file: str) -> ssl.SSLContext:
    """Whom the certificates in a file name, and nobody else, for Python's own TLS.

    Raises:
        ConfigError: there are none in it, or it can't be read.
    """
    try:
        return ssl.create_default_context(cafile=file)
    except (OSError, ValueError) as error:
        why = "there is no certificate in it" if isinstance(error, ssl.SSLError) else getattr(error, "strerror", error)
        raise ConfigError(f"CA file {file!r}: {why}") from None


def trusted_by_twisted(file: str) -> Any:
    """The same for Twisted: what `optionsForClientTLS` takes as its ``trustRoot``.

    Raises:
        ConfigError: there are none in it, or it can't be read.
    """
    # The command line is quicker without these, and most of it needs none.
    from cryptography.hazmat.primitives.serialization import Encoding
    from cryptography.x509 import load_pem_x509_certificates
    from twisted.internet.ssl import Certificate, trustRootFromCertificates

    # What is wrong with a file is the same for both.
    trusted_by_ssl(file)
    try:
        found = load_pem_x509_certificates(Path(file).read_bytes())
    except (OSError, ValueError) as error:
        raise ConfigError(f"CA file {file!r}: {error}") from None
    return trustRootFromCertificates([Certificate.load(each.public_bytes(Encoding.DER)) for each in found])

"""Key pairs that tokens are signed with. The algorithm follows from the key's type; a token has no say in it."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes, PublicKeyTypes
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    KeySerializationEncryption,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
)

from gamesvc.errors import ConfigError

MIN_RSA_BITS = 2048

PrivateKey = ed25519.Ed25519PrivateKey | ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey
PublicKey = ed25519.Ed25519PublicKey | ec.EllipticCurvePublicKey | rsa.RSAPublicKey

_GENERATE: dict[str, Callable[[], PrivateKey]] = {
    "ed25519": ed25519.Ed25519PrivateKey.generate,
    "p256": lambda: ec.generate_private_key(ec.SECP256R1()),
    "rsa": lambda: rsa.generate_private_key(public_exponent=65537, key_size=3072),
}
KEY_TYPES = tuple(_GENERATE)


@dataclass(frozen=True)
class VerifyingKey:
    """A public key, and the one algorithm that its tokens are signed with (a name of RFC 7518 or RFC 8037)."""

    algorithm: str
    key: PublicKey


@dataclass(frozen=True)
class SigningKey:
    """A private key, and the one algorithm that it signs with."""

    algorithm: str
    key: PrivateKey


def algorithm_of(key: PublicKeyTypes, where: str) -> VerifyingKey:
    """Pin the algorithm of a public key.

    Args:
        key: the key.
        where: its file, for the message.

    Raises:
        ConfigError: tokens can't be signed with this kind of key.
    """
    if isinstance(key, ed25519.Ed25519PublicKey):
        return VerifyingKey("EdDSA", key)
    if isinstance(key, ec.EllipticCurvePublicKey) and isinstance(key.curve, ec.SECP256R1):
        return VerifyingKey("ES256", key)
    if isinstance(key, rsa.RSAPublicKey):
        if key.key_size < MIN_RSA_BITS:
            raise ConfigError(f"{where}: the RSA key has {key.key_size} bits, at least {MIN_RSA_BITS} are needed")
        return VerifyingKey("RS256", key)
    raise ConfigError(f"{where}: not a key for tokens; make an Ed25519, P-256 or RSA key with `gamesvc keys`")


def load_public_key(path: str) -> VerifyingKey:
    """Read a public key from a PEM file.

    Raises:
        ConfigError: there is none, or none that is usable.
    """
    pem = _read(path, "public key")
    if b"PRIVATE KEY" in pem:
        raise ConfigError(f"{path}: this is a private key; the server needs the public one, and only that")
    try:
        key = load_pem_public_key(pem)
    except (ValueError, UnsupportedAlgorithm):
        raise ConfigError(f"{path}: not a public key in PEM form (-----BEGIN PUBLIC KEY-----)") from None
    return algorithm_of(key, path)


def load_private_key(path: str, passphrase: Callable[[], str]) -> SigningKey:
    """Read a private key from a PEM file.

    Args:
        path: the file.
        passphrase: asked only where the key is encrypted.

    Raises:
        ConfigError: there is none, none that is usable, or the passphrase is wrong.
    """
    pem = _read(path, "private key")
    encrypted = b"ENCRYPTED" in pem
    try:
        key: PrivateKeyTypes = load_pem_private_key(pem, passphrase().encode() if encrypted else None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        wrong = "the passphrase is wrong, or this is" if encrypted else "this is"
        raise ConfigError(f"{path}: {wrong} not a private key in PEM form (-----BEGIN PRIVATE KEY-----)") from None
    if not isinstance(key, PrivateKey):
        raise ConfigError(f"{path}: not a key for tokens; make one with `gamesvc keys`")
    return SigningKey(algorithm_of(key.public_key(), path).algorithm, key)


def check_new(private: str, public: str) -> None:
    """See to it that a key pair would overwrite nothing, before anybody is asked for a passphrase.

    Raises:
        ConfigError: a file is there, or both halves would go into one.
    """
    if os.path.abspath(private) == os.path.abspath(public):
        raise ConfigError(f"{private}: the two halves of a key pair need two files")
    for path in (private, public):
        if os.path.lexists(path):
            raise ConfigError(f"{path}: is there already; move it away, or choose another name")


def make_key_pair(kind: str, private: str, public: str, passphrase: str = "") -> None:
    """Make a key pair, as two PEM files. Files that are there are never overwritten.

    Args:
        kind: one of `KEY_TYPES`.
        private: path of the private key's file, which only its owner can read.
        public: path of the public key's file.
        passphrase: encrypts the private key; empty leaves it as it is.

    Raises:
        ConfigError: a file is there, or can't be written, or both halves would go into one.
    """
    check_new(private, public)
    key = _GENERATE[kind]()
    encryption: KeySerializationEncryption = (
        BestAvailableEncryption(passphrase.encode()) if passphrase else NoEncryption()
    )
    secret = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, encryption)
    open_one = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    _write_new(private, secret, 0o600)
    try:
        _write_new(public, open_one, 0o644)
    except ConfigError:
        with contextlib.suppress(OSError):
            os.unlink(private)
        raise


def _read(path: str, what: str) -> bytes:
    try:
        return Path(path).read_bytes()
    except OSError as error:
        hint = "; make a pair with `gamesvc keys`" if isinstance(error, FileNotFoundError) else ""
        raise ConfigError(f"{path}: can't read the {what}: {error.strerror}{hint}") from None


def _write_new(path: str, content: bytes, mode: int) -> None:
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    except FileExistsError:
        raise ConfigError(f"{path}: is there already; move it away, or choose another name") from None
    except OSError as error:
        raise ConfigError(f"{path}: can't write it: {error.strerror}") from None
    try:
        with os.fdopen(descriptor, "wb") as file:
            # What the umask leaves may be less than was asked for the public key, never more for the private one.
            os.fchmod(descriptor, mode)
            file.write(content)
    except OSError as error:
        os.unlink(path)
        raise ConfigError(f"{path}: can't write it: {error.strerror}") from None

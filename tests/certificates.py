"""Certificates that are made for a test, and authorities that certify them."""

from __future__ import annotations

import datetime
import ipaddress
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

LOOPBACK = "127.0.0.1"


class Authority:
    """Who certifies that a key is a host's.

    Args:
        name: what it is called.

    Attributes:
        pem: its own certificate.
    """

    def __init__(self, name: str) -> None:
        self._name = _called(name)
        self._key = ec.generate_private_key(ec.SECP256R1())
        made = _begun(self._name, self._name, self._key).add_extension(
            x509.BasicConstraints(ca=True, path_length=None), critical=True
        )
        self.pem = made.sign(self._key, SHA256()).public_bytes(Encoding.PEM)

    def write(self, file: Path) -> None:
        """Write its certificate to a file, behind those that are there."""
        with file.open("ab") as there:
            there.write(self.pem)

    def certify(self, address: str = LOOPBACK) -> bytes:
        """A new private key for a host and its certificate, in PEM.

        Args:
            address: the host's, of IP.
        """
        key = ec.generate_private_key(ec.SECP256R1())
        made = _begun(_called(address), self._name, key).add_extension(_host(address), critical=False)
        certificate = made.sign(self._key, SHA256()).public_bytes(Encoding.PEM)
        return _unencrypted(key) + certificate


def certify_in(directory: Path) -> None:
    """Make an authority (``ca.pem``), and have it certify a key for the loopback address (both in ``server.pem``)."""
    authority = Authority("our authority")
    authority.write(directory / "ca.pem")
    (directory / "server.pem").write_bytes(authority.certify())


def make_certificate(key_file: Path, certificate_file: Path) -> None:
    """Make a key, and a certificate for this machine that nobody but itself vouches for."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = _called("gamesvc's tests")
    made = _begun(name, name, key).add_extension(_host(LOOPBACK), critical=False)
    made = made.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
    key_file.write_bytes(_unencrypted(key))
    certificate_file.write_bytes(made.sign(key, SHA256()).public_bytes(Encoding.PEM))


def _host(address: str) -> x509.SubjectAlternativeName:
    return x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(address))])


def _unencrypted(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def _called(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])


def _begun(name: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePrivateKey) -> x509.CertificateBuilder:
    now = datetime.datetime.now(datetime.UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=30))
    )

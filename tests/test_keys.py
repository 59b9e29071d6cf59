"""Key pairs, and the files that they are kept in."""

from __future__ import annotations

import os
import resource
import stat
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed448, ed25519, rsa, x25519
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from gamesvc.errors import ConfigError
from gamesvc.keys import KEY_TYPES, PrivateKey, algorithm_of, load_private_key, load_public_key, make_key_pair

FAST = settings(deadline=None, database=None, max_examples=100)
ALGORITHMS = {"ed25519": "EdDSA", "p256": "ES256", "rsa": "RS256"}


def private_pem(key: PrivateKeyTypes) -> bytes:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def public_pem(key: PrivateKeyTypes) -> bytes:
    return key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


def unasked() -> str:
    raise AssertionError("asked for the passphrase of a key that has none")


class InADirectory(SynchronousTestCase):
    def setUp(self) -> None:
        self.directory = Path(self.mktemp())
        self.directory.mkdir()
        self.private, self.public = str(self.directory / "private.pem"), str(self.directory / "public.pem")

    def mode(self, path: str) -> int:
        return stat.S_IMODE(os.stat(path).st_mode)

    def told(self, path: str) -> str:
        """What is told of a public key's file that can't be used."""
        message = str(self.assertRaises(ConfigError, load_public_key, path))
        self.assertTrue(message.startswith(f"{path}: "), message)
        return message

    def written(self, content: bytes) -> str:
        path = self.directory / "key.pem"
        path.write_bytes(content)
        return str(path)


class Making(InADirectory):
    def test_each_kind_is_made_as_a_pair_whose_halves_belong_together(self) -> None:
        self.assertEqual(sorted(KEY_TYPES), sorted(ALGORITHMS))
        self.assertEqual(KEY_TYPES[0], "ed25519")
        for kind in KEY_TYPES:
            private, public = self.private + kind, self.public + kind
            make_key_pair(kind, private, public)
            signing, verifying = load_private_key(private, unasked), load_public_key(public)
            self.assertEqual((signing.algorithm, verifying.algorithm), (ALGORITHMS[kind], ALGORITHMS[kind]))
            self.assertEqual(signing.key.public_key(), verifying.key)

    def test_only_the_owner_reads_the_private_key_whatever_the_umask(self) -> None:
        for umask in (0o000, 0o022, 0o777):
            self.addCleanup(os.umask, os.umask(umask))
            private, public = f"{self.private}{umask}", f"{self.public}{umask}"
            make_key_pair("ed25519", private, public)
            self.assertEqual((self.mode(private), self.mode(public)), (0o600, 0o644), oct(umask))

    def test_a_file_that_is_there_is_never_overwritten_and_no_half_pair_is_left(self) -> None:
        for there, other in ((self.private, self.public), (self.public, self.private)):
            Path(there).write_text("precious")
            message = str(self.assertRaises(ConfigError, make_key_pair, "ed25519", self.private, self.public))
            self.assertTrue(message.startswith(f"{there}: is there already"), message)
            self.assertEqual(Path(there).read_text(), "precious")
            self.assertFalse(os.path.lexists(other))
            os.unlink(there)

    def test_a_file_that_comes_while_the_key_is_made_is_not_overwritten_either(self) -> None:
        Path(self.private).write_text("precious")
        self.patch(os.path, "lexists", lambda path: False)
        self.assertRaises(ConfigError, make_key_pair, "ed25519", self.private, self.public)
        self.assertEqual(Path(self.private).read_text(), "precious")

    def test_a_link_is_not_followed(self) -> None:
        target = self.directory / "target"
        os.symlink(target, self.private)
        self.assertRaises(ConfigError, make_key_pair, "ed25519", self.private, self.public)
        self.assertFalse(target.exists())

    def test_a_place_that_can_not_be_written_to_is_told(self) -> None:
        nowhere = str(self.directory / "nowhere" / "key.pem")
        for private, public in ((nowhere, self.public), (self.private, nowhere)):
            message = str(self.assertRaises(ConfigError, make_key_pair, "ed25519", private, public))
            self.assertEqual(message, f"{nowhere}: can't write it: No such file or directory")
            self.assertEqual(list(self.directory.iterdir()), [])

    def test_a_full_disk_is_told_and_leaves_no_half_file(self) -> None:
        soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (10, hard))
        try:
            error = self.assertRaises(ConfigError, make_key_pair, "ed25519", self.private, self.public)
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        self.assertTrue(str(error).startswith(f"{self.private}: can't write it: "), error)
        self.assertEqual(list(self.directory.iterdir()), [])


class Passphrases(InADirectory):
    def test_an_encrypted_key_opens_with_its_passphrase_only(self) -> None:
        make_key_pair("ed25519", self.private, self.public, "Übermut")
        self.assertIn(b"ENCRYPTED", Path(self.private).read_bytes())
        signing = load_private_key(self.private, lambda: "Übermut")
        self.assertEqual(signing.key.public_key(), load_public_key(self.public).key)
        for wrong in ("", "Ubermut", "\udcff"):
            message = str(self.assertRaises(ConfigError, load_private_key, self.private, lambda wrong=wrong: wrong))
            self.assertTrue(message.startswith(f"{self.private}: the passphrase is wrong, or "), message)

    def test_who_can_not_be_asked_says_so(self) -> None:
        make_key_pair("ed25519", self.private, self.public, "secret")

        def nobody() -> str:
            raise ConfigError("nobody is there")

        error = self.assertRaises(ConfigError, load_private_key, self.private, nobody)
        self.assertEqual(str(error), "nobody is there")


class Loading(InADirectory):
    def test_the_algorithm_follows_from_the_kind_of_key(self) -> None:
        keys: dict[str, PrivateKey] = {
            "EdDSA": ed25519.Ed25519PrivateKey.generate(),
            "ES256": ec.generate_private_key(ec.SECP256R1()),
            "RS256": rsa.generate_private_key(public_exponent=65537, key_size=2048),
        }
        for algorithm, key in keys.items():
            self.assertEqual(algorithm_of(key.public_key(), "key.pem").algorithm, algorithm)

    def test_keys_that_tokens_can_not_be_signed_with_are_refused(self) -> None:
        others: tuple[PrivateKeyTypes, ...] = (
            ec.generate_private_key(ec.SECP384R1()),
            ec.generate_private_key(ec.SECP256K1()),
            ed448.Ed448PrivateKey.generate(),
            x25519.X25519PrivateKey.generate(),
            dsa.generate_private_key(1024),
        )
        for key in others:
            self.assertIn("gamesvc keys", self.told(self.written(public_pem(key))))
            path = self.written(private_pem(key))
            self.assertIn("gamesvc keys", str(self.assertRaises(ConfigError, load_private_key, path, unasked)))

    def test_rsa_keys_of_less_than_2048_bits_are_refused(self) -> None:
        key = rsa.generate_private_key(public_exponent=65537, key_size=1024)
        self.assertIn("1024 bits, at least 2048", self.told(self.written(public_pem(key))))
        path = self.written(private_pem(key))
        self.assertIn("at least 2048", str(self.assertRaises(ConfigError, load_private_key, path, unasked)))

    def test_a_private_key_where_the_public_one_belongs_is_told_as_such(self) -> None:
        for secret in ("", "passphrase"):
            private = f"{self.private}{secret}"
            make_key_pair("ed25519", private, f"{self.public}{secret}", secret)
            self.assertIn("this is a private key", self.told(private))

    def test_a_public_key_where_the_private_one_belongs_is_refused(self) -> None:
        make_key_pair("ed25519", self.private, self.public)
        message = str(self.assertRaises(ConfigError, load_private_key, self.public, unasked))
        self.assertTrue(message.startswith(f"{self.public}: this is not a private key in PEM form"), message)

    def test_a_file_that_is_not_there_says_how_to_make_one_and_others_why_they_can_not_be_read(self) -> None:
        self.assertIn("can't read the public key: No such file or directory; make a pair", self.told(self.public))
        self.assertIn("Is a directory", self.told(str(self.directory)))
        message = str(self.assertRaises(ConfigError, load_private_key, self.private, unasked))
        self.assertIn("can't read the private key: No such file or directory; make a pair", message)

    @FAST
    @given(
        st.binary(max_size=100)
        | st.binary(max_size=100).map(lambda body: b"-----BEGIN PUBLIC KEY-----\n%b\n-----END PUBLIC KEY-----\n" % body)
        | st.tuples(st.integers(0, 112), st.integers(0, 255)).map(
            lambda change: bytes(
                change[1] if index == change[0] else byte
                for index, byte in enumerate(public_pem(ed25519.Ed25519PrivateKey.from_private_bytes(bytes(32))))
            )
        )
    )
    def test_whatever_a_file_holds_it_is_a_key_or_told_to_be_none(self, content: bytes) -> None:
        path = self.written(content)
        for load in (load_public_key, lambda path: load_private_key(path, lambda: "")):
            try:
                load(path)
            except ConfigError as error:
                self.assertTrue(str(error).startswith(f"{path}: "))

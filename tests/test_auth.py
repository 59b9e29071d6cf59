"""Tokens: made here byte by byte, so that a mistake of the library is seen as well as one of ours."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import sys
import traceback
import unicodedata
from collections.abc import Callable
from functools import partial
from typing import Any
from unittest import mock

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256, SHA384, SHA512
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from gamesvc.auth import (
    LEEWAY_SECONDS,
    MAX_LIFETIME_SECONDS,
    MAX_PLAYERS,
    MAX_TOKEN_LENGTH,
    Claims,
    KnownTokens,
    TokenGenerator,
    TokenValidator,
    is_player_name,
)
from gamesvc.errors import RequestRefused
from gamesvc.keys import PrivateKey, SigningKey, algorithm_of

FAST = settings(deadline=None, database=None, max_examples=150)
NOW = 1_800_000_000.0
ISSUER = "urn:example:issuer"

ED25519 = ed25519.Ed25519PrivateKey.from_private_bytes(bytes(32))
P256 = ec.derive_private_key(7, ec.SECP256R1())
RSA = rsa.generate_private_key(public_exponent=65537, key_size=2048)

Sign = Callable[[bytes], bytes]


def sign_p256(message: bytes) -> bytes:
    return b"".join(half.to_bytes(32, "big") for half in decode_dss_signature(P256.sign(message, ec.ECDSA(SHA256()))))


def sign_rsa(message: bytes) -> bytes:
    return RSA.sign(message, padding.PKCS1v15(), SHA256())


def hmac_sha256(secret: bytes, message: bytes) -> bytes:
    return hmac.digest(secret, message, hashlib.sha256)


SIGNERS: dict[str, tuple[PrivateKey, Sign]] = {
    "EdDSA": (ED25519, ED25519.sign),
    "ES256": (P256, sign_p256),
    "RS256": (RSA, sign_rsa),
}


def validator(key: PrivateKey = ED25519, now: float = NOW) -> TokenValidator:
    return TokenValidator(ISSUER, algorithm_of(key.public_key(), "key.pem"), lambda: now)


def generator(now: float = NOW) -> TokenGenerator:
    return TokenGenerator(ISSUER, SigningKey("EdDSA", ED25519), lambda: now)


def claims(*without: str, **given: object) -> dict[str, Any]:
    """What a good token says, changed."""
    good = {"iss": ISSUER, "aud": "lobby", "sub": "alice", "exp": NOW + 60.0, **given}
    return {name: value for name, value in good.items() if name not in without}


def part(content: bytes) -> bytes:
    return base64.urlsafe_b64encode(content).rstrip(b"=")


def token(said: object, sign: Sign = ED25519.sign, header: object = None) -> str:
    """A token that says this, whatever it is; bytes stand as they are."""
    payload = said if isinstance(said, bytes) else json.dumps(said).encode()
    headed = json.dumps(header or {"alg": "EdDSA", "typ": "JWT"}).encode()
    message = part(headed) + b"." + part(payload)
    return (message + b"." + part(sign(message))).decode()


def verdict(text: str, judge: TokenValidator | None = None, game: str = "lobby") -> str:
    """The code of a token's refusal, or ``ok``; any other exception gets out."""
    try:
        (judge or validator()).validate(game, text)
    except RequestRefused as refused:
        return refused.refusal.code
    return "ok"


class Signatures(SynchronousTestCase):
    def test_a_token_is_accepted_by_the_key_and_algorithm_that_belong_to_it_and_by_no_other(self) -> None:
        for own, (_, sign) in SIGNERS.items():
            for named in (*SIGNERS, "none", "None", "HS256", "PS256", "ES384", "", "RS512"):
                text = token(claims(), sign, {"alg": named})
                for judge, (key, _) in SIGNERS.items():
                    wanted = "ok" if own == named == judge else "token_invalid"
                    self.assertEqual(verdict(text, validator(key)), wanted, (own, named, judge))

    def test_the_same_key_in_another_algorithm_of_its_kind_is_not_accepted(self) -> None:
        pss = padding.PSS(padding.MGF1(SHA256()), SHA256.digest_size)
        signers: dict[str, Sign] = {
            "RS384": lambda message: RSA.sign(message, padding.PKCS1v15(), SHA384()),
            "RS512": lambda message: RSA.sign(message, padding.PKCS1v15(), SHA512()),
            "PS256": lambda message: RSA.sign(message, pss, SHA256()),
        }
        for named, sign in signers.items():
            self.assertEqual(verdict(token(claims(), sign, {"alg": named}), validator(RSA)), "token_invalid", named)

    def test_the_public_key_is_no_secret_that_a_token_can_be_signed_with(self) -> None:
        for key, _ in SIGNERS.values():
            public = key.public_key()
            for secret in (
                public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo),
                public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).rstrip(),
                public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo),
                b"",
            ):
                for named in ("HS256", *SIGNERS):
                    forged = token(claims(), partial(hmac_sha256, secret), {"alg": named})
                    self.assertEqual(verdict(forged, validator(key)), "token_invalid")

    def test_an_unsigned_token_is_refused(self) -> None:
        algorithms: tuple[object, ...] = ("none", "NONE", "", None, ["EdDSA"], {})
        for header in ({"typ": "JWT"}, *({"alg": algorithm} for algorithm in algorithms)):
            unsigned = token(claims(), lambda message: b"", header)
            self.assertEqual({verdict(unsigned), verdict(unsigned.rstrip("."))}, {"token_invalid"}, header)

    def test_a_key_that_the_token_brings_along_is_not_used(self) -> None:
        stranger = ed25519.Ed25519PrivateKey.from_private_bytes(bytes(31) + b"\x01")
        x = part(stranger.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)).decode()
        jwk = {"alg": "EdDSA", "jwk": {"kty": "OKP", "crv": "Ed25519", "x": x}}
        self.assertEqual(verdict(token(claims(), stranger.sign, jwk)), "token_invalid")

    def test_extensions_that_change_what_is_signed_are_refused(self) -> None:
        self.assertEqual(
            verdict(token(claims(), header={"alg": "EdDSA", "crit": ["b64"], "b64": False})), "token_invalid"
        )
        self.assertEqual(verdict(token(claims(), header={"alg": "EdDSA", "crit": ["new"], "new": 1})), "token_invalid")

    def test_no_character_of_a_token_can_be_changed_added_or_left_out(self) -> None:
        good = token(claims())
        for index, character in enumerate(good):
            for put in ("", character * 2, "A" if character != "A" else "B", "=", "\n", "é", "\ud800"):
                self.assertEqual(verdict(good[:index] + put + good[index + 1 :]), "token_invalid", (index, put))
        for changed in (good + "=", good + "\n", " " + good, good + ".", "Bearer " + good, good.replace(".", "..", 1)):
            self.assertEqual(verdict(changed), "token_invalid", changed)

    def test_a_payload_cannot_be_exchanged(self) -> None:
        header, _, signature = token(claims()).split(".")
        payload = part(json.dumps(claims(sub="mallory")).encode()).decode()
        self.assertEqual(verdict(f"{header}.{payload}.{signature}"), "token_invalid")


class WhatATokenSays(SynchronousTestCase):
    def test_a_good_token_says_who_may_enter_which_game(self) -> None:
        for said, wanted in (
            (claims(), Claims("alice", None, False, NOW + 60.0)),
            (claims(ply=None), Claims("alice", None, False, NOW + 60.0)),
            (claims(ply=["bob", "alice"]), Claims("alice", ("bob", "alice"), False, NOW + 60.0)),
            (claims(ply=["bob"], spectate=True), Claims("alice", ("bob",), True, NOW + 60.0)),
            (claims(operate=True), Claims("alice", None, False, NOW + 60.0, operates=True)),
            (claims(operate=False), Claims("alice", None, False, NOW + 60.0)),
            (
                claims(exp=int(NOW) + 1, iat=int(NOW), nbf=NOW, jti="7", admin=True),
                Claims("alice", None, False, NOW + 1),
            ),
        ):
            self.assertEqual(validator().validate("lobby", token(said)), wanted)

    def test_tokens_without_iat_are_accepted(self) -> None:
        self.assertNotIn("iat", claims())
        self.assertEqual(verdict(token(claims())), "ok")

    def test_what_a_token_must_say_it_says(self) -> None:
        for name in ("iss", "aud", "sub", "exp"):
            self.assertEqual(verdict(token(claims(name))), "token_invalid", name)
            self.assertEqual(verdict(token(claims(**{name: None}))), "token_invalid", name)

    def test_claims_of_another_type_are_refused(self) -> None:
        others: tuple[object, ...] = (5, 1.5, True, [], {}, {"lobby": 1}, None, "\ud800")
        for name, own in (("iss", [ISSUER]), ("aud", ["lobby"]), ("sub", ["alice"]), ("sub", "")):
            for value in (*others, own):
                wanted = "wrong_game" if name == "aud" and isinstance(value, str) else "token_invalid"
                self.assertEqual(verdict(token(claims(**{name: value}))), wanted, (name, value))
        for value in (5, 1.5, True, {}, {"alice": 1}, "", "alice", "alice,bob"):
            self.assertEqual(verdict(token(claims(ply=value))), "token_invalid", value)
        for value in (0, 1, "true", "", [], None):
            self.assertEqual(verdict(token(claims(spectate=value))), "token_invalid", value)
            self.assertEqual(verdict(token(claims(operate=value))), "token_invalid", value)

    def test_no_claims_at_all_are_refused(self) -> None:
        for payload in (b"", b"[]", b"5", b"null", b'"x"', b"{", b"\xff", b"{}", b"[" * 3000, b"{}{}"):
            self.assertEqual(verdict(token(payload)), "token_invalid", payload[:10])

    def test_a_token_for_another_game_or_of_another_issuer_is_told_apart(self) -> None:
        self.assertEqual(verdict(token(claims(aud="other"))), "wrong_game")
        for near in ("Lobby", "lobby2", "lobb", "*"):
            self.assertEqual(verdict(token(claims(aud=near))), "wrong_game", near)
        self.assertEqual(verdict(token(claims(iss="urn:example:other"))), "token_invalid")

    def test_ply_is_a_list_of_names_each_given_once(self) -> None:
        names = [f"p{number}" for number in range(MAX_PLAYERS + 1)]
        for ply, wanted in (
            (["alice"], "ok"),
            (names[:MAX_PLAYERS], "ok"),
            (names, "token_invalid"),
            ([], "token_invalid"),
            (["alice", "alice"], "token_invalid"),
            (["alice", ""], "token_invalid"),
            (["alice", "b\nob"], "token_invalid"),
            (["alice", "\ud800"], "token_invalid"),
            (["alice", 5], "token_invalid"),
            (["alice", ["bob"]], "token_invalid"),
            (["x" * 64], "ok"),
            (["x" * 65], "token_invalid"),
        ):
            self.assertEqual(verdict(token(claims(ply=ply))), wanted, ply[:3])

    def test_a_token_has_at_most_8_kib(self) -> None:
        self.assertEqual(MAX_TOKEN_LENGTH, 8192)
        base = len(token(claims(pad="")))
        sizes = {}
        for pad in range((8192 - base) * 3 // 4 - 8, (8192 - base) * 3 // 4 + 8):
            text = token(claims(pad="x" * pad))
            sizes[len(text)] = verdict(text)
        self.assertEqual({size for size, judged in sizes.items() if judged == "ok"}, {s for s in sizes if s <= 8192})
        self.assertTrue(min(sizes) <= 8192 < max(sizes))


class Times(SynchronousTestCase):
    def test_a_clock_may_be_10_seconds_ahead_or_behind_and_no_more(self) -> None:
        self.assertEqual(LEEWAY_SECONDS, 10.0)
        for name, time, wanted in (
            ("exp", NOW - 9.5, "ok"),
            ("exp", NOW - 10, "token_expired"),
            ("exp", NOW - 1e9, "token_expired"),
            ("exp", -1e300, "token_expired"),
            ("exp", 0, "token_expired"),
            ("nbf", NOW + 10, "ok"),
            ("nbf", NOW + 10.5, "token_invalid"),
            ("iat", NOW + 10, "ok"),
            ("iat", NOW + 10.5, "token_invalid"),
            ("nbf", 0, "ok"),
            ("iat", -5, "ok"),
        ):
            self.assertEqual(verdict(token(claims(**{name: time}))), wanted, (name, time - NOW))

    def test_both_nbf_and_iat_have_to_have_come(self) -> None:
        for late in ("nbf", "iat"):
            times = {"nbf": NOW - 5, "iat": NOW - 5, late: NOW + 10.5}
            self.assertEqual(verdict(token(claims(**times))), "token_invalid", late)

    def test_times_are_finite_numbers(self) -> None:
        unlike: tuple[object, ...] = (True, False, str(int(NOW)), f"{NOW + 5}", "", None, [], {})
        for name in ("exp", "nbf", "iat"):
            for value in (*unlike, float("inf"), float("nan"), 10**400):
                self.assertEqual(verdict(token(claims(**{name: value}))), "token_invalid", (name, value))
        for value in (1e300, float("-inf"), 10**30):
            self.assertEqual(verdict(token(claims(exp=value))), "token_invalid", value)

    def test_a_token_that_lives_longer_than_a_month_is_refused(self) -> None:
        self.assertEqual(verdict(token(claims(exp=NOW + MAX_LIFETIME_SECONDS))), "ok")
        self.assertEqual(verdict(token(claims(exp=NOW + MAX_LIFETIME_SECONDS + LEEWAY_SECONDS + 1))), "token_invalid")

    def test_the_longest_life_is_accepted_where_the_verifier_is_10_seconds_behind(self) -> None:
        text = generator().generate("lobby", "alice", lifetime=MAX_LIFETIME_SECONDS)
        self.assertEqual(verdict(text, validator(now=NOW - LEEWAY_SECONDS)), "ok")

    def test_an_expired_token_is_told_as_such_only_where_it_was_valid(self) -> None:
        expired = claims(exp=NOW - 100, aud="other")
        self.assertEqual(verdict(token(expired)), "token_expired")
        self.assertEqual(verdict(token(expired, lambda message: bytes(64))), "token_invalid")


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(), max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=5,
)
TIMES = st.floats(NOW - 30, NOW + 30) | st.integers(int(NOW) - 30, int(NOW) + 30) | JSON
NAMES = st.sampled_from(["alice", "bob", "", "\ud800", "x" * 64, "x" * 65, "a\x85b"]) | st.text(
    st.characters(), max_size=3
)
CLAIMS = st.fixed_dictionaries(
    {"iss": st.just(ISSUER) | JSON, "aud": st.just("lobby") | JSON, "sub": NAMES | JSON, "exp": TIMES},
    optional={
        "ply": st.lists(NAMES, max_size=4) | JSON,
        "spectate": st.booleans() | JSON,
        "operate": st.booleans() | JSON,
        "nbf": TIMES,
        "iat": TIMES,
        "jti": JSON,
    },
)


class AnyToken(SynchronousTestCase):
    @FAST
    @given(st.text(st.characters()) | st.binary().map(lambda data: data.decode("latin-1")))
    def test_no_text_is_anything_but_a_token_or_refused(self, text: str) -> None:
        self.assertEqual(verdict(text), "token_invalid")

    @FAST
    @given(CLAIMS | JSON, st.sampled_from(["lobby", "\ud800", ""]))
    def test_whatever_a_token_says_it_is_accepted_only_where_all_of_it_is_right(self, said: Any, game: str) -> None:
        text = token(said)
        try:
            judged = validator().validate(game, text)
        except RequestRefused as refused:
            self.assertIn(refused.refusal.code, ("token_invalid", "token_expired", "wrong_game"))
            return
        self.assertEqual((said["iss"], said["aud"], said["sub"]), (ISSUER, game, judged.player))
        self.assertTrue(is_player_name(judged.player))
        self.assertTrue(NOW - 10 < judged.expires == said["exp"] <= NOW + MAX_LIFETIME_SECONDS)
        self.assertTrue(max(said.get("nbf", NOW), said.get("iat", NOW)) <= NOW + 10)
        self.assertEqual(judged.players, None if said.get("ply") is None else tuple(said["ply"]))
        self.assertTrue(all(map(is_player_name, judged.players or ())))
        self.assertIs(judged.spectate, said.get("spectate", False))
        self.assertIs(judged.operates, said.get("operate", False))

    @FAST
    @given(st.dictionaries(st.sampled_from(["alg", "typ", "kid", "crit", "b64", "jwk", "x"]), JSON, min_size=1))
    def test_no_header_brings_about_anything_but_a_verdict(self, header: object) -> None:
        self.assertIn(verdict(token(claims(), header=header)), ("ok", "token_invalid"))

    def test_a_refusal_tells_nothing_of_the_token_even_in_a_traceback(self) -> None:
        good = token(claims())
        for text in (good[:-1], token(claims(exp=0)), token(claims("exp")), "\ud800" + good, good + "x" * 9000):
            error = self.assertRaises(RequestRefused, validator().validate, "lobby", text)
            told = "".join(traceback.format_exception(error)) + repr(error) + error.detail
            self.assertNotIn("During handling", told)
            for piece in (*good.split("."), "alice"):
                self.assertNotIn(piece, told)


class Clocked:
    """A validator, and the clock that it goes by."""

    def __init__(self, known: KnownTokens | None = None) -> None:
        self.now = NOW
        self.validator = TokenValidator(ISSUER, algorithm_of(ED25519.public_key(), "key.pem"), lambda: self.now, known)

    def outcome(self, text: str, game: str = "lobby", now: float = NOW) -> object:
        """What comes of a token at a time: what it says, or all that is said of its refusal."""
        self.now = now
        try:
            return self.validator.validate(game, text)
        except RequestRefused as refused:
            return refused.refusal.code, refused.detail


def uncached(text: str, game: str = "lobby", now: float = NOW) -> object:
    """What comes of a token that nobody has ever seen."""
    return Clocked().outcome(text, game, now)


MOMENTS = st.floats(NOW - 30, NOW + 130) | st.sampled_from((NOW, NOW + 1e9, NOW - MAX_LIFETIME_SECONDS))
MOSTLY_GOOD = st.fixed_dictionaries(
    {
        "iss": st.just(ISSUER),
        "aud": st.just("lobby"),
        "sub": st.sampled_from(["alice", "bob"]),
        "exp": st.floats(NOW, NOW + 100) | st.integers(int(NOW), int(NOW) + 100) | TIMES,
    },
    optional={
        "ply": st.just(["alice", "bob"]),
        "spectate": st.booleans(),
        "operate": st.booleans(),
        "nbf": st.floats(NOW - 30, NOW + 60),
        "iat": st.integers(int(NOW) - 30, int(NOW) + 60),
    },
)
GAMES = st.sampled_from(["lobby", "lobby", "other"])
DAMAGES = st.none() | st.tuples(st.integers(0, 10_000), st.sampled_from("AQgw-_.=\n\xe9"))


class Known(SynchronousTestCase):
    @FAST
    @given(
        st.lists(MOSTLY_GOOD | CLAIMS, min_size=1, max_size=3).map(lambda said: list(map(token, said))),
        st.lists(st.tuples(st.integers(0, 2), DAMAGES, GAMES, MOMENTS), min_size=4, max_size=12),
        st.integers(0, 3),
    )
    def test_nothing_comes_of_a_token_that_would_not_if_it_were_not_known(
        self, texts: list[str], steps: list[tuple[int, tuple[int, str] | None, str, float]], most: int
    ) -> None:
        known = KnownTokens(most)
        clocked = Clocked(known)
        for index, damage, game, now in steps:
            text = texts[index % len(texts)]
            # First where most are let in, so that what comes after it meets a known one wherever there can be one.
            self.assertEqual(clocked.outcome(text), uncached(text))
            self.assertEqual(clocked.outcome(text, game, now), uncached(text, game, now))
            if damage is not None:
                at, put = damage[0] % len(text), damage[1]
                damaged = text[:at] + put + text[at + 1 :]
                self.assertEqual(clocked.outcome(damaged, game, now), uncached(damaged, game, now))
            self.assertLessEqual(len(known), most)

    def test_no_character_of_a_known_one_can_be_changed_added_or_left_out(self) -> None:
        clocked = Clocked()
        good = token(claims())
        self.assertIsInstance(clocked.outcome(good), Claims)
        for index, character in enumerate(good):
            for put in ("", character * 2, "A" if character != "A" else "B", "=", "\ud800"):
                changed = good[:index] + put + good[index + 1 :]
                self.assertEqual(verdict(changed, clocked.validator), "token_invalid", (index, put))
        self.assertIsInstance(clocked.outcome(good), Claims)

    def test_its_signature_is_verified_once(self) -> None:
        clocked = Clocked()
        good = token(claims(ply=["alice", "bob"]))
        with mock.patch.object(jwt, "decode", wraps=jwt.decode) as decode:
            first = clocked.outcome(good)
            for now in (NOW, NOW + 30, NOW + 61):
                self.assertEqual(clocked.outcome(good, now=now), first)
        self.assertEqual(decode.call_count, 1)

    def test_it_expires_and_begins_when_it_would_have_and_a_step_of_the_clock_is_followed(self) -> None:
        clocked = Clocked()
        text = token(claims(exp=NOW + 60, nbf=NOW))
        for now, wanted in (
            (NOW, "ok"),
            (NOW + 69.5, "ok"),
            (NOW + 70, "token_expired"),
            (NOW + 1e9, "token_expired"),
            (NOW - 10, "ok"),
            (NOW - 11, "token_invalid"),
            (NOW - MAX_LIFETIME_SECONDS, "token_invalid"),
            (NOW + 5, "ok"),
        ):
            clocked.now = now
            self.assertEqual(verdict(text, clocked.validator), wanted, now - NOW)

    def test_it_is_for_its_own_game_alone(self) -> None:
        clocked = Clocked()
        good = token(claims())
        for game, wanted in (("lobby", "ok"), ("other", "wrong_game"), ("Lobby", "wrong_game"), ("lobby", "ok")):
            self.assertEqual(verdict(good, clocked.validator, game), wanted)

    def test_what_is_refused_is_not_kept(self) -> None:
        known = KnownTokens()
        clocked = Clocked(known)
        good = token(claims())
        for text in (
            *(good[:-1], good[:-2], good + "=", "", "x" * 9000, "\ud800", token(claims(), lambda message: bytes(64))),
            *(token(claims(aud="other")), token(claims(exp=NOW - 100)), token(claims(nbf=NOW + 100))),
            *(token(claims(sub="")), token(claims(ply=[])), token(claims(exp=NOW + 1e8)), token(claims(exp="soon"))),
        ):
            self.assertNotEqual(verdict(text, clocked.validator), "ok")
        self.assertEqual(len(known), 0)

    def test_those_that_have_not_let_anybody_in_for_longest_are_forgotten_first(self) -> None:
        clocked = Clocked(KnownTokens(2))
        first, second, third = (token(claims(sub=name)) for name in ("alice", "bob", "carol"))
        with mock.patch.object(jwt, "decode", wraps=jwt.decode) as decode:
            for text, verified in (
                (first, 1),
                (second, 2),
                (first, 2),
                (third, 3),
                (first, 3),
                (third, 3),
                (second, 4),
            ):
                self.assertEqual(verdict(text, clocked.validator), "ok")
                self.assertEqual(decode.call_count, verified)

    def test_who_is_refused_makes_none_younger(self) -> None:
        clocked = Clocked(KnownTokens(2))
        short, long, new = token(claims(exp=NOW + 10)), token(claims(exp=NOW + 999)), token(claims(exp=NOW + 998))
        for text in (short, long):
            self.assertEqual(verdict(text, clocked.validator), "ok")
        clocked.now = NOW + 100
        self.assertEqual(verdict(short, clocked.validator), "token_expired")
        self.assertEqual(verdict(new, clocked.validator), "ok")
        with mock.patch.object(jwt, "decode", wraps=jwt.decode) as decode:
            self.assertEqual(verdict(long, clocked.validator), "ok")
            self.assertEqual(decode.call_count, 0)

    def test_they_take_as_many_bytes_as_they_may_and_no_more(self) -> None:
        def named(number: int) -> str:
            return token(claims(jti=str(number), ply=[f"{number}-{index}" for index in range(MAX_PLAYERS)]))

        known = KnownTokens(most_bytes=100_000)
        clocked = Clocked(known)
        for number in range(12):
            self.assertEqual(verdict(named(number), clocked.validator), "ok")
        names = MAX_PLAYERS * (sys.getsizeof("0-100") + 8)
        self.assertTrue(2 <= len(known) <= 100_000 // names)
        self.assertEqual(verdict(token(claims()), Clocked(KnownTokens(most_bytes=0)).validator), "ok")

    def test_nothing_of_its_text_is_kept(self) -> None:
        known = KnownTokens()
        good = token(claims(ply=["alice", "bob"]))
        self.assertIsInstance(Clocked(known).outcome(good), Claims)
        kept = repr(vars(known))
        self.assertIn("alice", kept)
        for piece in good.split("."):
            self.assertNotIn(piece, kept)


class PlayerNames(SynchronousTestCase):
    def test_a_name_is_1_to_64_characters_without_control_characters(self) -> None:
        for name in ("a", "x" * 64, "😀" * 64, "Jürgen", "O'Neil, Ms.", "名前", " ", "null"):
            self.assertTrue(is_player_name(name), name)
        for bad in ("", "x" * 65, None, 5, b"alice", ["alice"], True):
            self.assertFalse(is_player_name(bad), bad)
        for character in (*map(chr, range(0x20)), *map(chr, range(0x7F, 0xA0)), "\u2028", "\u2029", "\ud800", "\udfff"):
            self.assertFalse(is_player_name(f"a{character}b"), ascii(character))

    def test_no_character_is_forgotten(self) -> None:
        for character in map(chr, range(sys.maxunicode + 1)):
            may = unicodedata.category(character) not in ("Cc", "Cs", "Zl", "Zp")
            if is_player_name(character) is not may:
                self.fail(ascii(character))


class Generator(SynchronousTestCase):
    @FAST
    @given(
        names=st.lists(st.text(min_size=1, max_size=64).filter(is_player_name), min_size=1, max_size=5, unique=True),
        with_players=st.booleans(),
        spectate=st.booleans(),
        operate=st.booleans(),
        lifetime=st.floats(1.0, MAX_LIFETIME_SECONDS - 1),
    )
    def test_what_it_issues_is_accepted_and_says_what_it_was_asked_to(
        self, names: list[str], with_players: bool, spectate: bool, operate: bool, lifetime: float
    ) -> None:
        players = names if with_players else None
        text = generator().generate("lobby", names[0], players, spectate=spectate, operate=operate, lifetime=lifetime)
        wanted = Claims(names[0], None if players is None else tuple(players), spectate, int(NOW + lifetime), operate)
        self.assertEqual(validator().validate("lobby", text), wanted)

    def test_each_kind_of_key_signs_what_its_other_half_accepts(self) -> None:
        for algorithm, (key, _) in SIGNERS.items():
            text = TokenGenerator(ISSUER, SigningKey(algorithm, key), lambda: NOW).generate("lobby", "alice")
            self.assertEqual(verdict(text, validator(key)), "ok", algorithm)

    def test_players_may_come_from_any_iterable(self) -> None:
        text = generator().generate("lobby", "alice", iter(["alice", "bob"]))
        self.assertEqual(validator().validate("lobby", text).players, ("alice", "bob"))

    def test_what_no_server_would_accept_is_not_issued(self) -> None:
        generate = generator().generate
        for bad in ("", "x" * 65, "a\nb", "\ud800"):
            self.assertRaises(ValueError, generate, "lobby", bad)
            self.assertRaises(ValueError, generate, "lobby", "alice", ["alice", bad])
        for players in ([], ["alice", "alice"], [f"p{number}" for number in range(MAX_PLAYERS + 1)]):
            self.assertRaises(ValueError, generate, "lobby", "alice", players)
        for lifetime in (0.0, -1.0, MAX_LIFETIME_SECONDS + 1, float("inf"), float("nan")):
            self.assertRaises(ValueError, generate, "lobby", "alice", lifetime=lifetime)

    def test_a_token_of_more_than_8_kib_is_not_issued(self) -> None:
        players = [f"p{number}".ljust(64, "x") for number in range(MAX_PLAYERS)]
        with self.assertRaises(ValueError):
            generator().generate("lobby", players[0], players)

    def test_a_token_for_a_game_that_no_path_can_name_is_not_issued(self) -> None:
        for game in ("", "no game", "a/b", "x" * 65, "spiel-für-zwei"):
            self.assertRaises(ValueError, generator().generate, game, "alice")

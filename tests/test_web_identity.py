"""Who sends a request to the lobby, and the tokens that it gives out: what they open, and what they don't."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from twisted.internet.defer import Deferred
from twisted.internet.testing import MemoryReactorClock
from twisted.python.failure import Failure
from twisted.trial.unittest import SynchronousTestCase

from gamesvc.auth import LEEWAY_SECONDS, TokenGenerator, TokenValidator
from gamesvc.config import load
from gamesvc.errors import ConfigError, RequestRefused
from gamesvc.keys import SigningKey, VerifyingKey, make_key_pair
from gamesvc.service import _identities
from gamesvc.web.identity import (
    AUDIENCE,
    GUEST_SECONDS,
    RENEWED_SECONDS,
    Foreign,
    Identities,
    Minting,
    Returning,
)
from gamesvc.web.jwks import KeySet
from tests.lobbies import LobbyWorld
from tests.wire import NOW, Logged

ISSUER = "urn:test"
OPERATOR = "https://id.example"
KEY = Ed25519PrivateKey.generate()
THEIRS = ec.generate_private_key(ec.SECP256R1())
MINTING = Minting(ISSUER, SigningKey("EdDSA", KEY))


class Keys(KeySet):
    """The operator's one key, at hand."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    async def key(self, id: str) -> VerifyingKey:
        self.asked.append(id)
        return VerifyingKey("ES256", THEIRS.public_key())


def signed(key: Any = THEIRS, algorithm: str = "ES256", headers: dict[str, Any] | None = None, **claims: Any) -> str:
    """The operator's token for ann, but for what is given."""
    usual = {"iss": OPERATOR, "aud": "gamesvc", "sub": "ann", "exp": NOW + 600}
    given = {name: value for name, value in {**usual, **claims}.items() if value is not None}
    return jwt.encode(given, key, algorithm=algorithm, headers={"kid": "k1"} if headers is None else headers)


class WhoTest(SynchronousTestCase):
    def setUp(self) -> None:
        self.time = NOW
        self.keys = Keys()
        self.foreign = Foreign(OPERATOR, "gamesvc", self.keys)

    def identities(self, **options: Any) -> Identities:
        given = {"asks": True, "minting": MINTING, "foreign": self.foreign, "guests": True, **options}
        return Identities(lambda: self.time, **given)

    def who(self, token: str, identities: Identities | None = None) -> str:
        """A name, or why there is none."""
        asked = Deferred.fromCoroutine((identities or self.identities()).who(f"Bearer {token}", None))
        outcomes: list[Any] = []
        asked.addBoth(outcomes.append)
        if isinstance(outcomes[0], Failure):
            error = outcomes[0].value
            assert isinstance(error, RequestRefused), error
            return error.refusal.code
        return str(outcomes[0])

    def test_modes(self) -> None:
        for options, mode, guests in (
            ({"asks": False}, "none", True),
            ({"minting": None, "foreign": None}, "verify", False),
            ({"foreign": None}, "guests", True),
            ({}, "guests", True),
            ({"guests": False}, "identity", False),
        ):
            identities = self.identities(**options)
            self.assertEqual((identities.mode, identities.guests), (mode, guests))

    def test_a_guest_is_who_the_token_says_until_it_expires(self) -> None:
        identities = self.identities()
        token = str(identities.guest_token("guest-ann", "l"))
        self.assertEqual(self.who(token), "guest-ann")
        self.time += GUEST_SECONDS + 11
        self.assertEqual(self.who(token), "token_expired")

    def returning(self, token: str, identities: Identities | None = None) -> Returning | None:
        return (identities or self.identities()).guest(f"Bearer {token}")

    def test_a_guests_token_says_for_30_days_more_who_they_were_and_under_which_lease(self) -> None:
        token = str(self.identities().guest_token("guest-ann", "lease"))
        self.assertEqual(self.returning(token), Returning("guest-ann", "lease", expired=False))
        self.time += GUEST_SECONDS + LEEWAY_SECONDS - 1
        self.assertEqual(self.returning(token), Returning("guest-ann", "lease", expired=False))
        self.time += 1
        self.assertEqual(self.returning(token), Returning("guest-ann", "lease", expired=True))
        self.time = NOW + GUEST_SECONDS + RENEWED_SECONDS
        self.assertEqual(self.returning(token), Returning("guest-ann", "lease", expired=True))
        self.assertEqual(self.who(token), "token_expired")
        self.time += 1
        self.assertIs(self.returning(token), None)

    def test_without_a_lease_it_says_so_until_it_expires(self) -> None:
        claims = {"iss": ISSUER, "aud": AUDIENCE, "sub": "guest-ann", "iat": NOW, "exp": NOW + 60}
        before = jwt.encode(claims, KEY, algorithm="EdDSA")
        for token in before, str(self.identities().guest_token("guest-ann", "")):
            self.time = NOW
            self.assertEqual(self.returning(token), Returning("guest-ann", "", expired=False))
            self.time += GUEST_SECONDS + LEEWAY_SECONDS
            self.assertIs(self.returning(token), None)

    def test_what_is_no_lease_names_none(self) -> None:
        """It is written down, and would be so whatever it is."""
        identities = self.identities()
        for good in (identities.new_lease(), "x" * 64):
            token = str(identities.guest_token("guest-ann", good))
            self.assertEqual(self.returning(token), Returning("guest-ann", good, expired=False))
        claims = {"iss": ISSUER, "aud": AUDIENCE, "sub": "guest-ann", "iat": NOW}
        for lease in ("x" * 65, "\ud800", "a b", "a\n", "\u00e9", "", ["x"], 7, True, None):
            for exp in NOW + 60, NOW - 60:
                token = jwt.encode({**claims, "exp": exp, "lease": lease}, KEY, algorithm="EdDSA")
                if lease == "" and exp > NOW:
                    self.assertEqual(self.returning(token), Returning("guest-ann", "", expired=False))
                else:
                    self.assertIs(self.returning(token), None, lease)

    def test_nobody_else_is_a_guest_who_comes_again(self) -> None:
        identities = self.identities()
        token = str(identities.guest_token("guest-ann", "lease"))
        unprefixed = str(identities.guest_token("ann", "lease"))
        for other in ("", "x", token + "x", unprefixed, signed(), signed(KEY, "EdDSA")):
            self.assertIs(self.returning(other), None)
        self.assertEqual(self.who(unprefixed), "token_invalid", "one of the operator's may be ann")
        self.assertIs(self.returning(token, self.identities(guests=False)), None)
        self.assertIs(self.returning(token, Identities(lambda: NOW)), None)
        self.assertIs(identities.guest(token), None)

    def test_each_lease_is_another_and_there_are_none_where_the_name_is_all(self) -> None:
        identities = self.identities()
        self.assertEqual(len({identities.new_lease() for _ in range(100)}), 100)
        self.assertEqual(Identities(lambda: NOW).new_lease(), "")

    def test_the_operators_token_says_who_somebody_is(self) -> None:
        self.assertEqual(self.who(signed()), "ann")
        self.assertEqual(self.who(signed(aud=["other", "gamesvc"])), "ann")
        self.assertEqual(self.keys.asked, ["k1", "k1"])

    def test_others_do_not(self) -> None:
        rsa_key = rsa.generate_private_key(65537, 2048)
        other = ec.generate_private_key(ec.SECP256R1())
        public = THEIRS.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
        for token in (
            "",
            "x",
            "a.b.c",
            signed(other),
            signed(rsa_key, "RS256"),
            signed(public, "HS256"),
            signed(None, "none"),
            signed(iss="https://evil.example"),
            signed(iss=ISSUER),
            signed(aud="other"),
            signed(aud=None),
            signed(sub=None),
            signed(sub=""),
            signed(sub="a\nb"),
            signed(sub="x" * 65),
            signed(sub="guest-ann"),
            signed(exp=None),
            signed(exp="soon"),
            signed(exp=True),
            signed(nbf=NOW + 60),
            signed(headers={}),
            signed(aud={"gamesvc": 1}),
            signed() + "x" * 9000,
        ):
            self.assertIn(self.who(token), ("token_invalid", "token_missing"), token[:100])
        self.assertEqual(self.who(signed(exp=NOW - 11)), "token_expired")

    def test_guests_are_not_let_in_where_the_operator_says_so(self) -> None:
        token = str(self.identities().guest_token("ann", "l"))
        strict = self.identities(guests=False)
        self.assertEqual(self.who(token, strict), "token_invalid")
        self.assertEqual(self.who(signed(sub="guest-ann"), strict), "guest-ann")
        self.assertRaises(RequestRefused, strict.guest_names, "ann", lambda: "x")

    def test_a_token_for_a_game_says_nothing_here_and_one_of_here_opens_no_game(self) -> None:
        identities = self.identities()
        generator = TokenGenerator(ISSUER, MINTING.key, lambda: self.time)
        self.assertEqual(self.who(generator.generate("g1", "ann")), "token_invalid")
        validator = TokenValidator(ISSUER, VerifyingKey("EdDSA", KEY.public_key()), lambda: self.time)
        guest = str(identities.guest_token("ann", "l"))
        for game in ("g1", AUDIENCE.replace(".", "-")):
            self.assertRaises(RequestRefused, validator.validate, game, guest)
        self.assertIn(".", AUDIENCE)  # as no game's id does

    def test_the_operators_issuer_is_not_this_servers(self) -> None:
        foreign = Foreign(ISSUER, "gamesvc", self.keys)
        self.assertRaises(ConfigError, self.identities, foreign=foreign)

    def test_names_of_guests_and_of_others_are_told_apart(self) -> None:
        names = self.identities().guest_names("ann", lambda: "0000")
        self.assertEqual(names[0], "guest-ann")
        self.assertEqual(self.identities(foreign=None).guest_names("ann", lambda: "0000")[0], "ann")


class TokensTest(SynchronousTestCase):
    """With a real listener behind it, which asks for tokens."""

    def setUp(self) -> None:
        self.logged = Logged(self)

    def world(self, **options: Any) -> LobbyWorld:
        validator = TokenValidator(ISSUER, VerifyingKey("EdDSA", KEY.public_key()), lambda: NOW)
        given = {"asks": True, "minting": MINTING, **options}
        return LobbyWorld(games=("tic-tac-toe",), validator=validator, identities=Identities(lambda: NOW, **given))

    def guest(self, world: LobbyWorld, name: str) -> str:
        return str(world.ask("POST", "/guests", None, {"name": name}).json["token"])

    def enter(self, world: LobbyWorld, seat: dict[str, str]) -> Any:
        line = world.line()
        line.ask(seat["url"], f"Sec-WebSocket-Protocol: gamesvc.v1, bearer.{seat['token']}", "Host: localhost")
        response = line.response()
        return line.heard()[0] if response.status == 101 else response.code

    def test_guests_play_each_other(self) -> None:
        world = self.world()
        ann, bob = self.guest(world, "ann"), self.guest(world, "bob")
        made = world.ask("POST", "/games", ann, {"kind": "tic-tac-toe"}).json
        seat = world.ask("POST", f"/games/{made['game']['id']}/join", bob).json["seat"]
        for each, name in ((made["seat"], "ann"), (seat, "bob")):
            self.assertNotIn("player=", each["url"])
            welcome = self.enter(world, each)
            self.assertEqual((welcome["player"], welcome["playing"]), (name, True))

    def test_a_guest_who_comes_again_keeps_the_name_and_gets_a_new_token(self) -> None:
        time = [NOW]
        world = LobbyWorld(identities=Identities(lambda: time[0], asks=True, minting=MINTING))
        ann = self.guest(world, "ann")
        time[0] += 60
        for body in {}, {"name": "ann"}:
            again = world.ask("POST", "/guests", ann, body).json
            self.assertEqual(again["player"], "ann")
            self.assertNotEqual(again["token"], ann)
        self.assertEqual(world.ask("POST", "/guests", ann, {"name": "eve"}).json["player"], "eve")
        # Who can't show that they have the name have not.
        for token in ("ann", ann + "x", signed(KEY, "EdDSA"), None):
            self.assertEqual(world.ask("POST", "/guests", token, {"name": "ann"}).status, 201)
            self.assertNotEqual(world.ask("POST", "/guests", token, {"name": "ann"}).json["player"], "ann")

    def test_names_of_any_letters_fit_into_a_token(self) -> None:
        identities = Identities(lambda: NOW, asks=True, minting=MINTING)
        validator = TokenValidator(ISSUER, VerifyingKey("EdDSA", KEY.public_key()), lambda: NOW)
        for count in (1, 4, 8, 15, 100):
            names = tuple(f"{number:03}" + "\U0001f3b2" * 61 for number in range(count))
            token = str(identities.seat_token("g1", names[0], names))
            self.assertEqual(validator.validate("g1", token).player, names[0])

    def test_a_seats_token_is_for_that_game_alone(self) -> None:
        world = self.world()
        ann = self.guest(world, "ann")
        seats = [world.ask("POST", "/games", ann, {"kind": "tic-tac-toe"}).json["seat"] for _ in range(2)]
        self.assertEqual(self.enter(world, {**seats[0], "url": seats[1]["url"]}), "wrong_game")

    def test_who_watches_gets_no_seat(self) -> None:
        world = self.world()
        ann, eve = self.guest(world, "ann"), self.guest(world, "eve")
        game = world.ask("POST", "/games", ann, {"kind": "tic-tac-toe"}).json["game"]["id"]
        seat = world.ask("POST", f"/games/{game}/watch", eve).json["seat"]
        for url in (seat["url"], f"/{game}"):
            self.assertIs(self.enter(world, {**seat, "url": url})["playing"], False)
        claims = jwt.decode(seat["token"], options={"verify_signature": False})
        self.assertEqual((claims["spectate"], claims.get("operate", False)), (True, False))
        self.assertEqual(world.ask("GET", f"/games/{game}").json["free"], 1)

    def test_those_who_were_matched_are_named_in_each_others_tokens(self) -> None:
        world = self.world()
        tickets = {}
        for name in ("ann", "bob"):
            token = self.guest(world, name)
            tickets[token] = world.ask("POST", "/matches", token, {"kind": "tic-tac-toe"}).json["ticket"]
        for token, ticket in tickets.items():
            found = world.ask("GET", f"/matches/{ticket}", token).json
            claims = jwt.decode(found["seat"]["token"], options={"verify_signature": False})
            self.assertEqual(claims["ply"], found["game"]["players"])
            self.assertIs(self.enter(world, found["seat"])["playing"], True)

    def test_without_a_token_nothing_is_done(self) -> None:
        world = self.world()
        for who in (None, "ann"):
            response = world.ask("POST", "/games", who, {"kind": "tic-tac-toe"})
            self.assertEqual(response.status, 401)
            self.assertEqual(response.headers["WWW-Authenticate"], "Bearer")
        response = world.ask("POST", "/games?player=ann", None, {"kind": "tic-tac-toe"})
        self.assertEqual(response.code, "token_missing")

    def test_with_only_a_public_key_nothing_is_listed_or_made(self) -> None:
        world = self.world(minting=None)
        self.assertEqual(world.ask("GET", "").json["auth"], "verify")
        self.assertEqual(world.ask("GET", "/kinds").status, 200)
        for method, path in (("GET", "/games"), ("POST", "/games"), ("POST", "/guests"), ("POST", "/matches")):
            response = world.ask(method, path, None, {"kind": "tic-tac-toe"} if method == "POST" else None)
            self.assertEqual((response.status, response.code), (403, "lobby_closed"))

    def test_tokens_are_not_in_the_log(self) -> None:
        world = self.world()
        ann = self.guest(world, "ann")
        seat = world.ask("POST", "/games", ann, {"kind": "tic-tac-toe"}).json["seat"]
        world.ask("POST", "/games", ann + "x", {"kind": "tic-tac-toe"})
        self.enter(world, seat)
        text = "".join(self.logged.texts())
        for token in (ann, seat["token"]):
            self.assertNotIn(token.rpartition(".")[2], text)


class SettingsTest(SynchronousTestCase):
    """What the operator says about it."""

    def setUp(self) -> None:
        self.logged = Logged(self)
        self.directory = Path(self.mktemp())
        self.directory.mkdir()
        for name, kind, passphrase in (("own", "ed25519", ""), ("other", "p256", ""), ("locked", "ed25519", "xyzzy")):
            make_key_pair(kind, self.path(f"{name}.pem"), self.path(f"{name}.pub"), passphrase)

    def path(self, name: str) -> str:
        return str(self.directory / name)

    def identities(self, key: str = "own", **more: str) -> Identities:
        given = {"enable_auth": "True", "public_key_file": self.path(f"{key}.pub"), **more}
        config = load({name.replace("_", "-"): [text] for name, text in given.items()}, {})
        return _identities(config, MemoryReactorClock())

    def said(self, key: str = "own", **more: str) -> str:
        return str(self.assertRaises(ConfigError, self.identities, key, **more))

    def test_guests_are_let_in_where_there_is_a_key_and_no_other_issuer_and_it_is_told_aloud(self) -> None:
        key = self.path("own.pem")
        foreign = {"identity_issuer": OPERATOR, "identity_jwks": f"{OPERATOR}/keys"}
        for more, mode, guests in (
            ({"enable_auth": "False"}, "none", True),
            ({}, "verify", False),
            ({"private_key_file": key}, "guests", True),
            ({"private_key_file": key, "guests": "False"}, "identity", False),
            ({"private_key_file": key, **foreign}, "identity", False),
            ({"private_key_file": key, **foreign, "guests": "True"}, "guests", True),
        ):
            self.logged.clear()
            identities = self.identities(**more)
            self.assertEqual((identities.mode, identities.guests), (mode, guests))
            told = any("guests are let in" in text for text in self.logged.texts())
            self.assertEqual(told, guests and mode != "none")
            told = any("nobody can say who they are" in text for text in self.logged.texts())
            self.assertEqual(told, mode == "identity" and "identity_issuer" not in more)

    def test_what_does_not_go_together_is_told_with_its_settings(self) -> None:
        key = self.path("own.pem")
        for more, said in (
            ({"private_key_file": self.path("other.pem")}, "other half"),
            ({"private_key_file": self.path("nowhere.pem")}, "nowhere.pem"),
            ({"guests": "True"}, "private-key-file"),
            ({"private_key_file": key, "identity_issuer": OPERATOR}, "give both"),
            ({"private_key_file": key, "identity_jwks": OPERATOR}, "give both"),
            ({"identity_issuer": OPERATOR, "identity_jwks": OPERATOR}, "--private-key-file"),
            ({"private_key_file": key, "identity_issuer": OPERATOR, "identity_jwks": "http://id.example"}, "https"),
            (
                {
                    "private_key_file": key,
                    "identity_issuer": "urn:a",
                    "token_issuer_uri": "urn:a",
                    "identity_jwks": OPERATOR,
                },
                "the same",
            ),
        ):
            message = self.said(**more)
            self.assertIn(said, message)
            self.assertIn("option --", message)

    def test_the_passphrase_of_a_key_comes_from_the_environment(self) -> None:
        locked = self.path("locked.pem")
        self.patch(os, "environ", {})
        self.assertIn("PRIVATE_KEY_PASSPHRASE", self.said("locked", private_key_file=locked))
        os.environ["PRIVATE_KEY_PASSPHRASE"] = "plugh"
        self.assertNotIn("plugh", self.said("locked", private_key_file=locked))
        os.environ["PRIVATE_KEY_PASSPHRASE"] = "xyzzy"
        self.assertEqual(self.identities("locked", private_key_file=locked).mode, "guests")

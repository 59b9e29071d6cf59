"""A guest keeps the name, and so the seat, through a long sleep, and nobody else gets it: whoever shows what token, and
whatever has become of the name meanwhile."""

from __future__ import annotations

from typing import Any
from unittest import mock

import jwt
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from twisted.internet.testing import MemoryReactorClock
from twisted.trial.unittest import SynchronousTestCase

from gamesvc.auth import LEEWAY_SECONDS, TokenGenerator, TokenValidator
from gamesvc.keys import SigningKey, VerifyingKey
from gamesvc.web.identity import AUDIENCE, GUEST_SECONDS, RENEWED_SECONDS, SEAT_SECONDS, Foreign, Identities, Minting
from gamesvc.web.lobby import TIDY_SECONDS
from gamesvc.web.lobby_entries import OPEN_SECONDS, PLAYED_SECONDS, Listed
from gamesvc.web.lobby_state import GUESTS
from tests.lobbies import LobbyWorld, Response
from tests.test_web_identity import Keys
from tests.wire import NOW, Line, Logged

ISSUER = "urn:test"
KEY = Ed25519PrivateKey.generate()
MINTING = Minting(ISSUER, SigningKey("EdDSA", KEY))
HOUR = 3600.0
DAY = 24 * HOUR


def claims_of(token: str) -> dict[str, Any]:
    claims: dict[str, Any] = jwt.decode(token, options={"verify_signature": False})
    return claims


def changed(token: str, key: Any = KEY, algorithm: str = "EdDSA", **changes: Any) -> str:
    """A token that says something else, or not something. None of those is the server's, but for what it signed when it
    knew less."""
    claims = {name: value for name, value in {**claims_of(token), **changes}.items() if value is not None}
    return jwt.encode(claims, key, algorithm=algorithm)


class GuestsTest(SynchronousTestCase):
    def setUp(self) -> None:
        self.logged = Logged(self)
        self.reactor = MemoryReactorClock()
        self.world = self.started()

    def started(self, foreign: Foreign | None = None) -> LobbyWorld:
        """A server, of which one journal and one clock are."""
        before = getattr(self, "world", None)
        for call in self.reactor.getDelayedCalls():
            call.cancel()
        return LobbyWorld(
            journal=None if before is None else before.journal,
            reactor=self.reactor,
            validator=TokenValidator(ISSUER, VerifyingKey("EdDSA", KEY.public_key()), self.now),
            identities=Identities(self.now, asks=True, minting=MINTING, foreign=foreign),
        )

    def now(self) -> float:
        return NOW + self.reactor.seconds()

    def sleep(self, seconds: float) -> None:
        """Time passes, and the lobby forgets what is over."""
        self.reactor.advance(seconds)
        self.world.settle()
        self.reactor.advance(TIDY_SECONDS)
        self.world.settle()

    def come(self, token: str | None = None, name: str | None = None) -> dict[str, str]:
        response = self.world.ask("POST", "/guests", token, {} if name is None else {"name": name})
        self.assertEqual(response.status, 201, response)
        return dict(response.json)

    def token(self, name: str) -> str:
        welcomed = self.come(name=name)
        self.assertEqual(welcomed["player"], name)
        return welcomed["token"]

    def game(self, ann: str, bob: str) -> str:
        """Two play."""
        id: str = self.world.ask("POST", "/games", ann, {"kind": "tic-tac-toe"}).json["game"]["id"]
        self.assertEqual(self.join(bob, id).status, 200)
        return id

    def join(self, token: str, game: str) -> Response:
        return self.world.ask("POST", f"/games/{game}/join", token)

    def enter(self, seat: dict[str, str]) -> Line:
        """A connection with what the lobby gave for a game."""
        line = self.world.line()
        line.ask(seat["url"], f"Sec-WebSocket-Protocol: gamesvc.v1, bearer.{seat['token']}", "Host: localhost")
        return line

    def have(self, command: str, **arguments: Any) -> None:
        """Have the lobby do something."""
        done = self.world.records.run(command, **arguments)
        self.world.settle()
        self.successResultOf(done)

    def names(self) -> dict[str, Any]:
        """What is recorded of guests."""
        return self.world.records.known._all(GUESTS)


class LongSleepTest(GuestsTest):
    def test_who_sits_in_a_game_comes_back_to_the_seat_after_days(self) -> None:
        ann, bob = self.token("ann"), self.token("bob")
        game = self.game(ann, bob)
        self.sleep(5 * DAY)
        self.assertEqual(self.join(ann, game).code, "token_expired")
        for wish in "ann", None:
            again = self.come(ann, wish)
            self.assertEqual(again["player"], "ann")
            seat = self.join(again["token"], game).json["seat"]
            self.assertEqual(seat["player"], "ann")
            line = self.enter(seat)
            self.assertEqual(line.response().status, 101)
            welcome = line.heard()[0]
            self.assertEqual((welcome["playing"], welcome["players"]), (True, ["ann", "bob"]))

    def test_a_server_that_was_started_anew_meanwhile_knows_who_they_are(self) -> None:
        ann, bob = self.token("ann"), self.token("bob")
        game = self.game(ann, bob)
        self.world = self.started()
        self.sleep(5 * DAY)
        self.world = self.started()
        self.assertEqual(self.join(self.come(ann)["token"], game).status, 200)

    def test_it_goes_on_for_as_long_as_they_come_again_in_time(self) -> None:
        ann, bob = self.token("ann"), self.token("bob")
        game = self.game(ann, bob)
        for _ in range(2):
            self.sleep(14 * DAY)
            ann = self.come(ann)["token"]
        self.assertEqual(self.join(ann, game).status, 200)

    def test_a_token_that_is_still_good_and_one_that_has_just_expired_keep_the_name(self) -> None:
        ann = self.token("ann")
        for seconds in (HOUR, GUEST_SECONDS - HOUR, GUEST_SECONDS + LEEWAY_SECONDS, GUEST_SECONDS + 1):
            self.reactor.advance(seconds)
            again = self.come(ann, "ann")
            self.assertEqual(again["player"], "ann")
            ann = again["token"]

    def test_what_got_no_answer_can_be_asked_for_again(self) -> None:
        ann, bob = self.token("ann"), self.token("bob")
        game = self.game(ann, bob)
        self.sleep(3 * DAY)
        first, second = self.come(ann), self.come(ann)
        self.assertEqual((first["player"], second["player"]), ("ann", "ann"))
        for each in first, second:
            self.assertEqual(self.join(each["token"], game).status, 200)

    def test_all_tokens_of_one_holder_name_one_lease_and_those_of_the_next_another(self) -> None:
        ann = self.token("ann")
        lease = claims_of(ann)["lease"]
        self.reactor.advance(HOUR)
        again = self.come(ann)["token"]
        self.assertEqual(claims_of(again)["lease"], lease)
        self.assertGreater(claims_of(again)["exp"], claims_of(ann)["exp"])
        self.sleep(3 * DAY)
        self.assertNotEqual(claims_of(self.token("ann"))["lease"], lease)
        self.assertNotEqual(claims_of(self.token("bob"))["lease"], lease)
        self.assertGreaterEqual(len(lease), 11)

    def test_whose_name_nobody_has_by_now_has_it_again(self) -> None:
        for name in ("ann", "x" * 32):
            first, second = self.come(name=name), self.come(name=name)
            self.assertEqual((first["player"], second["player"]), (name, f"{name}-2"))
            self.sleep(3 * DAY)
            self.assertEqual(self.names(), {})
            for wish, each in ((None, second), (name, first)):
                again = self.come(each["token"], wish)
                self.assertEqual(again["player"], each["player"])
                self.assertNotEqual(claims_of(again["token"])["lease"], claims_of(each["token"])["lease"])

    def test_who_wants_another_name_gets_another_one(self) -> None:
        ann = self.token("ann")
        self.sleep(3 * DAY)
        self.assertEqual(self.come(ann, "eve")["player"], "eve")

    def test_names_of_those_who_sleep_are_forgotten_with_their_games(self) -> None:
        ann = self.token("ann")
        game = self.world.ask("POST", "/games", ann, {"kind": "tic-tac-toe"}).json["game"]["id"]
        self.sleep(OPEN_SECONDS - HOUR)
        bob = self.token("bob")
        self.join(bob, game)
        self.sleep(3 * DAY)
        self.assertEqual(set(self.names()), {"ann", "bob"})
        self.have("remove", game=game)
        self.sleep(0)
        self.assertEqual(self.names(), {})

    def test_a_name_that_is_kept_for_long_is_no_work(self) -> None:
        ann, bob = self.token("ann"), self.token("bob")
        self.game(ann, bob)
        self.sleep(3 * DAY)
        self.assertEqual(set(self.names()), {"ann", "bob"})
        self.assertFalse(self.world.records.known.has_old, "each minute all would be looked through")

    def test_a_guest_for_whom_there_was_no_room_is_who_they_were(self) -> None:
        self.patch(GUESTS, "most", 0)
        guest = self.come(name="ann")
        self.assertRegex(guest["player"], "^guest-[0-9a-f]{16}$")
        self.sleep(5 * DAY)
        for wish in None, guest["player"]:
            again = self.come(guest["token"], wish)
            self.assertEqual(again["player"], guest["player"])
            self.assertEqual(claims_of(again["token"])["lease"], claims_of(guest["token"])["lease"])
        self.sleep(RENEWED_SECONDS)
        for wish in None, guest["player"]:
            self.assertNotEqual(self.come(guest["token"], wish)["player"], guest["player"])


class ThiefTest(GuestsTest):
    """Who would like a seat that is not theirs."""

    def setUp(self) -> None:
        super().setUp()
        self.ann, self.bob = self.token("ann"), self.token("bob")

    def is_somebody_else(self, token: str | None, name: str = "ann") -> None:
        """Whoever shows the token is not who it names, however they ask."""
        for wish in name, None:
            self.assertNotEqual(self.come(token, wish)["player"], name)

    def test_an_expired_token_is_good_for_nothing_else(self) -> None:
        game = self.game(self.ann, self.bob)
        self.sleep(3 * DAY)
        for method, path, body in (
            ("POST", "/games", {"kind": "tic-tac-toe"}),
            ("POST", f"/games/{game}/join", None),
            ("POST", f"/games/{game}/watch", None),
            ("POST", f"/games/{game}/leave", None),
            ("POST", f"/games/{game}/again", None),
            ("POST", f"/games/{game}/bots", {"bot": "random"}),
            ("DELETE", f"/games/{game}/bots/bob", None),
            ("POST", f"/games/{game}/invites", None),
            ("POST", "/invites/code", None),
            ("POST", "/matches", {"kind": "tic-tac-toe"}),
            ("GET", "/matches/ticket", None),
            ("DELETE", "/matches/ticket", None),
        ):
            response = self.world.ask(method, path, self.ann, body)
            self.assertEqual((response.status, response.code), (401, "token_expired"), path)
        described = self.world.ask("GET", "/openapi.json").json["paths"].values()
        operations = [each for path in described for each in path.values() if isinstance(each, dict)]
        asking = [each for each in operations if each.get("security") == [{"identity": []}]]
        self.assertEqual(len(asking), 12, "as many as are tried here")

    def test_whose_name_was_given_to_somebody_else_is_not_who_has_it_now(self) -> None:
        self.sleep(3 * DAY)
        second = self.token("ann")
        self.game(second, self.token("bob"))
        self.is_somebody_else(self.ann)
        # Nor when that one sleeps, and has the seat still.
        self.sleep(5 * DAY)
        self.is_somebody_else(self.ann)
        self.assertEqual(self.come(second)["player"], "ann")
        self.is_somebody_else(self.ann)

    def test_whose_name_was_given_away_is_not_taken_over_before_it_is_forgotten(self) -> None:
        self.reactor.advance(GUEST_SECONDS + SEAT_SECONDS + 3 * LEEWAY_SECONDS + 1)
        second = self.token("ann")
        self.assertIn("ann", self.names())
        self.is_somebody_else(self.ann)
        self.assertEqual(self.come(second)["player"], "ann")

    def test_who_sleeps_finds_nobody_in_their_seat(self) -> None:
        game = self.game(self.ann, self.bob)
        self.sleep(3 * DAY)
        self.is_somebody_else(None)
        self.world = self.started()
        self.is_somebody_else(None)
        self.assertEqual(self.join(self.come(self.ann)["token"], game).status, 200)

    def test_nobody_has_the_name_next_whom_a_token_for_a_game_takes_for_who_had_it_before(self) -> None:
        """Where there are no seats, or one was given up, no game says whose the name is."""
        self.reactor.advance(GUEST_SECONDS + LEEWAY_SECONDS - 1)
        bob = self.come(self.bob)["token"]
        game = self.world.ask("POST", "/games", bob, {"kind": "chat"}).json["game"]["id"]
        seat = self.join(self.ann, game).json["seat"]
        self.sleep(SEAT_SECONDS + LEEWAY_SECONDS - 1 - TIDY_SECONDS)
        line = self.enter(seat)
        self.assertEqual((line.response().status, line.heard()[0]["player"]), (101, "ann"))
        self.is_somebody_else(None)
        self.reactor.advance(1)
        self.assertEqual(self.enter(seat).response().status, 401)
        self.sleep(LEEWAY_SECONDS)
        self.assertEqual(self.come()["player"][:6], "guest-")
        self.assertEqual(self.come(name="ann")["player"], "ann")

    def test_who_has_the_name_next_asks_for_a_game_of_their_own(self) -> None:
        """Names of requests are to be made up anew for each. Not everybody does so."""
        wish, key = {"kind": "tic-tac-toe", "public": False}, {"Idempotency-Key": "1"}
        first = self.world.ask("POST", "/games", self.ann, wish, headers=key).json["game"]["id"]
        self.join(self.bob, first)
        for _ in range(2):
            self.sleep(PLAYED_SECONDS)
        self.assertEqual(self.world.ask("GET", f"/games/{first}").code, "no_such_game")
        second = self.token("ann")
        made = [self.world.ask("POST", "/games", second, wish, headers=key) for _ in range(2)]
        again = self.world.ask("POST", "/games", self.come(second)["token"], wish, headers=key)
        for each in (*made, again):
            self.assertEqual((each.status, each.json["game"]["players"]), (201, ["ann", None]))
            self.assertEqual(each.json["game"]["id"], made[0].json["game"]["id"])

    def test_whose_name_was_forgotten_has_no_seat_by_it_nor_has_anybody_else(self) -> None:
        """There was no room for all who sleep, or the lobby begins anew and somebody makes a game for them."""
        self.game(self.ann, self.bob)
        self.sleep(3 * DAY)
        with mock.patch.object(Listed, "names", frozenset()):
            self.have("tidy")
        self.assertEqual(self.names(), {})
        self.is_somebody_else(self.ann)
        self.is_somebody_else(None)
        self.world.ask("POST", "/games", self.token("eve"), {"kind": "tic-tac-toe", "players": ["carl", "dora"]})
        self.is_somebody_else(changed(self.ann, sub="carl"), "carl")

    def test_nobody_is_believed_who_was_not_here_within_30_days(self) -> None:
        game = self.game(self.ann, self.bob)
        expires = claims_of(self.ann)["exp"]
        # Somebody else keeps the game in the list.
        self.reactor.advance(15 * DAY)
        self.have("stand", game=game, players=["ann", "bob"], started=True, finished=False)
        self.reactor.advance(expires + RENEWED_SECONDS - self.now())
        self.assertEqual(self.come(self.ann)["player"], "ann")
        self.have("stand", game=game, players=["ann", "bob"], started=True, finished=False)
        self.reactor.advance(1)
        self.assertIn("ann", self.names())
        self.is_somebody_else(self.ann)

    def test_tokens_that_are_not_the_servers_or_not_for_this_are_not_believed(self) -> None:
        self.game(self.ann, self.bob)
        self.sleep(3 * DAY)
        lease = claims_of(self.ann)["lease"]
        seat = TokenGenerator(ISSUER, MINTING.key, lambda: NOW)
        other = Ed25519PrivateKey.generate()
        head, body, signature = self.ann.split(".")
        for token in (
            changed(self.ann, other),
            changed(self.ann, ec.generate_private_key(ec.SECP256R1()), "ES256"),
            changed(self.ann, "secret" * 8, "HS256"),
            f"{changed(self.ann, None, 'none')}",
            f"{head}.{changed(self.ann, exp=int(self.now()) + 60).split('.')[1]}.{signature}",
            f"{head}.{body}.",
            changed(self.ann, aud="g1"),
            changed(self.ann, aud=None),
            changed(self.ann, iss="urn:other"),
            changed(self.ann, exp=None),
            changed(self.ann, exp="soon"),
            changed(self.ann, lease=f"{lease[:-1]}-" if lease[-1] != "-" else f"{lease[:-1]}x"),
            changed(self.ann, lease=lease[:-1]),
            changed(self.ann, lease=""),
            changed(self.ann, lease=None),
            changed(self.ann, lease=[lease]),
            changed(self.ann, lease=7),
            changed(self.bob, sub="ann"),
            seat.generate("g1", "ann"),
            lease,
            "ann",
        ):
            self.is_somebody_else(token)
        self.assertEqual(self.come(self.ann)["player"], "ann")
        self.assertEqual(claims_of(self.ann)["aud"], AUDIENCE)

    def test_a_good_token_of_a_lease_that_is_somebody_elses_by_now_is_not_renewed(self) -> None:
        # As it is where the lobby was deleted, and began anew.
        self.is_somebody_else(changed(self.ann, lease="another"))
        self.assertEqual(self.come(self.ann)["player"], "ann")

    def test_an_expired_token_from_before_there_were_leases_shows_nothing(self) -> None:
        self.game(self.ann, self.bob)
        before = changed(self.ann, lease=None)
        self.assertEqual(self.come(before)["player"], "ann", "it is still good")
        self.sleep(3 * DAY)
        self.is_somebody_else(before)
        self.assertEqual(self.come(self.ann)["player"], "ann")

    def test_a_name_from_before_there_were_leases_has_one_from_the_next_renewal_on(self) -> None:
        self.have("welcome", names=["old"], seconds=DAY)
        old = changed(self.ann, sub="old", lease=None)
        for lease in "", "x", None:
            self.is_somebody_else(changed(self.ann, sub="old", lease=lease, exp=int(NOW - 60)), "old")
        first, second = (self.come(old)["token"] for _ in range(2))
        self.assertEqual(self.names()["old"].lease, claims_of(first)["lease"])
        self.game(first, self.bob)
        self.sleep(3 * DAY)
        for token in first, second:
            self.assertEqual(self.come(token)["player"], "old")

    def test_names_that_are_not_recorded_are_not_to_be_wished_for(self) -> None:
        wished = "guest-0123456789abcdef"
        self.assertNotEqual(self.come(name=wished)["player"], wished)
        self.world = self.started(Foreign("https://id.example", "gamesvc", Keys()))
        for wish in (wished, wished.removeprefix("guest-")):
            self.assertNotEqual(self.come(name=wish)["player"], wished)

    def test_who_was_called_as_others_are_now_is_not_believed_any_more(self) -> None:
        """The operator has said since that there is an issuer of identities, and ann may be one of those."""
        game = self.game(self.ann, self.bob)
        self.world = self.started(Foreign("https://id.example", "gamesvc", Keys()))
        self.assertEqual(self.join(self.ann, game).code, "token_invalid")
        self.is_somebody_else(self.ann)
        self.sleep(3 * DAY)
        self.is_somebody_else(self.ann)

    def test_leases_are_told_to_nobody(self) -> None:
        game = self.game(self.ann, self.bob)
        self.sleep(3 * DAY)
        ann = self.come(self.ann)
        lease = claims_of(ann["token"])["lease"]
        told = [self.world.ask("GET", path).body for path in ("", "/games", f"/games/{game}", "/kinds")]
        self.assertEqual(set(ann), {"player", "token"})
        for text in (*(each.decode() for each in told), *self.logged.texts(), *map(repr, self.logged)):
            self.assertNotIn(lease, text)

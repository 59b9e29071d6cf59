"""Who enters."""

from __future__ import annotations

import dataclasses
import itertools
import re

from cryptography.hazmat.primitives.asymmetric import ed25519
from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from gamesvc.admission import Admission, FrontDoor
from gamesvc.auth import TokenGenerator, TokenValidator, is_player_name
from gamesvc.errors import ConfigError, RequestRefused
from gamesvc.handshake import OpeningRequest
from gamesvc.keys import SigningKey, algorithm_of
from gamesvc.messages import CLASSIC, V1

FAST = settings(deadline=None, database=None, max_examples=200)
NOW = 1_800_000_000.0
ISSUER = "urn:example:issuer"
KEY = ed25519.Ed25519PrivateKey.from_private_bytes(bytes(32))
VALIDATOR = TokenValidator(ISSUER, algorithm_of(KEY.public_key(), "key.pem"), lambda: NOW)

ASKED = OpeningRequest("/lobby", {}, "localhost:8080", None, None, (), "dGhlIHNhbXBsZSBub25jZQ==")


def door(with_tokens: bool = False, *origins: str) -> FrontDoor:
    guests = itertools.count(1)
    return FrontDoor(VALIDATOR if with_tokens else None, origins, lambda: f"guest-{next(guests)}")


def token(game: str = "lobby", player: str = "alice", *players: str, spectate: bool = False, since: float = NOW) -> str:
    generator = TokenGenerator(ISSUER, SigningKey("EdDSA", KEY), lambda: since)
    return generator.generate(game, player, players or None, spectate=spectate, lifetime=60.0)


def asked(
    path: str = "/lobby",
    *subprotocols: str,
    bearer: str | None = None,
    origin: str | None = None,
    host: str = "localhost:8080",
    **query: str | list[str],
) -> OpeningRequest:
    return dataclasses.replace(
        ASKED,
        path=path,
        subprotocols=subprotocols,
        authorization=None if bearer is None else f"Bearer {bearer}",
        origin=origin,
        host=host,
        query={name: value if isinstance(value, list) else [value] for name, value in query.items()},
    )


def verdict(front_door: FrontDoor, request: OpeningRequest) -> str:
    """The code of a request's refusal, or ``ok``; any other exception gets out."""
    try:
        front_door.judge(request)
    except RequestRefused as refused:
        return refused.refusal.code
    return "ok"


def told(request: OpeningRequest) -> str:
    """What a refused request's refusal says."""
    try:
        door().judge(request)
    except RequestRefused as refused:
        return refused.refusal.message
    raise AssertionError("it was let in")


class WithoutTokens(SynchronousTestCase):
    def test_the_last_segment_of_the_path_is_the_game(self) -> None:
        for path, game in (
            ("/lobby", "lobby"),
            ("/any/path/lobby", "lobby"),
            ("//lobby", "lobby"),
            ("/A-z_0", "A-z_0"),
            ("/" + "x" * 64, "x" * 64),
        ):
            self.assertEqual(door().judge(asked(path)).game, game)
        for path in ("/", "/lobby/", "/" + "x" * 65, "/a.b", "/%61", "/a b", "/a~", "/caf\xe9", "/lobby\n"):
            self.assertEqual(verdict(door(), asked(path)), "bad_game_id", path)

    def test_who_gives_a_name_has_it_and_who_gives_none_gets_a_guests(self) -> None:
        front_door = door()
        for request, player in (
            (asked(player="Jürgen K."), "Jürgen K."),
            (asked(player="x" * 64), "x" * 64),
            (asked(), "guest-1"),
            (asked(), "guest-2"),
        ):
            self.assertEqual(
                front_door.judge(request), Admission("lobby", player, None, False, None, None, operates=True)
            )

    def test_a_name_that_is_no_players_is_refused(self) -> None:
        for player in ("", "x" * 65, "a\nb", "\x1b[2J", "a\x85b", "\ud800"):
            self.assertEqual(verdict(door(), asked(player=player)), "bad_player", ascii(player))

    def test_who_asks_to_spectate_watches(self) -> None:
        for value, watches in (("1", True), ("true", True), ("0", False), ("false", False), ("", False)):
            self.assertIs(door().judge(asked(spectate=value)).spectate, watches, value)

    def test_who_asks_for_the_state_gets_it(self) -> None:
        for value, shown in (("1", True), ("true", True), ("0", False), ("false", False), ("", False)):
            self.assertIs(door().judge(asked(state=value)).state, shown, value)
        self.assertFalse(door().judge(asked()).state)

    def test_what_is_neither_yes_nor_no_is_refused(self) -> None:
        for value in ("yes", "2", "TRUE", " 1"):
            self.assertEqual(verdict(door(), asked(spectate=value)), "bad_query", value)
            self.assertEqual(verdict(door(), asked(state=value)), "bad_query", value)

    def test_who_comes_back_says_which_history_they_knew_and_how_far(self) -> None:
        for query, wanted in (
            ({}, (None, None)),
            ({"epoch": "cnJy.public", "since": "17"}, ("cnJy.public", 17)),
            ({"since": "0"}, (None, 0)),
            ({"since": "007"}, (None, 7)),
            ({"since": "9" * 18}, (None, 10**18 - 1)),
            ({"epoch": ""}, ("", None)),
            ({"epoch": "x y/\xfc"}, ("x y/\xfc", None)),
        ):
            for admission in (
                door().judge(asked("/lobby", V1, **query)),
                door(True).judge(asked(bearer=token(), **query)),
                door(True).judge(asked(bearer=token("lobby", "eve", "alice", spectate=True), **query)),
            ):
                self.assertEqual((admission.epoch, admission.since), wanted)

    def test_how_far_is_a_whole_number_in_digits(self) -> None:
        for value in ("", "-1", "+1", " 1", "1 ", "1\n", "1.0", "1e3", "0x1", "1_0", "\u0663", "9" * 19, "all", "\xb2"):
            self.assertEqual(verdict(door(), asked(since=value)), "bad_query", ascii(value))

    def test_what_is_wrong_in_the_query_is_told_by_its_name(self) -> None:
        self.assertEqual(told(asked(since="x")), "since in the query is an event's number: 1 to 18 digits")
        self.assertEqual(told(asked(state="yes")), "state in the query is 1, true, 0 or false")
        self.assertEqual(told(asked(player=["a", "b"])), "the query gives player more than once")

    def test_a_parameter_is_given_once(self) -> None:
        for request in (
            asked(player=["alice", "alice"]),
            asked(spectate=["1", "0"]),
            asked(epoch=["a", "a"]),
            asked(since=["1", "1"]),
            asked(state=["1", "1"]),
        ):
            self.assertEqual(verdict(door(), request), "bad_query")

    def test_tokens_are_not_looked_at_but_still_given_once(self) -> None:
        self.assertEqual(verdict(door(), asked(bearer="no token at all")), "ok")
        self.assertEqual(verdict(door(), asked(bearer="a", token="b")), "token_twice")


class Subprotocols(SynchronousTestCase):
    def test_the_first_known_one_is_chosen_and_never_the_token(self) -> None:
        for offered, chosen in (
            ((), None),
            ((V1,), V1),
            ((CLASSIC,), CLASSIC),
            ((V1, CLASSIC), V1),
            ((CLASSIC, V1), CLASSIC),
            (("x", f"bearer.{token()}", V1), V1),
        ):
            self.assertEqual(door().judge(asked("/lobby", *offered)).subprotocol, chosen)
            with_token = [each for each in offered if each.startswith("bearer.")]
            request = asked("/lobby", *offered, bearer=None if with_token else token())
            self.assertEqual(door(True).judge(request).subprotocol, chosen)

    def test_a_token_alone_or_what_is_unknown_is_refused(self) -> None:
        for offered in ((f"bearer.{token()}",), ("bearer.",), ("chat",), ("GAMESVC.V1",), ("gamesvc.v2", "chat")):
            self.assertEqual(verdict(door(True), asked("/lobby", *offered)), "unknown_subprotocol")
            self.assertEqual(verdict(door(), asked("/lobby", *offered)), "unknown_subprotocol")


class Tokens(SynchronousTestCase):
    def test_it_comes_as_a_header_as_a_subprotocol_or_in_the_query(self) -> None:
        text = token()
        for request in (
            asked(bearer=text),
            asked("/lobby", V1, f"bearer.{text}"),
            asked("/lobby", f"bearer.{text}", CLASSIC),
            asked(token=text),
            dataclasses.replace(ASKED, authorization=f"bEARER   {text} "),
            dataclasses.replace(asked(token=text), authorization="Basic YWxpY2U6c2VjcmV0"),
        ):
            admission = door(True).judge(request)
            self.assertEqual((admission.game, admission.player, admission.expires), ("lobby", "alice", NOW + 60))

    def test_it_is_given_once_in_every_combination_even_if_both_are_the_same_or_empty(self) -> None:
        for first, second in itertools.product((token(), "x", ""), repeat=2):
            for request in (
                asked(bearer=first, token=second),
                asked("/lobby", V1, f"bearer.{first}", bearer=second),
                asked("/lobby", V1, f"bearer.{first}", token=second),
                asked("/lobby", f"bearer.{first}", V1, f"bearer.{second}"),
                asked(token=[first, second]),
                asked("/lobby", V1, f"bearer.{first}", bearer=first, token=second),
            ):
                self.assertEqual(verdict(door(True), request), "token_twice")

    def test_where_there_is_none_one_is_asked_for(self) -> None:
        for request in (
            asked(),
            asked(player="alice"),
            asked(token=""),
            asked(bearer=""),
            asked("/lobby", V1, "bearer."),
            dataclasses.replace(ASKED, authorization="Bearer"),
            dataclasses.replace(ASKED, authorization=token()),
            dataclasses.replace(ASKED, authorization=f"Basic {token()}"),
        ):
            self.assertEqual(verdict(door(True), request), "token_missing")

    def test_what_a_request_says_beside_the_token_gives_no_other_name(self) -> None:
        self.assertEqual(door(True).judge(asked(bearer=token(), player="mallory")).player, "alice")

    def test_ply_and_spectate_decide_who_plays_and_who_watches(self) -> None:
        for text, query, wanted in (
            (token(), {}, (None, False)),
            (token(), {"spectate": "1"}, (None, True)),
            (token(spectate=True), {}, (None, True)),
            (token("lobby", "alice", "bob", "alice"), {}, (("bob", "alice"), False)),
            (token("lobby", "alice", "bob", "alice"), {"spectate": "1"}, (("bob", "alice"), True)),
            (token("lobby", "alice", "bob", "alice", spectate=True), {}, (("bob", "alice"), False)),
            (token("lobby", "alice", "bob", spectate=True), {}, (("bob",), True)),
            (token("lobby", "alice", "bob", spectate=True), {"spectate": "0"}, (("bob",), True)),
        ):
            admission = door(True).judge(asked(bearer=text, **query))
            self.assertEqual((admission.players, admission.spectate), wanted, (wanted, query))
        for query in ({}, {"spectate": "1"}):
            request = asked(bearer=token("lobby", "alice", "bob", "Alice"), **query)
            self.assertEqual(verdict(door(True), request), "player_not_in_game")


class Order(SynchronousTestCase):
    def test_the_earlier_check_speaks_and_nothing_of_the_game_is_told_before_the_token_is_good(self) -> None:
        # Each request is wrong in the way that is named, and in all the ways below it.
        expired = token("other", "alice", "bob", since=NOW - 3600)
        elsewhere, excluded = token("other", "alice", "bob"), token("lobby", "alice", "bob")
        far = "https://evil.example"
        for wanted, request in (
            ("origin_not_allowed", asked("/no game", "chat", bearer="x", token="x", origin=far)),
            ("unknown_subprotocol", asked("/no game", "chat", bearer="x", token="x")),
            ("bad_game_id", asked("/no game", V1, bearer="x", token="x")),
            ("token_twice", asked("/lobby", V1, bearer="x", token="x", spectate=["1", "1"])),
            ("bad_query", asked("/lobby", V1, spectate=["1", "1"])),
            ("bad_query", asked("/lobby", V1, since="-1")),
            ("token_missing", asked("/lobby", V1)),
            ("token_invalid", asked("/lobby", V1, bearer=expired[:-2])),
            ("token_expired", asked("/lobby", V1, bearer=expired)),
            ("wrong_game", asked("/lobby", V1, bearer=elsewhere)),
            ("player_not_in_game", asked("/lobby", V1, bearer=excluded)),
        ):
            self.assertEqual(verdict(door(True), request), wanted)


class Origins(SynchronousTestCase):
    def allowed(self, origin: str, host: str, *listed: str, with_tokens: bool = True) -> bool:
        request = asked(bearer=token(), origin=origin, host=host)
        return verdict(door(with_tokens, *listed), request) == "ok"

    def test_who_is_no_browser_has_none_and_may_connect(self) -> None:
        self.assertEqual(verdict(door(True), asked(bearer=token())), "ok")

    def test_an_allowed_origin_means_what_it_says_port_or_not(self) -> None:
        for listed, origin, may in (
            ("https://game.example", "https://game.example", True),
            ("https://game.example", "https://game.example:443", True),
            ("https://game.example:443", "https://game.example", True),
            ("https://game.example", "https://game.example:8443", False),
            ("https://game.example:8443", "https://game.example:8443", True),
            ("https://game.example:8443", "https://game.example", False),
            ("https://game.example", "http://game.example", False),
            ("http://game.example", "http://game.example:80", True),
            ("HTTPS://Game.Example", "https://game.example", True),
            ("https://game.example", "https://GAME.example", True),
            ("https://game.example", "https://evil.game.example", False),
            ("https://game.example", "https://game.example.evil", False),
            ("https://game.example", "https://evil@game.example", False),
            ("https://game.example", "https://game.example/", False),
            ("https://game.example", "https://game.example#x", False),
            ("https://game.example", "https://game.example:99999", False),
            ("https://[::1]:8443", "https://[::1]:8443", True),
            ("https://[2001:db8::1]", "https://[2001:db8::1]:443", True),
            ("https://[2001:db8::1]", "https://[2001:db8::2]", False),
            ("chrome-extension://abcdef", "chrome-extension://abcdef", True),
            ("https://game.example", "null", False),
            ("null", "null", True),
            ("null", "https://game.example", False),
            ("null", "NULL", False),
            ("*", "https://game.example", True),
            ("*", "null", True),
            ("*", "what is this", True),
        ):
            self.assertIs(self.allowed(origin, "play.example", listed), may, (listed, origin))
            self.assertIs(self.allowed(origin, "play.example", listed, with_tokens=False), may, (listed, origin))

    def test_several_may_be_allowed(self) -> None:
        listed = ("https://a.example", "null", "https://b.example:8443")
        for origin, may in (*zip(listed, [True] * 3, strict=True), ("https://c.example", False)):
            self.assertIs(self.allowed(origin, "play.example", *listed), may, origin)

    def test_what_is_no_origin_is_not_allowed(self) -> None:
        for origin in (
            "",
            "game.example",
            "https://",
            "https://[::1",
            "//game.example",
            "https:game.example",
            "\xe9",
            "[",
        ):
            self.assertFalse(self.allowed(origin, "game.example", "https://game.example"), origin)
            self.assertFalse(self.allowed(origin, "", "https://game.example"), origin)

    def test_a_page_of_this_very_server_may_connect_where_tokens_are_asked_for(self) -> None:
        for origin, host, may in (
            ("https://play.example", "play.example", True),
            ("https://play.example", "play.example:443", True),
            ("http://play.example", "play.example:80", True),
            ("http://play.example:8080", "play.example:8080", True),
            ("http://Play.example:8080", "play.example:8080", True),
            ("http://[::1]:8080", "[::1]:8080", True),
            ("http://play.example", "play.example:8080", False),
            ("http://play.example:8080", "play.example:8081", False),
            ("http://evil.example:8080", "play.example:8080", False),
            ("http://play.example:8080", "", False),
            ("http://play.example:8080", "play.example:x", False),
            ("http://play.example:8080", "[play.example:8080", False),
            ("null", "null", False),
        ):
            self.assertIs(self.allowed(origin, host), may, (origin, host))

    def test_without_tokens_only_where_its_name_can_not_be_pointed_here_by_somebody_else(self) -> None:
        for name, may in (
            ("localhost", True),
            ("game.localhost", True),
            ("127.0.0.1", True),
            ("192.168.1.7", True),
            ("[::1]", True),
            ("[fe80::1]", True),
            ("evil.example", False),
            ("localhost.evil.example", False),
            ("evillocalhost", False),
            ("127.0.0.1.evil.example", False),
            ("2130706433", False),
        ):
            for host in (f"{name}:8080", name):
                page = f"http://{host}"
                self.assertIs(self.allowed(page, host, with_tokens=False), may, host)
                self.assertTrue(self.allowed(page, host, page, with_tokens=False), host)
        self.assertFalse(self.allowed("http://localhost:3000", "localhost:8080", with_tokens=False))
        self.assertFalse(self.allowed("http://localhost:8080", "127.0.0.1:8080", with_tokens=False))

    def test_who_came_before_changes_nothing(self) -> None:
        hosts = [f"{name}:{port}" for name in ("localhost", "play.example", "10.0.0.1") for port in range(8000, 8010)]
        pairs = [(f"http://{page}", host) for page in hosts for host in hosts[::3]]
        for with_tokens in (True, False):
            one = door(with_tokens, "http://play.example:8001")
            for origin, host in (*pairs, *reversed(pairs), *pairs[:10] * 2):
                request = asked(bearer=token(), origin=origin, host=host)
                fresh = verdict(door(with_tokens, "http://play.example:8001"), request)
                self.assertEqual(verdict(one, request), fresh, (origin, host))

    def test_a_refused_one_is_told_to_the_operator_in_a_form_that_a_log_can_take(self) -> None:
        for origin in ("https://evil.example", "https://\x85evil\x9b2J\xff", "x" * 16000):
            error = self.assertRaises(RequestRefused, door().judge, asked(origin=origin))
            self.assertIn(ascii(origin[:50])[:-1], error.detail)
            self.assertTrue(error.detail.isascii() and error.detail.isprintable() and len(error.detail) < 500)

    def test_an_option_that_is_no_origin_is_refused_at_once_and_says_what_would_be_right(self) -> None:
        for listed in (
            *("game.example", "https://", "https://game.example/", "https://game.example/play"),
            *("https://alice@game.example", "https://game.example:99999", "https://[::1"),
        ):
            message = str(self.assertRaises(ConfigError, door, True, "https://good.example", listed))
            for part in ("allow-origin", repr(listed), "scheme://host"):
                self.assertIn(part, message)

    def test_an_option_that_no_browser_ever_sends_is_refused_at_once(self) -> None:
        # They would be accepted, match nothing, and leave their writer to wonder.
        for listed in (
            "https://*.game.example",
            "https:// game.example",
            "https://spiel.ex\xe4mple",
            "https://game.example?",
        ):
            self.assertRaises(ConfigError, door, True, listed)


TEXTS = st.text(st.characters(max_codepoint=0xFF), max_size=10)
HOSTS = st.sampled_from(["localhost:8080", "play.example", "[::1]:8080", "[", "a:b:c", "@", ""]) | TEXTS
TOKENS = st.sampled_from([token(), token("lobby", "bob", "alice"), token("x", since=NOW - 3600), ""]) | st.text()
REQUESTS = st.builds(
    OpeningRequest,
    path=st.sampled_from(["/lobby", "/x", "/"]) | TEXTS.map(lambda text: f"/{text}"),
    query=st.dictionaries(
        st.sampled_from(["player", "spectate", "token", "epoch", "since", "state"]),
        st.lists(TOKENS | st.just("1"), max_size=2),
        max_size=2,
    ),
    host=HOSTS,
    origin=st.none() | HOSTS.map(lambda host: f"http://{host}") | HOSTS,
    authorization=st.none() | TOKENS.map(lambda text: f"Bearer {text}") | TEXTS,
    subprotocols=st.lists(
        st.sampled_from([V1, CLASSIC, "bearer."]) | TOKENS.map(lambda text: f"bearer.{text}") | TEXTS, max_size=2
    ).map(tuple),
    key=st.just(ASKED.key),
)


class Hosts(SynchronousTestCase):
    """By which names the server may be asked over HTTP, where no page says where it came from."""

    OWN = (
        "localhost",
        "localhost:8080",
        "app.localhost:8080",
        "127.0.0.1:8080",
        "192.0.2.1",
        "[::1]:8080",
        "LOCALHOST",
    )
    OTHERS = (
        *("evil.example", "evil.example:8080", "localhost.evil.example", "127.0.0.1.evil.example", "", ":8080", "[::1"),
        *(
            "evil.example@localhost",
            "localhost/evil",
            "localhost evil",
            "localhost:99999",
            "\xe9",
            "evil.example#localhost",
        ),
    )

    def test_without_tokens_only_by_its_own(self) -> None:
        for host in self.OWN:
            self.assertTrue(door().may_ask(host), host)
        for host in self.OTHERS:
            self.assertFalse(door().may_ask(host), host)

    def test_an_origin_that_is_allowed_is_a_name_of_ours(self) -> None:
        allowing = door(False, "https://game.example", "http://dev.example:3000")
        for host in ("game.example", "game.example:8080", "dev.example", *self.OWN):
            self.assertTrue(allowing.may_ask(host), host)
        for host in ("example", "other.example", "xgame.example", *self.OTHERS):
            self.assertFalse(allowing.may_ask(host), host)

    def test_where_all_may_ask_or_tokens_are_asked_for_it_does_not_matter(self) -> None:
        for host in (*self.OWN, *self.OTHERS):
            self.assertTrue(door(False, "*").may_ask(host), host)
            self.assertTrue(door(True).may_ask(host), host)


class AnyRequest(SynchronousTestCase):
    @FAST
    @given(REQUESTS, st.booleans())
    def test_whoever_is_let_in_is_well_named_and_all_others_are_refused(
        self, request: OpeningRequest, with_tokens: bool
    ) -> None:
        try:
            admission = door(with_tokens).judge(request)
        except RequestRefused:
            return
        self.assertTrue(re.fullmatch(r"[A-Za-z0-9_-]{1,64}", admission.game))
        self.assertTrue(is_player_name(admission.player))
        self.assertIn(admission.subprotocol, (None, V1, CLASSIC))
        self.assertEqual(admission.subprotocol is None, not request.subprotocols)
        self.assertTrue(admission.since is None or admission.since >= 0)
        if with_tokens:
            self.assertEqual((admission.game, admission.player), ("lobby", "alice"))
        else:
            self.assertEqual((admission.players, admission.expires), (None, None))

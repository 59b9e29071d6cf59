"""Showing: each frame is made once for all who get the same, and what can't be shown harms nobody else."""

from __future__ import annotations

import json
from typing import Any
from unittest import mock

from msgspec import Struct
from twisted.trial.unittest import SynchronousTestCase

from gamesvc import Event, GameModel, Own, Player, Secret, command, field, showing
from gamesvc.deflate import inflated
from gamesvc.errors import CloseCode
from gamesvc.views import MAX_VIEW_BYTES
from tests.test_mirror import Client, a_world, run
from tests.wire import Logged

LONG = "what is long enough to be deflated " * 20
SECRET = "the ace of spades"
V1 = "Sec-WebSocket-Protocol: gamesvc.v1"


class Said(Event):
    text: str


class Open(GameModel, seats=(1, 9)):
    """Has nothing that is anybody's own."""

    text: str = ""
    number: int = 0

    @command
    def say(self, player: Player, text: str = "", aside: bool = False) -> str:
        self.text = text
        self.publish(Said(text), to=[player] if aside else None)
        return text

    @command
    def shift(self, player: Player) -> None:
        self.number += 1


class Hands(Open, seats=(1, 9)):
    """Has something that is."""

    own: Own[dict[Player, str]] = field(default_factory=dict)

    @command
    def take(self, player: Player, text: str = "") -> None:
        self.own[player] = text


class Moody(Open, seats=(1, 9)):
    """Its view fails for some, in some way."""

    mood: Secret[str] = ""
    card: Secret[str] = SECRET

    def on_leave(self, player: Player) -> None: ...

    @command
    def set(self, player: Player, mood: str) -> None:
        self.mood = mood

    @command
    def spoil(self, player: Player) -> None:
        self.mood = "raises"
        self.publish(Said("spoilt"))

    def view(self, viewer: Player | None) -> dict[str, Any]:
        view = super().view(viewer)
        if self.mood == "hates all but ann" and viewer != "ann":
            raise ValueError(self.card)
        if viewer != "bob":
            return view
        if self.mood == "changes":
            self.number += 100
            return super().view(viewer)
        match self.mood:
            case "raises":
                raise ValueError(self.card)
            case "exits":
                raise SystemExit(self.card)
            case "returns nothing":
                return None  # type: ignore[return-value]  # an author's mistake
            case "is large":
                return {"large": "x" * MAX_VIEW_BYTES}
            case "takes chance":
                return {"chance": self.random.random()}
            case "publishes":
                self.publish(Said(self.card))
        return view


class Case(SynchronousTestCase):
    """A game with two players and two who watch; one of each takes compressed messages."""

    GAME = "Open"

    def setUp(self) -> None:
        self.world = a_world(f"{__name__}:{self.GAME}")
        self.ann, self.bob = Client(self.world, "ann"), Client(self.world, "bob", deflates=True)
        self.eve = Client(self.world, "eve", spectate=True)
        self.fay = Client(self.world, "fay", spectate=True, deflates=True)
        self.clients = self.ann, self.bob, self.eve, self.fay
        self.hear()

    def hear(self) -> list[list[str]]:
        run(self.world)
        return [client.hear() for client in self.clients]

    def frames(self, client: Client) -> list[tuple[str, bool]]:
        """The kinds of the frames that came, and whether they were deflated."""
        run(self.world)
        data, found = client.line.transport.value(), []
        while data:
            length, start = data[1], 2
            if length >= 126:
                start = 4 if length == 126 else 10
                length = int.from_bytes(data[2:start], "big")
            payload = data[start : start + length]
            is_deflated = data[0] == 0xC1
            message = json.loads(inflated(payload, 0) if is_deflated else payload)
            found.append((message.get("event", "reply").removeprefix("gamesvc."), is_deflated))
            data = data[start + length :]
        client.hear()
        return found


class OneForAll(Case):
    """Each frame is made once for all who get it."""

    def made(self, name: str) -> mock.Mock:
        """Counts how often something is called."""
        original = getattr(showing, name)
        counted = mock.Mock(side_effect=original)
        self.patch(showing, name, counted)
        return counted

    def test_a_patch_is_made_once_and_deflated_once(self) -> None:
        more = [Client(self.world, f"x{number}", spectate=True, deflates=number % 2 == 0) for number in range(10)]
        self.hear()
        encode, deflate, plain = (self.made(name) for name in ("encode_patch", "deflated_frame", "text_frame"))
        self.ann.say(command="say", text=LONG)
        run(self.world)
        # Once for those who take compressed messages, and once for the others.
        self.assertEqual((encode.call_count, deflate.call_count, plain.call_count), (2, 1, 1))
        sent = {client.line.transport.value() for client in more}
        self.assertEqual(len(sent), 2)
        self.assertEqual([client.hear() for client in more], [["event", "patch"]] * 10)

    def test_so_is_the_state_of_those_who_come_back_together(self) -> None:
        more = [Client(self.world, f"x{number}", spectate=True, deflates=number % 2 == 0) for number in range(10)]
        self.ann.say(command="say", text=LONG)
        self.hear()
        for client in more:
            client.hear()
            client.stall()
        for _ in range(3):
            self.ann.say(command="shift")
            self.hear()
        encode, deflate, plain = (self.made(name) for name in ("encode_state", "deflated_frame", "text_frame"))
        for client in more:
            client.line.transport.room = 1 << 30
            client.line.protocol.resumeProducing()
        run(self.world)
        self.assertEqual((encode.call_count, deflate.call_count, plain.call_count), (2, 1, 1))

    def test_the_view_is_made_once_for_all_of_an_audience(self) -> None:
        game = next(iter(self.world.listener.games.values()))
        views = game._reception._views
        with mock.patch.object(views, "_make", wraps=views._make) as make:
            # Nobody is shown anything of what has not changed.
            self.ann.say(command="nothing")
            run(self.world)
            self.assertEqual(make.call_count, 0)
            self.ann.say(command="shift")
            self.ann.say(command="shift")
            run(self.world)
            self.assertEqual(make.call_count, 1)


class Compressed(Case):
    """What everybody may know is compressed for those who take that; what others' secrets may lie beside is not."""

    def test_patches_that_everybody_gets(self) -> None:
        self.ann.say(command="say", text=LONG)
        run(self.world)
        expected = [("Said", False), ("patch", False)]
        self.assertEqual(self.frames(self.ann), [*expected, ("reply", False)])
        self.assertEqual(self.frames(self.bob), [("Said", True), ("patch", True)])
        self.assertEqual(self.frames(self.eve), expected)
        self.assertEqual(self.frames(self.fay), [("Said", True), ("patch", True)])

    def test_the_state_that_everybody_gets(self) -> None:
        self.ann.say(command="say", text=LONG)
        self.hear()
        for client, is_deflated in ((self.bob, True), (self.eve, False)):
            client.cut()
            before = len(client.data)
            client.connect(back=True)
            self.assertEqual(client.heard[-2:], ["welcome", "state"])
            self.assertIs(LONG.encode() in client.data[before:], not is_deflated)

    def test_neither_private_events_nor_replies_nor_welcomes(self) -> None:
        self.bob.say(command="say", text=LONG, aside=True)
        self.assertEqual(self.frames(self.bob), [("Said", False), ("patch", True), ("reply", False)])
        self.bob.cut()
        self.fay.cut()
        for client in (self.bob, self.fay):
            before = len(client.data)
            client.connect()
            self.assertIn(b"gamesvc.welcome", client.data[before:])
            self.assertIn(LONG.encode(), client.data[before:])


class CompressedHands(Case):
    """Where something is a player's own."""

    GAME = "Hands"

    def test_what_a_player_is_shown_is_not_compressed_and_what_watchers_are_is(self) -> None:
        self.bob.say(command="take", text=LONG)
        self.assertEqual(self.frames(self.bob), [("patch", False), ("reply", False)])
        self.assertEqual(self.frames(self.fay), [])
        self.bob.say(command="say", text=LONG)
        self.assertEqual(self.frames(self.bob), [("Said", True), ("patch", False), ("reply", False)])
        self.assertEqual(self.frames(self.eve), [("Said", False), ("patch", False)])
        self.assertEqual(self.frames(self.fay), [("Said", True), ("patch", True)])

    def test_nor_is_the_state_of_a_player(self) -> None:
        self.bob.say(command="take", text=LONG)
        self.hear()
        self.bob.cut()
        before = len(self.bob.data)
        self.bob.connect(back=True)
        self.assertEqual(self.bob.heard[-2:], ["welcome", "state"])
        self.assertIn(LONG.encode(), self.bob.data[before:])


class Failing(Case):
    """A view that fails ends the connection of who can't be shown it."""

    GAME = "Moody"

    def setUp(self) -> None:
        super().setUp()
        self.logged = Logged(self)

    @property
    def incidents(self) -> list[str]:
        return [each for each in self.logged.texts() if "incident" in each]

    def assert_others_go_on(self) -> None:
        self.ann.say(command="shift")
        self.assertEqual([client.hear() for client in self.others()], [["patch", "reply"], ["patch"], ["patch"]])

    def others(self) -> tuple[Client, ...]:
        run(self.world)
        return self.ann, self.eve, self.fay

    def test_whatever_it_does(self) -> None:
        for mood in ("raises", "exits", "returns nothing", "is large", "takes chance", "publishes"):
            self.logged.clear()
            self.ann.say(command="set", mood=mood)
            self.ann.say(command="shift")
            self.hear()
            self.assertEqual((mood, self.bob.heard[-1], self.bob.closed), (mood, "closed", CloseCode.INTERNAL_ERROR))
            self.assertEqual(len(self.incidents), 1, mood)
            self.assertNotIn(SECRET.encode(), self.bob.data)
            self.assert_others_go_on()
            # Nor can they come in, as long as that is so.
            self.bob.cut()
            line = self.world.line()
            line.ask("/g?player=bob&state=1", "Sec-WebSocket-Protocol: gamesvc.v1")
            run(self.world)
            self.assertEqual(line.response().status, 101)
            (end,) = line.frames()
            self.assertEqual(end.close_code, CloseCode.INTERNAL_ERROR)
            self.assertNotIn(SECRET.encode(), end.payload)
            self.assertEqual(len(self.incidents), 2, mood)
            line.cut()
            self.ann.say(command="set", mood="")
            self.hear()
            self.bob.connect()
            self.hear()
            self.assert_others_go_on()
            self.assertEqual(self.bob.hear(), ["patch"])

    def test_what_was_said_before_comes_and_nothing_after_the_close_frame(self) -> None:
        self.bob.say(command="spoil", id="1")
        self.bob.say(command="shift", id="2")
        run(self.world)
        self.assertEqual(self.bob.hear(), ["event", "reply", "reply", "closed"])
        self.assertEqual(self.bob.closed, CloseCode.INTERNAL_ERROR)

    def test_so_it_is_with_who_comes_back_and_is_to_get_the_state(self) -> None:
        self.bob.cut()
        self.ann.say(command="say", text="hi")
        self.ann.say(command="set", mood="raises")
        self.hear()
        before = len(self.incidents)
        self.bob.connect(back=True)
        self.assertEqual(self.bob.heard[-3:], ["welcome", "event", "closed"])
        self.assertEqual((self.bob.closed, len(self.incidents) - before), (CloseCode.INTERNAL_ERROR, 1))
        self.hear()
        self.assert_others_go_on()

    def test_to_change_fields_changes_nothing(self) -> None:
        self.ann.say(command="set", mood="changes")
        self.ann.say(command="shift")
        self.hear()
        self.assertEqual([client.state["number"] for client in self.clients], [1, 101, 1, 1])
        self.ann.say(command="set", mood="")
        self.hear()
        self.assertEqual([client.state["number"] for client in self.clients], [1, 1, 1, 1])
        self.assertEqual(self.incidents, [])

    def test_many_who_are_shown_the_same_are_one_incident(self) -> None:
        more = [Client(self.world, "bob") for _ in range(3)]
        self.ann.say(command="set", mood="raises")
        self.hear()
        for client in more:
            client.hear()
        self.assertEqual([client.closed for client in more], [CloseCode.INTERNAL_ERROR] * 3)
        self.assertEqual(len(self.incidents), 1)

    def test_so_are_many_who_are_shown_different_things(self) -> None:
        self.ann.say(command="set", mood="hates all but ann")
        self.hear()
        self.assertEqual([client.closed for client in self.clients], [None, *[CloseCode.INTERNAL_ERROR] * 3])
        self.assertEqual(len(self.incidents), 1)
        self.ann.say(command="shift")
        run(self.world)
        self.assertEqual(self.ann.hear(), ["patch", "reply"])

    def test_who_can_not_be_shown_what_another_seat_sees(self) -> None:
        self.bob.say(command="gamesvc.leave")
        self.ann.say(command="set", mood="raises")
        self.hear()
        self.assertEqual((self.bob.heard[-1], self.bob.playing, self.incidents), ("reply", False, []))
        self.bob.say(command="gamesvc.sit")
        run(self.world)
        self.assertEqual(self.bob.hear(), ["joined", "reply", "closed"])
        self.assertEqual((self.bob.closed, len(self.incidents)), (CloseCode.INTERNAL_ERROR, 1))
        self.hear()
        self.assert_others_go_on()


class Branch(Struct):
    """A part of a tree, and what is below it."""

    below: list[Branch] = []
    mark: str | None = None


class Tall(Open, seats=(1, 9)):
    """Its state may be nested as deep as somebody likes."""

    tree: Branch = field(default_factory=Branch)

    @command
    def grow(self, player: Player, levels: int) -> None:
        for _ in range(levels):
            self.tree = Branch([self.tree])


class TooDeep(Case):
    """What is nested too deep to be shown."""

    GAME = "Tall"

    def test_it_ends_the_connections_of_those_who_keep_the_state_and_harms_nobody_else(self) -> None:
        logged = Logged(self)
        plain = self.world.opened("/g?player=joe", "Sec-WebSocket-Protocol: gamesvc.v1")
        plain.heard()
        # As deep as what is stored may be, by little more each time.
        for _ in range(40):
            plain.say(command="grow", levels=10)
            run(self.world)
            self.assertEqual([each for each in plain.heard() if "status" in each][-1:], [{"status": "ok"}])
            if self.ann.hear()[-1:] == ["closed"]:
                break
        self.assertEqual(self.ann.closed, CloseCode.INTERNAL_ERROR)
        self.assertEqual(len([each for each in logged.texts() if "incident" in each]), 1)
        plain.say(command="say", text="still here")
        run(self.world)
        self.assertEqual([each.get("event", "reply") for each in plain.heard()], ["Said", "reply"])


class Remembered(Case):
    """Views of those who have gone."""

    GAME = "Hands"

    def test_names_that_come_and_go_do_not_pile_up_where_nothing_happens(self) -> None:
        server = self.world.listener.games["g"]
        views = server._reception._views
        for number in range(200):
            for state in (0, 1):
                line = self.world.opened(f"/g?player=p{number}&spectate=1&state={state}&epoch=x&since=1", V1)
                run(self.world)
                line.cut()
        self.assertLess(views.remembered, showing.MOST_REMEMBERED + 4 * len(self.clients))
        self.ann.say(command="shift")
        self.assertEqual(self.hear(), [["patch", "reply"], ["patch"], ["patch"], ["patch"]])

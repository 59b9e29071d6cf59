"""Models and events by themselves, as their author has them."""

import json
from typing import Any, TypeVar

from twisted.trial.unittest import SynchronousTestCase

from gamesvc import DefinitionError, Event, GameError, GameModel, Own, Player, Secret, Timer, command, field
from gamesvc.errors import ERROR_CODES
from gamesvc.model import Context, start

M = TypeVar("M", bound=GameModel)
ALICE, BOB = Player("alice"), Player("bob")


class Moved(Event):
    player: Player
    way: list[int]
    winner: Player | None = None


class Ships(GameModel, seats=2):
    shots: int = 0
    names: dict[str, int] = field(default_factory=dict)

    def setup(self) -> None:
        self.names["setup"] = int(self.now)

    @command
    def shoot(self, player: Player, cell: int) -> None: ...


def begun(kind: type[M], context: Context | None = None, players: tuple[Player, ...] = (ALICE, BOB)) -> M:
    """A new game whose seats are taken."""
    context = context or Context()
    model = start(kind, context)
    assert isinstance(model, kind)
    context.players = players
    return model


class GameErrors(SynchronousTestCase):
    """How a command is refused."""

    def test_it_says_why_to_people_and_to_programs(self) -> None:
        plain, coded = GameError("not yet"), GameError("not yet", code="not_your_turn2")
        self.assertEqual((plain.message, plain.code, str(plain)), ("not yet", "refused", "not yet"))
        self.assertEqual((coded.message, coded.code), ("not yet", "not_your_turn2"))

    def test_the_codes_of_gamesvc_are_not_to_be_had(self) -> None:
        for code in ERROR_CODES:
            if code != "refused":
                self.assertRaises(DefinitionError, GameError, "no", code=code)

    def test_codes_that_are_no_names_are_not_to_be_had(self) -> None:
        for code in ("", "Not", "not-yet", "2nd", "not yet", "é", "a" * 65, "a\n"):
            self.assertRaises(DefinitionError, GameError, "no", code=code)

    def test_a_kind_of_refusal_of_ones_own_may_have_its_code_in_its_class(self) -> None:
        class NotYourTurn(GameError):
            code = "not_your_turn"

        class Later(NotYourTurn):
            pass

        errors = NotYourTurn("wait"), Later("wait"), Later("wait", code="much_later"), GameError("wait")
        self.assertEqual([each.code for each in errors], ["not_your_turn"] * 2 + ["much_later", "refused"])

        for wrong in ("game_over", "Not yet"):
            self.assertRaises(DefinitionError, type, "Wrong", (GameError,), {"code": wrong})

    def test_a_reason_that_is_no_text_becomes_one(self) -> None:
        # `except ValueError as error: raise GameError(error)` is what people write.
        reason: Any = ValueError("row 9")
        self.assertEqual(GameError(reason).message, "row 9")


class Events(SynchronousTestCase):
    """What events look like when they leave."""

    def published(self, event: Event, *to: Player) -> list[tuple[bytes, frozenset[str] | None]]:
        context = Context()
        begun(Ships, context).publish(event, to or None)
        return context.events

    def test_the_first_key_is_the_classs_name_and_none_stays(self) -> None:
        ((payload, audience),) = self.published(Moved(ALICE, [1]))
        self.assertEqual(payload, b'{"event":"Moved","player":"alice","way":[1],"winner":null}')
        self.assertIsNone(audience)

    def test_values_are_taken_as_they_are_when_they_are_published(self) -> None:
        context = Context()
        model = begun(Ships, context)
        way = [1]
        model.publish(Moved(ALICE, way))
        way.append(2)
        self.assertEqual(json.loads(context.events[0][0])["way"], [1])

    def test_an_event_to_some_is_for_them_only_and_must_name_who_has_a_seat(self) -> None:
        ((_, audience),) = self.published(Moved(ALICE, []), BOB)
        self.assertEqual(audience, frozenset({"bob"}))
        self.assertRaises(ValueError, self.published, Moved(ALICE, []), Player("carol"))

    def test_a_players_name_alone_is_no_list_of_players(self) -> None:
        # Letter by letter it would go to nobody, and nobody would notice.
        class Open(GameModel):
            pass

        to: Any = ALICE
        self.assertRaises(TypeError, begun(Open).publish, Moved(ALICE, []), to=to)

    def test_a_private_event_is_for_names_that_players_can_have(self) -> None:
        # A model without seats knows no names, and a client may have sent this one; it would be kept.
        class Open(GameModel):
            pass

        for name in ("", "x" * 65):
            self.assertRaises(ValueError, begun(Open).publish, Moved(ALICE, []), to=[Player(name)])

    def test_only_events_that_can_be_sent_can_be_published(self) -> None:
        wrong: Any = {"event": "Moved"}
        self.assertRaises(TypeError, self.published, wrong)
        unsendable: Any = object()
        self.assertRaises(TypeError, self.published, Moved(ALICE, unsendable))

    def test_an_event_may_inherit(self) -> None:
        class Won(Moved):
            points: int = 1

        ((payload, _),) = self.published(Won(ALICE, [], ALICE))
        self.assertEqual(payload, b'{"event":"Won","player":"alice","way":[],"winner":"alice","points":1}')

    def test_what_would_break_the_frame_cannot_be_asked_for(self) -> None:
        # An array instead of an object, another first key, a name of gamesvc's own, a second "seq".
        def is_refused(**keywords: Any) -> bool:
            try:

                class Marked(Event, **keywords):
                    cell: int
            except DefinitionError:
                return True
            return False

        with self.assertRaises(DefinitionError):

            class Renamed(Event):
                number: int = field(name="seq")

        wanted: list[dict[str, Any]] = [
            {"array_like": True},
            {"tag_field": "kind"},
            {"tag": False},
            {"tag": "gamesvc.welcome"},
            {"rename": {"cell": "seq"}},
        ]
        self.assertEqual([keywords for keywords in wanted if not is_refused(**keywords)], [])

    def test_finish_publishes_its_event_last_and_ends_the_game(self) -> None:
        context = Context()
        model = begun(Ships, context)
        model.publish(Moved(ALICE, [1]))
        self.assertFalse(context.finished)
        model.finish(Moved(BOB, [2]))
        players = [json.loads(event)["player"] for event, _ in context.events]
        self.assertEqual((players, context.finished), (["alice", "bob"], True))


class Lent(SynchronousTestCase):
    """What gamesvc lends a model."""

    def test_a_model_has_its_players_and_the_time_and_cannot_set_them(self) -> None:
        context = Context(now=5.0)
        model = begun(Ships, context)
        self.assertEqual((model.players, model.now, model.names), ((ALICE, BOB), 5.0, {"setup": 5}))
        for name in ("players", "now", "random"):
            self.assertRaises(AttributeError, setattr, model, name, None)

    def test_what_was_said_to_come_to_light_is_noted_and_stays_what_it_was(self) -> None:
        context = Context()
        card = ["S", 1]
        self.assertIs(begun(Ships, context).reveal(card), card)
        self.assertEqual(context.revealed, [b'["S",1]'])

    def test_what_was_cancelled_does_not_come_any_more(self) -> None:
        class Bomb(GameModel):
            fuse: Timer | None = None

            def explode(self) -> None: ...

        context = Context()
        bomb = begun(Bomb, context)
        fuse = bomb.after(1, bomb.explode)
        self.assertEqual([bomb.cancel(fuse), bomb.cancel(fuse)], [True, False])
        self.assertEqual(context.alarms, ())


class Views(SynchronousTestCase):
    """What a viewer is shown."""

    def test_public_fields_are_shown_and_of_others_the_viewers_own_entry(self) -> None:
        class Cards(GameModel, seats=2):
            turn: int = 3
            deck: Secret[list[int]] = field(default_factory=lambda: [1])
            hands: Own[dict[Player, list[int]]] = field(default_factory=lambda: {ALICE: [2], BOB: [3]})

        game = begun(Cards)
        self.assertEqual(game.view(ALICE), {"turn": 3, "hands": {"alice": [2]}})
        for viewer in (None, Player("carol")):
            self.assertEqual(game.view(viewer), {"turn": 3, "hands": {}})

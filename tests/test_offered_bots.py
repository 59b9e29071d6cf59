"""The bots that a server offers: which of them can play what, and how one is asked."""

from __future__ import annotations

from typing import Any, ClassVar

import msgspec
from twisted.trial.unittest import SynchronousTestCase

from gamesvc import GameModel
from gamesvc.bot_offer import NO_BOTS, Answered, BotFailed, BotRules, Question
from gamesvc.bots import Bot, BotKind, Choice, Turn
from gamesvc.bots.loading import find
from gamesvc.context import Player
from gamesvc.errors import ConfigError
from gamesvc.offered_bots import OfferedBots, Played, answer
from tests.held_bots import Chat, Held, Nim

QUESTION = Question(
    "random", "g1", "nim", Player("ann"), (Player("ann"), Player("bob")), b'{"left":3,"legal":[]}', 7, 9.5
)


class Probing(Bot):
    """Answers what the test says, and remembers what it was asked."""

    asked: ClassVar[list[Turn]] = []
    answers: ClassVar[list[Any]] = []

    def choose(self, turn: Turn) -> Choice | None:
        self.asked.append(turn)
        chosen = self.answers.pop()
        if isinstance(chosen, BaseException):
            raise chosen
        answer: Choice | None = chosen
        return answer


class Picky(Bot):
    """Knows one game, and can't even look at another."""

    def check(self, model: type[GameModel]) -> None:
        if model is Chat:
            raise ConfigError("Picky plays no Chat; try another")
        raise LookupError("with a secret")

    def choose(self, turn: Turn) -> Choice | None:
        return None


class Offering(SynchronousTestCase):
    """Two bots for two games."""

    def setUp(self) -> None:
        self.thought: list[tuple[BotKind, str, Question]] = []
        self.offer = self.offer_of("random", "tests.test_offered_bots:Picky")

    def offer_of(self, *texts: str, rules: BotRules | None = None) -> OfferedBots:
        games = {"nim": Played("tests.held_bots:Nim", Nim), "Chat": Played("tests.held_bots:Chat(rooms=2)", Chat)}
        return OfferedBots(map(find, texts), games, rules or BotRules(), self.think)

    def think(self, kind: BotKind, game: str, question: Question, answered: Answered) -> Held:
        self.thought.append((kind, game, question))
        return Held(question, answered)

    def test_they_are_known_by_their_names(self) -> None:
        self.assertEqual(self.offer.names, ["random", "Picky"])
        self.assertEqual(self.offer_of("search(seconds=2)").names, ["search"])

    def test_one_that_can_play_is_not_refused(self) -> None:
        self.assertIsNone(self.offer.refuses("random", "nim", Nim))

    def test_one_that_is_not_there_is_refused_and_those_that_are_are_named(self) -> None:
        for bot in ("chess", "Random", "", "x" * 9000):
            refusal = self.offer.refuses(bot, "nim", Nim)
            assert refusal is not None
            self.assertIn("there are random, Picky", refusal)
            self.assertLess(len(refusal), 200)
        self.assertEqual(self.offer_of().refuses("random", "nim", Nim), "no bots are offered here")

    def test_one_that_can_not_play_says_why(self) -> None:
        self.assertEqual(self.offer.refuses("Picky", "Chat", Chat), "Picky plays no Chat; try another")
        self.assertIn("does not say what is legal", self.offer.refuses("random", "Chat", Chat) or "")

    def test_while_people_play_none_is_made_or_looks_at_a_game(self) -> None:
        self.patch(Picky, "__init__", lambda bot: self.fail("it is made, which may take long"))
        self.patch(Picky, "check", lambda bot, model: self.fail("it is asked"))
        self.assertIsNotNone(self.offer.refuses("Picky", "nim", Nim))
        self.offer.ask(QUESTION._replace(bot="Picky"), lambda choice: None)

    def test_one_that_can_not_be_made_is_a_mistake_of_the_operators(self) -> None:
        def fail(bot: Picky) -> None:
            raise OSError("no weights")

        self.patch(Picky, "__init__", fail)
        error = self.assertRaises(ConfigError, self.offer_of, "tests.test_offered_bots:Picky")
        self.assertIn("making Picky failed: OSError: no weights", str(error))

    def test_what_is_not_played_here_no_bot_plays(self) -> None:
        self.assertEqual(self.offer.refuses("random", "chess", Nim), "no bot plays chess here")

    def test_one_that_fails_at_the_question_whether_it_can_does_not_play(self) -> None:
        self.assertEqual(self.offer.refuses("Picky", "nim", Nim), "Picky fails at the game: LookupError")

    def test_who_is_asked_what_and_about_which_game(self) -> None:
        asking = self.offer.ask(QUESTION, lambda choice: None)
        ((kind, game, question),) = self.thought
        self.assertEqual((kind.name, game), ("random", "tests.held_bots:Nim"))
        self.assertIs(question, QUESTION)
        self.assertIsInstance(asking, Held)
        self.offer.ask(QUESTION._replace(kind="Chat"), lambda choice: None)
        self.assertEqual(self.thought[1][1], "tests.held_bots:Chat(rooms=2)")

    def test_one_that_is_not_offered_any_more_is_not_asked(self) -> None:
        error = self.assertRaises(LookupError, self.offer.ask, QUESTION._replace(bot="gone"), lambda choice: None)
        self.assertIn("no bot 'gone' is offered here", str(error))
        self.assertEqual(self.thought, [])

    def test_mistakes_of_an_operator(self) -> None:
        for texts, rules, why in (
            (("random", "search(seconds=1)", "random"), None, "there are two of the name 'random'"),
            (("search(seconds=1)", "search(seconds=2)"), None, "there are two of the name 'search'"),
            (("random",), BotRules(fill="search"), "bot 'search': no bot 'search' is offered here"),
            (("random",), BotRules(stand_in="search"), "bot 'search': no bot 'search' is offered here"),
            ((), BotRules(fill="random"), "no bots are offered here"),
        ):
            error = self.assertRaises(ConfigError, self.offer_of, *texts, rules=rules)
            self.assertIn(why, str(error))
        self.assertEqual(self.offer_of("random", rules=BotRules(fill="random")).rules.fill, "random")


class Answering(SynchronousTestCase):
    """A bot thinks here and now."""

    def setUp(self) -> None:
        Probing.asked.clear()
        Probing.answers.clear()

    def answer(self, chosen: Any, question: Question = QUESTION) -> Any:
        answers: list[Any] = []
        Probing.answers.append(chosen)
        answer(Probing(), Nim, question, answers.append)
        (only,) = answers
        return only

    def test_it_is_asked_with_what_the_question_says_and_nothing_else(self) -> None:
        for _ in range(2):
            self.answer(None)
        turn, again = Probing.asked
        self.assertEqual((turn.model, turn.player, turn.players, turn.now), (Nim, "ann", ("ann", "bob"), 9.5))
        self.assertEqual((turn.view, turn.legal), (msgspec.json.decode(QUESTION.view), []))
        self.assertEqual(turn.random.random(), again.random.random())

    def test_what_it_chose_is_the_answer_and_so_is_nothing(self) -> None:
        choice = {"command": "take", "count": 1}
        self.assertEqual(self.answer(choice), choice)
        self.assertIsNone(self.answer(None))

    def test_where_it_fails_or_answers_what_is_none_that_is_told(self) -> None:
        for chosen, why in (
            (KeyError("cells"), "KeyError: 'cells'"),
            (SystemExit(3), "SystemExit: 3"),
            (RecursionError("too deep"), "RecursionError: too deep"),
            ("take", "returned str"),
            ({"count": 1}, "a dict without a command"),
            ({"command": 7}, "a dict without a command"),
        ):
            failed = self.answer(chosen)
            self.assertIsInstance(failed, BotFailed)
            self.assertIn(why, str(failed))

    def test_ctrl_c_is_ctrl_c(self) -> None:
        self.assertRaises(KeyboardInterrupt, self.answer, KeyboardInterrupt())


class NoneOffered(SynchronousTestCase):
    """A server without bots."""

    def test_it_refuses_all_and_calls_none_in(self) -> None:
        self.assertEqual(NO_BOTS.refuses("random", "nim", Nim), "no bots are offered here")
        self.assertFalse(NO_BOTS.rules.call_in)
        self.assertRaises(LookupError, NO_BOTS.ask, QUESTION, lambda choice: None)

    def test_rules_that_call_one_in(self) -> None:
        for rules, calls in ((BotRules(), False), (BotRules(fill="a"), True), (BotRules(stand_in="a"), True)):
            self.assertEqual(rules.call_in, calls)

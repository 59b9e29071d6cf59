"""How a line goes on that somebody types."""

from __future__ import annotations

from collections.abc import Sequence

from twisted.trial.unittest import SynchronousTestCase

from gamesvc.cli.play_completion import MAX_COMPLETIONS, completions
from gamesvc.cli.play_vocabulary import Argument, Choice, Command, Vocabulary
from tests.test_cli_play_vocabulary import vocabulary_of

OWN = {"state": "shows it", "quit": "leaves"}
CELLS = [{"command": "mark", "cell": cell} for cell in (3, 5)]
CARDS = [
    {"command": "play", "card": "QH"},
    {"command": "play", "card": "8C", "suit": "H"},
    {"command": "play", "card": "8C", "suit": "S"},
    {"command": "play", "card": "8D", "suit": "C"},
    {"command": "draw"},
]


class Completions(SynchronousTestCase):
    def goes_on(self, line: str, game: str | Vocabulary, legal: Sequence[Choice] = ()) -> list[str]:
        """The whole lines that could be meant."""
        vocabulary = vocabulary_of(game) if isinstance(game, str) else game
        found = completions(line, vocabulary, legal, OWN)
        return [line[: len(line) - each.back] + each.text for each in found]

    def test_a_command_is_completed_what_is_legal_first_and_gamesvcs_own_last(self) -> None:
        self.assertEqual(
            self.goes_on("", "crazy-eights", CARDS)[:5], ["draw", "play ", "deal", "pass_on", "gamesvc.bot "]
        )
        self.assertEqual(self.goes_on("P", "crazy-eights"), ["pass_on", "play "])
        self.assertEqual(self.goes_on("x", "crazy-eights"), [])

    def test_so_is_what_is_meant_for_the_program(self) -> None:
        self.assertEqual(self.goes_on("/", "chat"), ["/state", "/quit"])
        self.assertEqual(self.goes_on("/Q", "chat"), ["/quit"])
        self.assertEqual(self.goes_on("/quit ", "chat"), [])

    def test_arguments_take_what_is_legal(self) -> None:
        self.assertEqual(self.goes_on("mark ", "tic-tac-toe", CELLS), ["mark cell=3", "mark cell=5", "mark cell="])
        self.assertEqual(self.goes_on("mark cell=", "tic-tac-toe", CELLS), ["mark cell=3", "mark cell=5"])
        self.assertEqual(self.goes_on("MARK cell=5", "tic-tac-toe", CELLS), ["MARK cell=5"])
        self.assertEqual(self.goes_on("mark 5", "tic-tac-toe", CELLS), ["mark 5"])
        self.assertEqual(self.goes_on("mark cell=3 ", "tic-tac-toe", CELLS), [])
        self.assertEqual(self.goes_on("mark 3 ", "tic-tac-toe", CELLS), [])

    def test_one_argument_depends_on_the_other(self) -> None:
        for typed in ("8C", "card=8C"):
            self.assertEqual(
                self.goes_on(f"play {typed} suit=", "crazy-eights", CARDS),
                [f"play {typed} suit=H", f"play {typed} suit=S"],
            )
        self.assertEqual(self.goes_on("play suit=H card=", "crazy-eights", CARDS), ["play suit=H card=8C"])

    def test_without_that_they_take_what_the_schema_says(self) -> None:
        self.assertEqual(
            self.goes_on("play 8C suit=", "crazy-eights"),
            [f"play 8C suit={suit}" for suit in ("C", "D", "H", "S", "null")],
        )
        self.assertEqual(self.goes_on("steer ", "arena"), ["steer x=", "steer y="])

    def test_without_a_schema_what_is_legal_is_enough(self) -> None:
        self.assertEqual(self.goes_on("", Vocabulary(), CARDS), ["draw", "play "])
        self.assertEqual(self.goes_on("play card=Q", Vocabulary(), CARDS), ["play card=QH"])
        self.assertEqual(self.goes_on("jump ", Vocabulary(), CARDS), [])

    def test_values_stand_as_they_are_typed(self) -> None:
        legal = [{"command": "act", "action": 1, "name": "two words"}]
        self.assertEqual(self.goes_on("act name=", Vocabulary(), legal), ['act name="two words"'])
        (found, _, _) = completions("act ", Vocabulary(), legal, OWN)
        self.assertEqual((found.text, found.note), ("action=1", 'name="two words"'))

    def test_what_a_terminal_would_obey_is_left_out_and_escaped_in_notes(self) -> None:
        legal = [{"command": "say", "text": "\x1b[31m"}, {"command": "say\x07"}, {"command": "say", "text": "ok"}]
        vocabulary = Vocabulary([Command("go", (Argument("x", doc="\x1b]0;title\x07"),), "\x9b31m")])
        for line in ("", "say ", "say text=", "go ", "go"):
            for each in completions(line, vocabulary, legal, OWN):
                self.assertTrue(f"{each.text}{each.note}".isprintable(), each)
        self.assertEqual(self.goes_on("say text=", vocabulary, legal), ["say text=ok"])

    def test_there_are_never_too_many(self) -> None:
        legal = [{"command": "act", "action": number} for number in range(10_000)]
        self.assertEqual(len(self.goes_on("act ", Vocabulary(), legal)), MAX_COMPLETIONS)

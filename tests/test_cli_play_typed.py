"""What somebody types, and what it means."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from gamesvc.cli.play_typed import Choose, Mistyped, Own, Send, as_typed, read, usage, words
from gamesvc.cli.play_vocabulary import Argument, Command, Vocabulary, from_choices
from tests.test_cli_play_vocabulary import vocabulary_of

NOTHING = Vocabulary()


class Case(SynchronousTestCase):
    def means(self, game: str, line: str, command: str, **arguments: Any) -> None:
        self.assertEqual(read(line, vocabulary_of(game)), Send(command, arguments), line)

    def mistyped(self, vocabulary: Vocabulary, line: str) -> str:
        with self.assertRaises(Mistyped) as caught:
            read(line, vocabulary)
        return str(caught.exception)


class Words(SynchronousTestCase):
    def test_a_line_falls_into_words_of_which_json_is_one_each(self) -> None:
        for line, found in (
            ("mark cell=4", [(0, None, "mark"), (5, "cell", "4")]),
            ('  a="b c"  d', [(2, "a", '"b c"'), (11, None, "d")]),
            ("a=[1, 2] {}", [(0, "a", "[1, 2]"), (9, None, "{}")]),
            ('say "half', [(0, None, "say"), (4, None, '"half')]),
            ('"a"b c', [(0, None, '"a"b'), (5, None, "c")]),
            ("a= b", [(0, "a", ""), (3, None, "b")]),
            ("it's 1=2", [(0, None, "it's"), (5, None, "1=2")]),
            ("", []),
        ):
            self.assertEqual([tuple(word) for word in words(line)], found, line)

    def test_however_deep_it_is_nested(self) -> None:
        self.assertEqual(len(words("[" * 100_000)), 1)


class Commands(Case):
    def test_arguments_have_names_or_an_order(self) -> None:
        for line in ("mark cell=4", "mark 4", "MARK 4", ' mark {"cell": 4} ', '{"command": "mark", "cell": 4}'):
            self.means("tic-tac-toe", line, "mark", cell=4)
        self.means("crazy-eights", "play suit=H 8C", "play", suit="H", card="8C")
        self.means("crazy-eights", "play 8C H", "play", card="8C", suit="H")
        self.means("crazy-eights", "draw", "draw")

    def test_values_are_read_as_what_the_argument_takes(self) -> None:
        self.means("chat", "say 4", "say", text="4")
        self.means("chat", "say null", "say", text="null")
        self.means("chat", 'say "4"', "say", text="4")
        self.means("crazy-eights", "play 8C null", "play", card="8C", suit=None)
        self.means("arena", "steer 0.5 1", "steer", x=0.5, y=1)
        self.means("battleship", 'place [{"name": "carrier"}]', "place", ships=[{"name": "carrier"}])

    def test_the_last_text_takes_the_rest_of_the_line(self) -> None:
        self.means("chat", "say hello there, it's me", "say", text="hello there, it's me")
        self.means("chat", "say a = b, c=d", "say", text="a = b, c=d")
        self.means("chat", 'say "a  b"', "say", text="a  b")

    def test_what_can_not_be_meant_is_said_with_what_could(self) -> None:
        for game, line, told in (
            ("tic-tac-toe", "mark", "mark needs cell: mark cell=..."),
            ("tic-tac-toe", "mark x", "cell: 'x' is not a whole number"),
            ("tic-tac-toe", "mark 4 5", "mark has no place for '5': mark cell=..."),
            ("tic-tac-toe", "mark cel=4", "mark has no argument 'cel': mark cell=..."),
            ("tic-tac-toe", "mark cell=4 cell=5", "cell is there twice"),
            ("tic-tac-toe", "mark cell=4 x=5", "mark has no argument 'x': mark cell=..."),
            ("tic-tac-toe", "marc 4", "there is no command 'marc'; do you mean mark?"),
            ("tic-tac-toe", "cell=4", "'cell=4' is no command: the command's name comes first"),
            ("chat", "jump", "there is no command 'jump'; there are say"),
            ("arena", "steer 1e999 0", "x: '1e999' is not a number from -1 to 1"),
            ("arena", "steer NaN 0", "x: 'NaN' is not a number from -1 to 1"),
            ("crazy-eights", "play 8C X", "suit: 'X' is not one of C, D, H, S or null"),
        ):
            self.assertEqual(self.mistyped(vocabulary_of(game), line), told)

    def test_json_goes_as_it_is_but_without_an_id(self) -> None:
        self.assertEqual(read('{"command": "jump", "x": [1]}', vocabulary_of("chat")), Send("jump", {"x": [1]}))
        for line in (
            '{"command": "say", "id": "c-1"}',
            'say {"text": "a", "id": 1}',
            'say {"text": "a", "command": "b"}',
        ):
            self.assertIn("leave", self.mistyped(vocabulary_of("chat"), line))
        for line in ("{", '{"x": 1}', '{"command": 4}', '{"command": "a"} b', '{"command": "a", "x": Infinity}'):
            self.assertIn("write {", self.mistyped(vocabulary_of("chat"), line))

    def test_of_unknown_commands_arguments_need_names(self) -> None:
        self.assertEqual(read("jump high=2 far=x", NOTHING), Send("jump", {"high": 2, "far": "x"}))
        self.assertEqual(read('jump {"high": 2}', NOTHING), Send("jump", {"high": 2}))
        self.assertIn("jump ARGUMENT=2", self.mistyped(NOTHING, "jump 2"))
        self.assertIn("twice", self.mistyped(NOTHING, "jump a=2 a=3"))
        self.assertIn("leave 'id' out", self.mistyped(NOTHING, "jump id=2"))
        # What is legal says enough.
        self.assertEqual(read("mark 4", from_choices([{"command": "mark", "cell": 1}])), Send("mark", {"cell": 4}))

    def test_how_a_command_is_used_says_what_may_be_left_out(self) -> None:
        command = Command("play", (Argument("card"), Argument("suit", is_required=False)))
        self.assertEqual(usage(command), "play card=... [suit=...]")


class Other(Case):
    def test_a_number_alone_chooses(self) -> None:
        self.assertEqual(read(" 12 ", NOTHING), Choose(12))

    def test_what_begins_with_a_slash_is_for_the_program(self) -> None:
        self.assertEqual(read("/State  board ", NOTHING), Own("state", "board"))
        self.assertEqual(read("/", NOTHING), Own("", ""))

    def test_an_empty_line_means_nothing(self) -> None:
        for line in ("", " \t "):
            self.assertIsNone(read(line, NOTHING))


NAMES = st.from_regex(r"[a-z_]\w{0,5}", fullmatch=True).filter(lambda name: name not in ("id", "command"))
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)


class BothWays(SynchronousTestCase):
    @settings(max_examples=200, deadline=None, database=None)
    @given(st.dictionaries(NAMES, VALUES, max_size=3))
    def test_what_is_shown_can_be_typed(self, arguments: dict[str, Any]) -> None:
        self.assertEqual(read(as_typed("go", arguments), NOTHING), Send("go", arguments))

    @settings(max_examples=200, deadline=None, database=None)
    @given(st.text(), st.sampled_from(("tic-tac-toe", "chat", "battleship")).map(vocabulary_of))
    def test_whatever_is_typed_is_read_or_refused(self, line: str, vocabulary: Vocabulary) -> None:
        try:
            typed = read(line, vocabulary)
        except Mistyped:
            return
        if isinstance(typed, Send):
            json.dumps(typed.arguments, allow_nan=False)

"""Games: the one that comes with gamesvc, and the one that its design is measured by, played through the server."""

import json
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from gamesvc.errors import PLAYER_NOT_IN_GAME, RequestRefused
from gamesvc.games.greetings import Greetings
from gamesvc.pending import Role
from gamesvc.server import GameServer
from tests.wire import Line, World, frame


class Game:
    """A game that is served to clients of the classroom library."""

    def __init__(self, kind: str) -> None:
        self.world = World(games=(kind,), commands_per_second=0)

    def client(self, name: str, query: str = "") -> "Client":
        return Client(self.world.opened(f"/g1?player={name}{query}"))

    @property
    def server(self) -> GameServer:
        return self.world.listener.games["g1"]


class Client:
    """Somebody in a game, who hears what is sent to them."""

    def __init__(self, line: Line) -> None:
        self._line = line

    def say(self, payload: str) -> list[bytes]:
        """Send a message. Returns what this client got since it was last asked."""
        self._line.send(frame(payload.encode()))
        return self.heard()

    def heard(self) -> list[bytes]:
        frames = self._line.frames()
        assert all(each.opcode == 1 for each in frames), frames
        return [each.payload for each in frames]

    def leave(self) -> None:
        self._line.cut()

    def mark(self, cell: int) -> list[Any]:
        """Play tic-tac-toe."""
        return [json.loads(each) for each in self.say(json.dumps({"command": "mark", "cell": cell}))]


GREETINGS = {
    "hello": ("HelloEvent", "Hello"),
    "hi": ("HiEvent", "Hi there!"),
    "privet": ("PrivetEvent", "Privet!"),
    "hola": ("HolaEvent", "Hola!"),
    "sup": ("SupEvent", "'sup!"),
    "yo": ("YoEvent", "Yo!"),
}


class TheGreetings(SynchronousTestCase):
    """Byte for byte what clients of the classroom library expect."""

    def test_each_greeting_is_heard_by_everybody_and_the_greeter_gets_a_reply_after_it(self) -> None:
        game = Game("greetings")
        alice, bob = game.client("alice"), game.client("bob", "&spectate=1")
        for seq, (command, (name, message)) in enumerate(GREETINGS.items(), 1):
            event = f'{{"event":"{name}","message":"{message}","seq":{seq}}}'.encode()
            self.assertEqual(alice.say(f'{{"command": "{command}"}}'), [event, b'{"status":"ok"}'])
            self.assertEqual(bob.heard(), [event])
        self.assertEqual(set(Greetings.COMMANDS), set(GREETINGS))

    def test_what_is_no_command_is_answered_in_the_words_that_clients_know(self) -> None:
        alice = Game("greetings").client("alice")
        for sent, code, message in (
            ("{}", "no_command", "must specify command"),
            ('{"command": "jump"}', "unknown_command", "invalid command 'jump'"),
        ):
            error = f'{{"code":"{code}","message":"{message}","retryable":false}}'
            self.assertEqual(alice.say(sent), [f'{{"status":"error","error":{error}}}'.encode()])

    def test_each_greeting_says_what_it_does(self) -> None:
        self.assertEqual([name for name, spec in Greetings.COMMANDS.items() if not spec.doc.startswith("Greet ")], [])


class TheTicTacToe(SynchronousTestCase):
    """About thirty lines, none of them about networking."""

    def setUp(self) -> None:
        self.game = Game("tests.tictactoe:TicTacToe")
        self.alice, self.bob, self.carol = map(self.game.client, ("alice", "bob", "carol"))

    def play(self, *cells: int) -> list[Any]:
        """Alice and bob mark cells by turns. Returns what the last one heard."""
        for move, cell in enumerate(cells):
            heard = (self.bob if move % 2 else self.alice).mark(cell)
        return heard

    def refused(self, client: Client, cell: int) -> str:
        """What the client is told."""
        (reply,) = client.mark(cell)
        self.assertEqual((reply["status"], reply["error"]["code"]), ("error", "refused"))
        return str(reply["error"]["message"])

    def test_three_in_a_row_wins_and_everybody_hears_of_it_before_the_winners_reply(self) -> None:
        self.play(0, 3, 1, 4)
        self.bob.heard()
        end = [
            {"event": "Marked", "player": "alice", "cell": 2, "seq": 5},
            {"event": "Finished", "winner": "alice", "seq": 6},
        ]
        self.alice.heard()
        self.assertEqual(self.alice.mark(2), [*end, {"status": "ok"}])
        self.assertEqual([json.loads(each) for each in self.bob.heard()], end)
        self.assertEqual([json.loads(each) for each in self.carol.heard()][-2:], end)
        self.assertTrue(self.game.server.finished)
        (reply,) = self.bob.mark(8)
        self.assertEqual(reply["error"]["code"], "game_over")

    def test_nine_marks_without_a_row_are_a_draw(self) -> None:
        *_, finished, reply = self.play(0, 1, 2, 4, 3, 5, 7, 6, 8)
        self.assertEqual(finished, {"event": "Finished", "winner": None, "seq": 10})
        self.assertEqual((reply, self.game.server.finished), ({"status": "ok"}, True))

    def test_the_rules_hold_and_a_refused_mark_leaves_the_turn_where_it_was(self) -> None:
        self.assertEqual(self.refused(self.bob, 0), "it is not your turn")
        for cell in (-1, 9):
            self.assertEqual(self.refused(self.alice, cell), "choose an empty cell, 0 to 8")
        self.play(4)
        self.bob.heard()
        self.assertEqual(self.refused(self.bob, 4), "choose an empty cell, 0 to 8")
        self.assertEqual(self.bob.mark(0)[-1], {"status": "ok"})
        (reply,) = [json.loads(each) for each in self.carol.say('{"command":"mark","cell":"x"}') if b"status" in each]
        self.assertEqual(reply["error"]["code"], "not_a_player")
        answers: list[Role | RequestRefused] = []
        self.game.server.admit("dave", ("dave", "bob"), False, answers.append)
        (refused,) = answers
        assert isinstance(refused, RequestRefused)
        self.assertIs(refused.refusal, PLAYER_NOT_IN_GAME)

    def test_a_game_that_slept_in_the_middle_of_it_goes_on_and_ends(self) -> None:
        self.play(0, 3, 1)
        for client in (self.alice, self.bob, self.carol):
            client.leave()
        self.game.world.pass_time(301)
        self.assertEqual(self.game.world.listener.games, {})
        self.bob, self.alice = self.game.client("bob"), self.game.client("alice")
        self.assertEqual(self.bob.mark(4)[0], {"event": "Marked", "player": "bob", "cell": 4, "seq": 4})
        self.alice.heard()
        self.assertEqual(self.alice.mark(2)[1], {"event": "Finished", "winner": "alice", "seq": 6})

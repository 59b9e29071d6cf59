"""``gamesvc play``, as far as it comes without a server; with one it is in tests/e2e/test_play.py."""

from __future__ import annotations

import asyncio
import importlib.util
from pathlib import Path
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from gamesvc.cli import play_running
from gamesvc.cli.interpreter import pip_install
from gamesvc.cli.play_keyboard import Enough
from gamesvc.cli.play_line import PlayedGame
from gamesvc.client.failure import SessionClosed
from gamesvc.errors import ConfigError
from tests.command_line import CommandLine

URL = "ws://127.0.0.1:10020/g1"
SECURE_URL = "wss://127.0.0.1:10020/g1"
TOKEN = "header.payload.signature"


class Starting(CommandLine):
    command = ("play",)

    def setUp(self) -> None:
        super().setUp()
        self.played: list[tuple[Any, ...]] = []
        self.outcome: int | Exception = 0
        self.trusted: object = None
        self.patch(play_running, "play", self.play)

    async def play(self, url: str, vocabulary: Any, **options: Any) -> int:
        self.played.append((url, options["player"], options["token"], options["spectate"], vocabulary))
        self.trusted = options.get("ssl")
        if isinstance(self.outcome, Exception):
            raise self.outcome
        return self.outcome

    def test_it_is_played_and_the_exit_status_is_what_came_of_it(self) -> None:
        for self.outcome in (0, 1):
            self.assertEqual(self.run_it(URL, "--player", "alice"), (self.outcome, "", ""))
        self.assertEqual(self.played, [(URL, "alice", None, False, None)] * 2)
        self.run_it(URL, "--spectate")
        self.assertEqual(self.played[-1], (URL, None, None, True, None))

    def test_after_ctrl_c_the_status_says_so(self) -> None:
        self.outcome = Enough()
        self.assertEqual(self.run_it(URL), (130, "", "\n"))

    def test_the_token_is_read_from_its_file_each_time_it_is_asked_for(self) -> None:
        file = Path(self.mktemp())
        for text in (TOKEN, "another"):
            file.write_text(f"{text}\n")
            self.run_it(URL, "--token-file", str(file))
        self.assertEqual([given[2]() for given in self.played], ["another", "another"])
        self.environment["GAMESVC_TOKEN"] = TOKEN
        self.run_it(URL)
        self.assertEqual(self.played[-1][2], TOKEN)

    def test_whom_to_trust_is_in_a_file_and_one_that_names_nobody_is_told(self) -> None:
        self.run_it(URL)
        self.assertIsNone(self.trusted)
        empty = Path(self.mktemp())
        empty.write_text("nobody\n")
        for file, why in (("nowhere.pem", "No such file"), (str(empty), "there is no certificate in it")):
            message = self.fails(SECURE_URL, "--ca-file", file)
            self.assertIn(f"CA file {file!r}: {why}", message)
        message = self.fails(URL, "--ca-file", "ca.pem")
        self.assertIn("--ca-file is for TLS, and the address begins with ws://: write wss://", message)

    def test_a_file_that_can_not_be_read_is_told_before_anything_else(self) -> None:
        broken = Path(self.mktemp())
        broken.write_bytes(b"\xff\xfe")
        empty = Path(self.mktemp())
        empty.write_text("\n")
        for file, why in (("nowhere.token", "No such file"), (str(broken), "no text"), (str(empty), "is empty")):
            message = self.fails(URL, "--token-file", file)
            self.assertIn(file, message)
            self.assertIn(why, message)
        self.assertEqual(self.played, [])

    def test_the_commands_of_a_game_that_is_here_are_known(self) -> None:
        self.run_it(URL, "--game", "tic-tac-toe")
        local = self.played[0][4]
        assert isinstance(local, tuple)
        name, vocabulary = local
        self.assertEqual(name, "tic-tac-toe")
        self.assertIsNotNone(vocabulary.find("mark"))
        self.assertIn("'nothing'", self.fails(URL, "--game", "nothing"))

    def test_what_is_missing_is_told_with_how_to_get_it(self) -> None:
        found = importlib.util.find_spec
        for name in ("rich", "prompt_toolkit", "websockets"):
            self.patch(importlib.util, "find_spec", lambda asked, name=name: None if asked == name else found(asked))
            self.assertEqual(self.fails(URL), f"gamesvc: play needs {name}: {pip_install('gamesvc[play]')}\n")
        self.assertEqual(self.played, [])

    def test_it_explains_itself(self) -> None:
        status, out, err = self.run_it("--help")
        self.assertEqual((status, err), (0, ""))
        for word in (
            "URL",
            "--player",
            "--spectate",
            "--token-file",
            "GAMESVC_TOKEN",
            "--game",
            "ws://",
            "gamesvc[play]",
        ):
            self.assertIn(word, out)


class Ends(SynchronousTestCase):
    def test_what_tls_has_to_do_with_it_is_told(self) -> None:
        class Unreached(PlayedGame):
            async def enter(self) -> None:
                raise SessionClosed("unreachable", "did not receive a valid HTTP response")

        self.patch(play_running, "PlayedGame", Unreached)
        with self.assertRaisesRegex(ConfigError, r"can't be reached \(did not .*\); .* write wss:// instead of ws://"):
            asyncio.run(play_running.play(URL, None))


class Addresses(SynchronousTestCase):
    def test_one_that_is_none_is_told_without_what_may_be_secret(self) -> None:
        for address in ("http://localhost/g", "ws://localhost", "localhost:80/g", f"ftp://x/g?token={TOKEN}"):
            with self.assertRaises(ValueError) as caught:
                asyncio.run(play_running.play(address, None))
            self.assertIn("ws://HOST:PORT/GAME", str(caught.exception))
            self.assertNotIn(TOKEN, str(caught.exception))

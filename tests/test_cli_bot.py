"""``gamesvc bot``, run in this process; who it speaks to is the test."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

from twisted.internet import task

from gamesvc.cli import bot
from gamesvc.client import one_command
from gamesvc.client.one_command import ServerError
from tests.command_line import CommandLine

URL = "ws://127.0.0.1:10020/g1"
SECURE_URL = "wss://127.0.0.1:10020/g1"
TOKEN = "header.payload.signature"


class Telling(CommandLine):
    """What it says to a server, and how it goes on."""

    command = ("bot",)

    def setUp(self) -> None:
        super().setUp()
        self.said: list[tuple[Any, ...]] = []
        self.outcome: Any = {"player": "bot-random"}
        self.trusted: list[Any] = []
        self.patch(one_command, "send_command", self.send)
        self.patch(task, "react", self.react)

    async def send(self, reactor: Any, *said: Any, trust: Any = None) -> Any:
        self.said.append(said)
        self.trusted.append(trust)
        if isinstance(self.outcome, Exception):
            raise self.outcome
        return self.outcome

    def react(self, run: Callable[[Any], Coroutine[Any, Any, None]]) -> None:
        """As Twisted's: what is run ends the program."""
        asyncio.run(run(None))
        sys.exit(0)

    def test_a_bot_takes_a_seat_and_its_player_is_printed(self) -> None:
        self.assertEqual(self.run_it("seat", URL, "random"), (0, "bot-random\n", ""))
        self.assertEqual(self.said, [(URL, "gamesvc.bot", {"bot": "random"}, None)])

    def test_or_plays_for_somebody(self) -> None:
        self.outcome = {"player": "alice"}
        self.assertEqual(self.run_it("seat", URL, "search", "--player", "alice"), (0, "alice\n", ""))
        self.assertEqual(self.said, [(URL, "gamesvc.bot", {"bot": "search", "player": "alice"}, None)])

    def test_or_goes_and_nothing_is_printed(self) -> None:
        self.assertEqual(self.run_it("remove", URL, "bot-random"), (0, "", ""))
        self.assertEqual(self.said, [(URL, "gamesvc.bot", {"player": "bot-random"}, None)])

    def test_the_token_is_in_a_file_or_else_in_the_environment(self) -> None:
        file = Path(self.mktemp())
        file.write_text(f"{TOKEN}\n")
        self.environment["GAMESVC_TOKEN"] = "another"
        self.run_it("seat", URL, "random", "--token-file", str(file))
        self.run_it("remove", URL, "bot-random", "--token-file", str(file))
        self.run_it("seat", URL, "random")
        self.assertEqual([said[-1] for said in self.said], [TOKEN, TOKEN, "another"])

    def test_one_that_can_not_be_read_is_told_and_nothing_is_sent(self) -> None:
        broken = Path(self.mktemp())
        broken.write_bytes(b"\xff\xfe")
        empty, spaced = Path(self.mktemp()), Path(self.mktemp())
        empty.write_text(" \n")
        spaced.write_text(f"Bearer {TOKEN}\n")
        for file, why in (
            ("nowhere.token", "No such file"),
            (str(broken), "no text"),
            (str(empty), "is empty"),
            (str(spaced), "it has white space in it"),
        ):
            message = self.fails("seat", URL, "random", "--token-file", file)
            self.assertIn(file, message)
            self.assertIn(why, message)
            self.assertNotIn(TOKEN, message)
        self.assertEqual(self.said, [])

    def test_whom_to_trust_is_in_a_file(self) -> None:
        self.patch(bot, "trusted_by_twisted", lambda file: ("trusts", file))
        for arguments in (("seat", SECURE_URL, "random"), ("remove", SECURE_URL, "bot-random")):
            self.assertEqual(self.run_it(*arguments, "--ca-file", "ca.pem")[0], 0)
            self.assertEqual(self.trusted[-1], ("trusts", "ca.pem"))
            # Else whom this system trusts.
            self.assertEqual(self.run_it(*arguments)[0], 0)
            self.assertIsNone(self.trusted[-1])

    def test_one_that_names_nobody_is_told_and_nothing_is_sent(self) -> None:
        empty = Path(self.mktemp())
        empty.write_text("nobody\n")
        for file, why in (("nowhere.pem", "No such file"), (str(empty), "there is no certificate in it")):
            message = self.fails("seat", SECURE_URL, "random", "--ca-file", file)
            self.assertIn(f"CA file {file!r}: {why}", message)
        message = self.fails("seat", URL, "random", "--ca-file", "ca.pem")
        self.assertIn("--ca-file is for TLS, and the address begins with ws://: write wss://", message)
        self.assertEqual(self.said, [])

    def test_what_the_server_refuses_is_told_in_a_line(self) -> None:
        self.environment["GAMESVC_TOKEN"] = TOKEN
        for error in (ServerError("no_seat: all seats are taken"), ValueError("'x' is no game's address")):
            self.outcome = error
            for arguments in (("seat", URL, "random"), ("remove", URL, "bot-random")):
                message = self.fails(*arguments)
                self.assertEqual(message, f"gamesvc: {error}\n")
                self.assertNotIn(TOKEN, message)

    def test_what_tls_has_to_do_with_it_is_told(self) -> None:
        for url, why, what in (
            (URL, "can't connect: the connection was closed", "write wss://"),
            (SECURE_URL, "can't connect: wrong version number", "write ws://"),
            (SECURE_URL, "can't connect: certificate verify failed", "--ca-file FILE"),
        ):
            self.outcome = ServerError(why)
            message = self.fails("seat", url, "random")
            self.assertIn(f"gamesvc: {why}; ", message)
            self.assertIn(what, message)

    def test_it_explains_itself_and_how_it_is_used(self) -> None:
        for arguments, words in (
            (("--help",), ("seat", "remove", "operate")),
            (("seat", "--help"), ("BOT", "--player", "--ca-file", "--token-file", "GAMESVC_TOKEN", "ws://")),
            (("remove", "--help"), ("NAME", "--ca-file", "--token-file", "GAMESVC_TOKEN", "ws://")),
        ):
            status, out, err = self.run_it(*arguments)
            self.assertEqual((status, err), (0, ""))
            for word in words:
                self.assertIn(word, out)
        for mistaken in ((), ("seat",), ("seat", URL), ("remove", URL), ("dance", URL)):
            status, out, err = self.run_it(*mistaken)
            self.assertEqual((status, out, self.said), (2, "", []))
            self.assertTrue(err.startswith("usage: gamesvc bot"), err)

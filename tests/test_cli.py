"""The ``gamesvc`` command, run in this process."""

from __future__ import annotations

import getpass
import io
import os
import stat
import sys
from pathlib import Path
from types import SimpleNamespace

from gamesvc import __version__
from gamesvc.auth import MAX_LIFETIME_SECONDS, Claims, TokenValidator
from gamesvc.cli import token
from gamesvc.errors import RequestRefused
from gamesvc.keys import KEY_TYPES, load_private_key, load_public_key
from gamesvc.settings import SETTINGS
from tests.command_line import CommandLine, Terminal

NOW = 1_800_000_000.0
DEFAULT_ISSUER = "urn:ece4564:token-issuer"


class Commands(CommandLine):
    def setUp(self) -> None:
        super().setUp()
        self.directory = Path(self.mktemp())
        self.directory.mkdir()
        self.private, self.public = str(self.directory / "private.pem"), str(self.directory / "public.pem")
        self.files = ("--private", self.private, "--public", self.public)
        self.patch(token, "time", SimpleNamespace(time=lambda: NOW))
        self.patch(sys, "stdin", io.StringIO())
        self.patch(getpass, "getpass", lambda prompt="": self.fail("asked for a passphrase"))

    def typed(self, *lines: str | BaseException) -> list[str]:
        """Somebody is at the terminal, and types this when asked; returns the prompts so far."""
        prompts: list[str] = []

        def answer(prompt: str = "") -> str:
            prompts.append(prompt)
            line = lines[len(prompts) - 1]
            if isinstance(line, BaseException):
                raise line
            return line

        self.patch(sys, "stdin", Terminal())
        self.patch(getpass, "getpass", answer)
        return prompts


class Main(Commands):
    def test_it_says_its_version(self) -> None:
        self.assertEqual(self.run_it("--version"), (0, f"gamesvc {__version__}\n", ""))

    def test_without_a_command_or_with_an_unknown_one_it_says_how_it_is_used(self) -> None:
        for arguments in ((), ("play",), ("token",), ("keys", "--type", "dsa"), ("token", "--game", "lobby")):
            status, out, err = self.run_it(*arguments)
            self.assertEqual((status, out), (2, ""))
            self.assertTrue(err.startswith("usage: gamesvc"), err)

    def test_each_command_explains_itself(self) -> None:
        for arguments, words in (
            ((), ("keys", "token", "twistd -n gamesvc")),
            (("keys",), ("--type", "--passphrase", "PRIVATE_KEY_PASSPHRASE", *KEY_TYPES)),
            (
                ("token",),
                ("--players", "--spectate", "--operate", "--lifetime", "PRIVATE_KEY_FILE", "TOKEN_ISSUER_URI"),
            ),
        ):
            status, out, err = self.run_it(*arguments, "--help")
            self.assertEqual((status, err), (0, ""))
            for word in words:
                self.assertIn(word, out)


class Keys(Commands):
    def test_it_makes_a_pair_of_each_kind_of_which_only_the_owner_reads_the_private_half(self) -> None:
        for kind in KEY_TYPES:
            private, public = f"{self.private}.{kind}", f"{self.public}.{kind}"
            out = self.works("keys", "--type", kind, "--private", private, "--public", public)
            self.assertEqual(stat.S_IMODE(os.stat(private).st_mode), 0o600)
            pair = load_private_key(private, lambda: self.fail("encrypted")), load_public_key(public)
            self.assertEqual(pair[0].key.public_key(), pair[1].key)
            self.assertIn(f"--enable-auth --public-key-file {public}", out)

    def test_the_kind_is_ed25519_unless_another_is_asked_for(self) -> None:
        self.works("keys", *self.files)
        self.assertEqual(load_public_key(self.public).algorithm, "EdDSA")

    def test_it_never_overwrites(self) -> None:
        for there in (self.private, self.public):
            Path(there).write_text("precious")
            self.assertIn(f"{there}: is there already", self.fails("keys", *self.files))
            self.assertEqual(Path(there).read_text(), "precious")
            self.assertEqual(len(list(self.directory.iterdir())), 1)
            os.unlink(there)

    def test_one_file_for_both_halves_is_refused_as_such(self) -> None:
        message = self.fails("keys", "--private", self.private, "--public", self.private)
        self.assertNotIn("is there already", message)
        self.assertEqual(list(self.directory.iterdir()), [])


class Passphrases(Commands):
    def test_a_passphrase_comes_from_the_variable_and_appears_nowhere(self) -> None:
        self.environment["PRIVATE_KEY_PASSPHRASE"] = "hunter2"
        out = self.works("keys", "--passphrase", *self.files)
        self.assertNotIn("hunter2", out)
        self.assertIn(b"ENCRYPTED", Path(self.private).read_bytes())
        out = self.works("token", "--game=lobby", "--player=alice", "--private", self.private)
        self.assertNotIn("hunter2", out)
        self.environment["PRIVATE_KEY_PASSPHRASE"] = "hunter3"
        message = self.fails("token", "--game=lobby", "--player=alice", "--private", self.private)
        self.assertIn("the passphrase is wrong", message)
        self.assertNotIn("hunter", message)

    def test_at_a_terminal_it_is_asked_for_twice_when_new_and_once_when_used(self) -> None:
        prompts = self.typed("hunter2", "hunter2")
        self.works("keys", "--passphrase", *self.files)
        self.assertEqual(len(prompts), 2)
        prompts = self.typed("hunter2")
        self.works("token", "--game=lobby", "--player=alice", "--private", self.private)
        self.assertEqual(len(prompts), 1)

    def test_a_mistyped_one_makes_no_keys(self) -> None:
        self.typed("hunter2", "hunter3")
        self.assertIn("the two passphrases differ", self.fails("keys", "--passphrase", *self.files))
        self.assertEqual(list(self.directory.iterdir()), [])

    def test_an_empty_one_is_none_and_makes_no_keys_that_lie_open(self) -> None:
        self.typed("", "")
        self.assertIn("passphrase", self.fails("keys", "--passphrase", *self.files))
        self.environment["PRIVATE_KEY_PASSPHRASE"] = ""
        self.assertIn("passphrase", self.fails("keys", "--passphrase", *self.files))
        self.assertEqual(list(self.directory.iterdir()), [])

    def test_where_nobody_can_be_asked_it_names_the_variable(self) -> None:
        self.assertIn("PRIVATE_KEY_PASSPHRASE", self.fails("keys", "--passphrase", *self.files))
        self.assertEqual(list(self.directory.iterdir()), [])

    def test_ctrl_c_at_the_prompt_ends_it_without_a_traceback(self) -> None:
        self.typed(KeyboardInterrupt())
        self.assertEqual(self.run_it("keys", "--passphrase", *self.files), (130, "", "\n"))

    def test_who_ends_the_input_at_the_prompt_gets_no_traceback(self) -> None:
        self.typed(EOFError())
        self.fails("keys", "--passphrase", *self.files)

    def test_nobody_is_asked_for_a_passphrase_of_keys_that_will_not_be_made(self) -> None:
        Path(self.private).write_text("precious")
        prompts = self.typed("hunter2", "hunter2")
        self.fails("keys", "--passphrase", *self.files)
        self.assertEqual(prompts, [])


class Tokens(Commands):
    def setUp(self) -> None:
        super().setUp()
        self.works("keys", *self.files)

    def claims(self, text: str, issuer: str = DEFAULT_ISSUER, game: str = "lobby") -> Claims:
        self.assertTrue(text.endswith("\n"))
        return TokenValidator(issuer, load_public_key(self.public), lambda: NOW).validate(game, text[:-1])

    def issue(self, *arguments: str) -> str:
        return self.works("token", "--game=lobby", "--player=alice", "--private", self.private, *arguments)

    def refused(self, *arguments: str) -> str:
        return self.fails("token", "--private", self.private, *arguments)

    def test_a_token_is_printed_that_the_server_accepts(self) -> None:
        for arguments, wanted in (
            ((), Claims("alice", None, False, NOW + 3600)),
            (("--players=bob,alice",), Claims("alice", ("bob", "alice"), False, NOW + 3600)),
            (("--players=bob", "--spectate"), Claims("alice", ("bob",), True, NOW + 3600)),
            (("--operate",), Claims("alice", None, False, NOW + 3600, operates=True)),
            (("--lifetime=60",), Claims("alice", None, False, NOW + 60)),
            (("--lifetime", str(MAX_LIFETIME_SECONDS)), Claims("alice", None, False, NOW + MAX_LIFETIME_SECONDS)),
        ):
            self.assertEqual(self.claims(self.issue(*arguments)), wanted)

    def test_issuer_and_key_come_from_options_then_from_the_variables_that_the_server_knows(self) -> None:
        issuer = next(setting for setting in SETTINGS if setting.name == "token-issuer-uri")
        self.assertEqual(issuer.default, DEFAULT_ISSUER)
        self.environment[issuer.environment] = "urn:a"
        key = next(setting for setting in SETTINGS if setting.name == "private-key-file")
        self.environment[key.environment] = self.private
        self.claims(self.works("token", "--game=lobby", "--player=alice"), "urn:a")
        self.environment[key.environment] = "nowhere.pem"
        self.environment["PRIVATE_KEY_FILE"] = self.private
        self.claims(self.works("token", "--game=lobby", "--player=alice"), "urn:a")
        self.environment["PRIVATE_KEY_FILE"] = "nowhere.pem"
        self.claims(self.issue("--issuer=urn:b"), "urn:b")
        as_the_server_has_it = (f"--{key.name}", self.private)
        self.claims(self.works("token", "--game=lobby", "--player=alice", *as_the_server_has_it), "urn:a")
        self.assertRaises(RequestRefused, self.claims, self.issue("--issuer=urn:b"), "urn:a")

    def test_what_no_server_would_accept_is_not_issued_but_told_in_one_line(self) -> None:
        good = ("--game=lobby", "--player=alice")
        for arguments, what in (
            (("--game=lobby", "--player="), "name"),
            (("--game=lobby", "--player=a\nb"), "name"),
            (("--game=lobby", "--player=a\nb", "--players=bob"), "player"),
            ((*good, "--players=alice,alice"), "once"),
            ((*good, "--players=alice,"), "name"),
            ((*good, "--lifetime=0"), "lives"),
            ((*good, "--lifetime=nan"), "lives"),
            ((*good, "--lifetime=1e9"), "lives"),
            (("--game=no game", "--player=alice"), "game"),
            (("--game=", "--player=alice"), "game"),
        ):
            self.assertIn(what, self.refused(*arguments))

    def test_a_player_who_is_not_among_the_players_and_may_not_watch_either_gets_no_token(self) -> None:
        self.assertIn("alice", self.refused("--game=lobby", "--player=alice", "--players=bob,carol"))

    def test_spaces_around_the_names_are_no_part_of_them(self) -> None:
        self.assertEqual(self.claims(self.issue("--players", "alice, bob")).players, ("alice", "bob"))

    def test_a_key_that_is_not_there_is_told_with_how_to_make_one(self) -> None:
        nowhere = str(self.directory / "nowhere.pem")
        message = self.fails("token", "--game=lobby", "--player=alice", "--private", nowhere)
        self.assertTrue(message.startswith(f"gamesvc: {nowhere}: can't read the private key: No such file"), message)
        self.assertIn("make a pair with `gamesvc keys`", message)

    def test_the_public_key_signs_nothing(self) -> None:
        self.assertIn(
            "not a private key", self.fails("token", "--game=lobby", "--player=alice", "--private", self.public)
        )

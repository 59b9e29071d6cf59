"""The server's settings, from the command line, the environment, a file, and by default."""

from __future__ import annotations

import io
import os
import sys
from pathlib import Path
from typing import Any

from twisted.internet.endpoints import serverFromString
from twisted.internet.protocol import Factory
from twisted.internet.testing import MemoryReactor
from twisted.trial.unittest import SynchronousTestCase

from gamesvc.config import Config, Options, load
from gamesvc.errors import ConfigError
from gamesvc.limits import Limits
from gamesvc.settings import CONFIG_FILE, SETTINGS, Setting
from tests.setting_values import BOUNDS, DEFAULTS, GOOD, SWITCHES, VARIABLES, bad, good


def value(settled: Config, name: str) -> Any:
    if name in BOUNDS:
        return getattr(settled.limits, name.replace("-", "_"))
    rules = {
        "fill-with": "fill",
        "fill-after": "fill_seconds",
        "stand-in": "stand_in",
        "stand-in-after": "stand_in_seconds",
        "bot-pause": "pause",
    }
    if name in rules:
        return getattr(settled.bot_rules, rules[name])
    plural = {"port": "ports", "game": "games", "allow-origin": "allow_origins", "bot": "bots"}
    return getattr(settled, plural.get(name, name.replace("-", "_")))


def argument(setting: Setting, text: str) -> str:
    if setting.name in SWITCHES:
        return f"--{setting.name}" if text == "True" else f"--no-{setting.name}"
    return f"--{setting.name}={text}"


class Settings(SynchronousTestCase):
    def setUp(self) -> None:
        self.environment: dict[str, str] = {}
        self.patch(os, "environ", self.environment)

    def settle(self, *arguments: str) -> Config:
        options = Options()
        options.parseOptions(list(arguments))
        return options.config

    def file(self, text: str) -> str:
        path = Path(self.mktemp())
        path.write_text(text)
        return str(path)

    def said(self, *arguments: str) -> str:
        """What is said where nothing starts; the exit status is not 0."""
        stopped = self.assertRaises(SystemExit, self.settle, *arguments)
        self.assertIsInstance(stopped.code, str)
        self.assertTrue(stopped.code.startswith("gamesvc: "), stopped.code)
        self.assertNotIn("\n", stopped.code)
        return str(stopped.code)


class Precedence(Settings):
    def test_nothing_said_means_what_operators_were_told(self) -> None:
        settled = self.settle()
        self.assertEqual({setting.name: value(settled, setting.name) for setting in SETTINGS}, DEFAULTS)
        self.assertEqual(settled.limits, Limits())

    def test_options_beat_the_environment_which_beats_the_file_which_beats_the_default(self) -> None:
        for setting in SETTINGS:
            name, (text, meant, other) = setting.name, good(setting)
            # By itself an option changes its own setting and no other.
            settled = self.settle(argument(setting, text))
            self.assertEqual({each.name: value(settled, each.name) for each in SETTINGS}, {**DEFAULTS, name: meant})
            meaning = {text: meant, other: value(self.settle(argument(setting, other)), name)}
            for higher, lower in ((text, other), (other, text)):
                file = f"--config={self.file(f'{name} = {lower!r}')}"
                self.assertEqual(value(self.settle(file), name), meaning[lower], name)
                self.environment[setting.environment] = higher
                self.assertEqual(value(self.settle(file), name), meaning[higher], name)
                self.environment[setting.environment] = lower
                self.assertEqual(value(self.settle(argument(setting, higher)), name), meaning[higher], name)
                self.environment.clear()

    def test_the_variables_of_the_classroom_library_keep_their_names(self) -> None:
        names = {setting.name: setting.environment for setting in (*SETTINGS, CONFIG_FILE)}
        derived = {name: "GAMESVC_" + name.upper().replace("-", "_") for name in names}
        self.assertEqual(names, derived | VARIABLES)

    def test_the_file_may_be_named_by_a_variable_and_an_option_beats_it(self) -> None:
        self.environment["GAMESVC_CONFIG"] = self.file("port = 1")
        self.assertEqual(self.settle().ports, ("1",))
        self.assertEqual(self.settle("--config", self.file("port = 2")).ports, ("2",))

    def test_the_last_of_an_option_counts_unless_it_may_be_repeated(self) -> None:
        self.assertEqual(self.settle("--max-games=1", "--max-games=2").limits.max_games, 2)
        self.assertFalse(self.settle("--enable-auth", "--no-enable-auth").enable_auth)
        self.assertTrue(self.settle("--no-enable-auth", "--enable-auth").enable_auth)
        self.assertEqual(self.settle("--port=1", "--port=2", "--game=a", "--game=b").ports, ("1", "2"))

    def test_what_may_be_repeated_is_a_list_in_the_file_and_separated_by_spaces_in_the_environment(self) -> None:
        repeatable = {setting.name: setting for setting in SETTINGS if setting.repeatable}
        self.assertEqual(list(repeatable), ["port", "game", "allow-origin", "bot"])
        for name, setting in repeatable.items():
            first, _, second = good(setting)
            both = (first, second)
            self.environment.clear()
            self.assertEqual(value(self.settle(*(argument(setting, text) for text in both)), name), both)
            self.assertEqual(value(self.settle(f"--config={self.file(f'{name} = {list(both)}')}"), name), both)
            self.environment[setting.environment] = f"  {first}   {second} "
            self.assertEqual(value(self.settle(), name), both)

    def test_a_file_holds_values_of_toml(self) -> None:
        lines = 'port = [8080, "unix:/run/x.sock"]', "enable-auth = true", "ping-interval = 1.5", "max-games = 5"
        settled = self.settle("--config", self.file("\n".join((*lines, "ping-timeout = 3"))))
        self.assertEqual(settled.ports, ("8080", "unix:/run/x.sock"))
        self.assertIs(settled.enable_auth, True)
        limits = settled.limits
        self.assertEqual((limits.ping_interval, limits.ping_timeout, limits.max_games), (1.5, 3.0, 5))

    def test_a_bound_has_the_type_that_is_counted_with(self) -> None:
        for setting in SETTINGS:
            if setting.name in BOUNDS:
                kind = type(BOUNDS[setting.name].default)
                for text in (good(setting)[0], "0"):
                    self.assertIs(type(value(self.settle(argument(setting, text)), setting.name)), kind, setting.name)


class BadValues(Settings):
    def test_each_names_itself_its_source_and_what_would_be_right(self) -> None:
        for setting in SETTINGS:
            for text, right in bad(setting):
                said = {}
                if setting.name not in SWITCHES:
                    said[f"option --{setting.name}"] = self.said(argument(setting, text))
                if text.split() == [text] or not setting.repeatable:
                    self.environment[setting.environment] = text
                    said[f"environment variable {setting.environment}"] = self.said()
                    self.environment.clear()
                path = self.file(f'{setting.name} = "{text}"')
                said[f"file {path}"] = self.said(f"--config={path}")
                shown = "" if setting.name == "journal" else f" = {text!r}"
                for source, message in said.items():
                    self.assertTrue(message.startswith(f"gamesvc: {setting.name}{shown} ({source}): "), message)
                    self.assertIn(right, message.split("): ", 1)[1])

    def test_what_may_hold_a_password_is_never_shown(self) -> None:
        wrong = "pgsql://alice:hunter2@db.example/games"
        self.environment["GAMESVC_JOURNAL"] = wrong
        said = [self.said(), self.said(f"--journal={wrong}")]
        self.environment.clear()
        said += [
            self.said(f"--config={self.file(f'journal = {text}')}") for text in (f'"{wrong}"', f'["{wrong}", "x"]')
        ]
        settled = self.settle("--journal=postgresql://alice:hunter2@db.example/games")
        said.append(settled.sources_of("journal"))
        with self.assertRaises(ConfigError) as caught, settled.blaming("journal"):
            raise ConfigError("it is not there")
        said.append(str(caught.exception))
        for message in said:
            self.assertIn("journal", message)
            self.assertNotIn("hunter2", message)
            self.assertNotIn("db.example", message)

    def test_what_may_be_repeated_is_not_given_twice(self) -> None:
        for name in ("port", "game", "allow-origin", "bot"):
            text = GOOD[name][0]
            self.assertEqual(
                self.said(f"--{name}={text}", f"--{name}={text}"),
                f"gamesvc: {name} (option --{name}): one is given twice",
            )

    def test_a_bad_one_that_is_beaten_by_a_good_one_harms_nobody(self) -> None:
        self.environment["WS_LISTENER_PORT"] = "eighty"
        self.assertEqual(self.settle("--port=80").ports, ("80",))

    def test_a_server_that_would_listen_nowhere_is_refused(self) -> None:
        for text in ("", "  "):
            self.environment["WS_LISTENER_PORT"] = text
            self.assertRegex(self.said(), r"port.*WS_LISTENER_PORT")
        self.environment.clear()
        path = self.file("port = []")
        self.assertRegex(self.said(f"--config={path}"), rf"port.*{path}|{path}.*port")

    def test_what_is_found_unusable_only_later_names_its_setting_and_its_source_too(self) -> None:
        path = self.file("allow-origin = 'x'")
        self.environment["PUBLIC_KEY_FILE"] = "nowhere.pem"
        settled = self.settle("--game=chess", f"--config={path}")
        for names, blame in (
            (["game"], "game: option --game"),
            (["public-key-file"], "public-key-file: environment variable PUBLIC_KEY_FILE"),
            (["allow-origin"], f"allow-origin: file {path}"),
            (["port"], "port: default"),
            (["port", "game"], "port: default; game: option --game"),
        ):
            with self.assertRaises(ConfigError) as caught, settled.blaming(*names):
                raise ConfigError("it is not there")
            self.assertEqual(str(caught.exception), f"it is not there ({blame})")
        with self.assertRaises(ZeroDivisionError), settled.blaming("game"):
            raise ZeroDivisionError

    def test_a_value_in_the_file_has_the_shape_of_its_setting(self) -> None:
        for line, name, wanted in (
            ("max-games = [1, 2]", "max-games", "a text, number or boolean"),
            ("max-games = []", "max-games", "a text, number or boolean"),
            ("max-games = {a = 1}", "max-games", "a text, number or boolean"),
            ("port = [[1]]", "port", "a text, a number, or a list of these"),
            ("max-games = 2026-01-01", "max-games", "a text, number or boolean"),
            ("[port]", "port", "a text, a number, or a list of these"),
            ("max-games = true", "max-games", "write a whole number"),
            ("max-games = 1.0", "max-games", "write a whole number"),
            ("ping-interval = inf", "ping-interval", "write a number"),
        ):
            path = self.file(line)
            message = self.said(f"--config={path}")
            for part in (path, name, wanted):
                self.assertIn(part, message)

    def test_a_key_that_the_file_should_not_have_is_told_with_the_nearest_one(self) -> None:
        for key, hint in (
            ("prot", "did you mean port?"),
            ("max_connections", "did you mean max-connections?"),
            ("enable_auth", "did you mean enable-auth?"),
            ("config", "`twistd gamesvc --help` lists what there is"),
            ("zzz", "`twistd gamesvc --help` lists what there is"),
        ):
            path = self.file(f"{key} = 1")
            self.assertEqual(
                self.said(f"--config={path}"), f"gamesvc: file {path}: there is no setting {key!r}; {hint}"
            )

    def test_a_file_that_can_not_be_read_is_told_with_who_named_it(self) -> None:
        nowhere = self.mktemp()
        self.assertEqual(
            self.said("--config", nowhere),
            f"gamesvc: config = {nowhere!r} (option --config): can't read it: No such file or directory",
        )
        latin = self.mktemp()
        Path(latin).write_bytes(b'game = "\xe9"')
        for path in (self.file("port = = 1"), latin):
            self.environment["GAMESVC_CONFIG"] = path
            said = self.said()
            self.assertIn(f"config = {path!r} (environment variable GAMESVC_CONFIG): not TOML: ", said)

    def test_a_mistyped_command_line_is_told_in_one_line_with_where_to_look(self) -> None:
        for arguments, what in (
            (["--prot=1"], "prot"),
            (["--port"], "port"),
            (["8080"], "'8080'"),
            (["--enable-auth=yes"], "enable-auth"),
        ):
            message = self.said(*arguments)
            self.assertIn(what, message)
            self.assertIn("`twistd gamesvc --help`", message)


class Endpoints(Settings):
    def listening(self, *arguments: str) -> list[tuple[int, str]]:
        """The ports and interfaces that Twisted listens on when it is told so."""
        reactor = MemoryReactor()
        for text in self.settle(*arguments).endpoints:
            serverFromString(reactor, text).listen(Factory())
        return [(port, interface) for port, _, _, interface in reactor.tcpServers]

    def test_only_loopback_is_listened_on_unless_tokens_are_asked_for_or_an_address_is_given(self) -> None:
        for arguments, heard in (
            ([], [(10020, "127.0.0.1")]),
            (["--port=8080"], [(8080, "127.0.0.1")]),
            (["--port=0"], [(0, "127.0.0.1")]),
            (["--port=00080"], [(80, "127.0.0.1")]),
            (["--port=1", "--port=65535"], [(1, "127.0.0.1"), (65535, "127.0.0.1")]),
            (["--port=tcp:8080"], [(8080, "127.0.0.1")]),
            (["--port=tcp:port=8080"], [(8080, "127.0.0.1")]),
            (["--port=tcp6:8080"], [(8080, "::1")]),
            (["--enable-auth"], [(10020, "")]),
            (["--enable-auth", "--port=tcp:8080"], [(8080, "")]),
            (["--enable-auth", "--address=127.0.0.1"], [(10020, "127.0.0.1")]),
            (["--address=0.0.0.0"], [(10020, "0.0.0.0")]),
            (["--address=192.0.2.1", "--port=1", "--port=2"], [(1, "192.0.2.1"), (2, "192.0.2.1")]),
            (["--address=192.0.2.1", "--port=tcp:8080"], [(8080, "192.0.2.1")]),
            (["--address=192.0.2.1", "--port=tcp:8080:interface=192.0.2.2"], [(8080, "192.0.2.2")]),
            (["--address=192.0.2.1", "--port=tcp:interface=192.0.2.2:port=8080"], [(8080, "192.0.2.2")]),
            (["--port=tcp:8080:interface=0.0.0.0"], [(8080, "0.0.0.0")]),
        ):
            self.assertEqual(self.listening(*arguments), heard, arguments)

    def test_an_address_of_ipv6_is_escaped(self) -> None:
        for address in ("::1", "::", "2001:db8::1", "fe80::1%eth0"):
            self.assertEqual(self.listening(f"--address={address}", "--port=8080"), [(8080, address)])
            self.assertEqual(self.listening(f"--address={address}", "--port=tcp6:8080"), [(8080, address)])

    def test_tls_is_held_to_loopback_too_and_other_endpoints_are_left_as_they_are(self) -> None:
        tls = "ssl:8443:privateKey=key.pem:certKey=cert.pem"
        self.assertEqual(self.settle(f"--port={tls}").endpoints, (f"{tls}:interface=127.0.0.1",))
        self.assertEqual(self.settle(f"--port={tls}", "--enable-auth").endpoints, (tls,))
        for text in ("unix:/run/gamesvc.sock", "systemd:domain=INET:index=0", "systemd:domain=INET6:name=web"):
            self.assertEqual(self.settle(f"--port={text}", "--address=192.0.2.1").endpoints, (text,))

    def test_an_interface_may_be_given_by_its_place(self) -> None:
        # Twisted reads tcp:port:interface:backlog.
        self.assertEqual(self.listening("--port=tcp:8080:192.0.2.2"), [(8080, "192.0.2.2")])
        self.assertEqual(self.listening("--port=tcp:8080:192.0.2.2:50", "--address=192.0.2.1"), [(8080, "192.0.2.2")])

    def test_however_an_endpoint_is_spelled_it_is_held_to_loopback_or_refused(self) -> None:
        for text in (
            # Twisted reads tcp6:port:backlog, and takes what int() takes.
            *(
                "tcp6:8080:50",
                "tcp:backlog=50:port=8080",
                "tcp: 8080",
                "tcp:8080:",
                "tcp:80_80",
                "tcp:8080:backlog=50",
                "tcp:8080::50",
            ),
            *("tcp6:backlog=50:port=8080", "haproxy:tcp6:8080:50", "haproxy:haproxy:tcp:8080", "tcp:port= 8080"),
            *("tcp:8080:interface=", "tcp:interface=:port=8080"),
        ):
            try:
                heard = self.listening(f"--port={text}")
            except (SystemExit, ConfigError, ValueError, TypeError):
                continue
            for port, interface in heard:
                self.assertEqual((port, interface in ("127.0.0.1", "::1")), (8080, True), (text, interface))

    def test_tls_is_held_to_loopback_however_its_key_is_given(self) -> None:
        # Twisted reads ssl:port:privateKey:certKey.
        for text in (
            "ssl:8443:key.pem:cert.pem",
            "ssl:8443:key.pem",
            "ssl:privateKey=key.pem:port=8443",
            r"ssl:8443:a\:b.pem:c\:d.pem",
        ):
            try:
                endpoints = self.settle(f"--port={text}").endpoints
            except (SystemExit, ConfigError):
                continue
            self.assertEqual(endpoints, (f"{text}:interface=127.0.0.1",))

    def test_so_is_tls_of_several_names(self) -> None:
        # Twisted reads tls:directory:port:backlog:interface, and listens everywhere where nothing else is said.
        certificates = Path(self.mktemp())
        certificates.mkdir()
        at = f"tls:{certificates}"
        for text in (f"{at}:8443", f"{at}:8443:50", f"{at}:8443:50:", f"haproxy:{at}:8443"):
            self.assertEqual(self.listening(f"--port={text}"), [(8443, "127.0.0.1")], text)
        self.assertEqual(self.listening(f"--port=tls:port=8443:path={certificates}"), [(8443, "127.0.0.1")])
        self.assertEqual(self.listening(f"--port={at}"), [(443, "127.0.0.1")])
        self.assertEqual(self.listening(f"--port={at}:8443", "--address=192.0.2.1"), [(8443, "192.0.2.1")])
        self.assertEqual(self.listening(f"--port={at}:8443:50:192.0.2.2"), [(8443, "192.0.2.2")])
        self.assertEqual(self.listening(f"--port={at}:8443", "--enable-auth"), [(8443, "::")])

    def test_behind_the_proxy_protocol_only_loopback_is_listened_on_too(self) -> None:
        self.assertEqual(self.listening("--port=haproxy:tcp:8080"), [(8080, "127.0.0.1")])
        self.assertEqual(self.listening("--port=haproxy:tcp:8080:interface=192.0.2.2"), [(8080, "192.0.2.2")])


class Help(Settings):
    def help(self) -> str:
        # The columns cut words that are long, and spaces stand for line breaks.
        return "".join(Options().getUsage(width=80).split())

    def test_each_setting_is_there_with_its_variable_and_its_default(self) -> None:
        text = self.help()
        for setting in (*SETTINGS, CONFIG_FILE):
            default = f"[default: {setting.default}]" if setting.default else ""
            tail = f"[environment: {setting.environment}]{default}".replace(" ", "")
            switch = setting.name in SWITCHES
            self.assertRegex(text, rf"--{setting.name}{'' if switch else '='}\w")
            self.assertIn(tail, text)
            self.assertIn("".join(setting.doc.split()), text)
        self.assertEqual(text.count("Mayberepeated."), 4)

    def test_it_is_told_on_demand(self) -> None:
        printed = io.StringIO()
        self.patch(sys, "stdout", printed)
        self.assertEqual(self.assertRaises(SystemExit, self.settle, "--help").code or 0, 0)
        self.assertIn("--max-connections-per-player=", printed.getvalue())

    def test_the_version_is_that_of_gamesvc(self) -> None:
        printed = io.StringIO()
        self.patch(sys, "stdout", printed)
        self.assertEqual(self.assertRaises(SystemExit, self.settle, "--version").code or 0, 0)
        self.assertIn("gamesvc", printed.getvalue())


class Agreement(SynchronousTestCase):
    def test_an_unusable_value_is_a_config_error_to_whoever_loads_settings_without_a_command_line(self) -> None:
        self.assertRaises(ConfigError, load, {"port": ["eighty"]}, {})

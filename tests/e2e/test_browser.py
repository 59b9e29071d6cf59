"""The page to play on, in a real browser: Chromium, which Playwright's core drives. Each test is a scenario of
tests/browser, where what it does is written down; they share a browser and, where it is not killed, a server."""

from __future__ import annotations

import json
import os
import queue
import shutil
import subprocess
import threading
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, NoReturn

import pytest

from tests.e2e.processes import CHECKOUT, LOOPBACK, START_SECONDS, Operator, Server, listens, until

SCENARIO_SECONDS = 800.0
"""How long a scenario may take: more than it allows itself, and the first one waits for the browser to start."""

SLEPT_SECONDS = 3 * 24 * 3600
"""How long guests sleep: longer than their tokens hold."""

GAMES = (
    "greetings",
    "tic-tac-toe",
    "connect-four",
    "chess",
    "battleship",
    "crazy-eights",
    "arena",
    "chat",
    "tests.browser.auction:Auction",
)
OPTIONS = tuple(each for game in GAMES for each in ("--game", game))
_BROWSERS = ("chromium", "chromium-browser", "google-chrome")


def missing() -> str | None:
    """What there is not on this machine of what the tests need; None where all is there."""
    if shutil.which("node") is None:
        return "Node.js (node) is not installed"
    if not any(map(shutil.which, _BROWSERS)):
        return "Chromium is not installed"
    places = [CHECKOUT / ".venv" / "node_modules", *map(Path, os.environ.get("NODE_PATH", "").split(os.pathsep))]
    if not any((place / "playwright-core" / "package.json").exists() for place in places):
        return "playwright-core is not installed (tests/packaging/services.sh does so)"
    return None


_MISSING = missing()
pytestmark = pytest.mark.skipif(_MISSING is not None and os.environ.get("CI") != "true", reason=str(_MISSING))


class Browser:
    """Chromium, and who plays scenarios in it.

    Args:
        pictures: directory for what it looked like where one fails.
    """

    def __init__(self, pictures: Path) -> None:
        assert _MISSING is None, f"{_MISSING}, and CI skips nothing"
        self._pictures = pictures
        self._errors = (pictures / "errors").open("w+")
        self._process = subprocess.Popen(
            ("node", str(CHECKOUT / "tests" / "browser" / "run.mjs")),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            text=True,
        )
        self._said: queue.Queue[dict[str, Any] | None] = queue.Queue()
        self._reading = threading.Thread(target=self._read, daemon=True)
        self._reading.start()

    def play(self, scenario: str, url: str, **steps: Callable[[], object]) -> None:
        """Play a scenario, which must be a success.

        Args:
            scenario: its name.
            url: where the playground is.
            steps: what the scenario can ask to be done, by name.
        """
        self._tell({"scenario": scenario, "url": url, "pictures": str(self._pictures)})
        while "ask" in (said := self._hear(scenario)):
            steps[said["ask"]]()
            self._tell({"done": said["ask"]})
        if said["failure"] is not None:
            console = "\n".join(said["console"]) or "nothing"
            pictures = "\n".join(said["pictures"]) or "none"
            pytest.fail(f"{said['failure']}\n\nconsole:\n{console}\n\npictures:\n{pictures}", pytrace=False)

    def close(self) -> None:
        """End it."""
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.close()
        try:
            self._process.wait(SCENARIO_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._reading.join()
        self._process.stdout.close()
        self._errors.close()

    def _tell(self, what: Mapping[str, str]) -> None:
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(f"{json.dumps(what)}\n")
            self._process.stdin.flush()
        except BrokenPipeError:
            self._has_ended()

    def _hear(self, scenario: str) -> dict[str, Any]:
        try:
            said = self._said.get(timeout=SCENARIO_SECONDS)
        except queue.Empty:
            self._process.kill()
            pytest.fail(f"{scenario}: not over within {SCENARIO_SECONDS:g} s", pytrace=False)
        if said is None:
            self._has_ended()
        return said

    def _has_ended(self) -> NoReturn:
        self._errors.seek(0)
        pytest.fail(f"the browser has ended; it wrote:\n{self._errors.read()}", pytrace=False)

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self._said.put(json.loads(line))
        self._said.put(None)


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """A browser for all tests of the module."""
    found = Browser(tmp_path_factory.mktemp("pictures"))
    try:
        yield found
    finally:
        found.close()


@pytest.fixture(scope="module")
def server(shared_operator: Operator) -> Server:
    """A server of all games, for all tests of the module that do nothing to it."""
    return serve(shared_operator)


def serve(operator: Operator) -> Server:
    """Start a server of all games."""
    operator.environment["PYTHONPATH"] = str(CHECKOUT)
    return operator.twistd(*OPTIONS)


def page(server: Server) -> str:
    """Where its playground is."""
    return f"http://{LOOPBACK}:{server.ports['port']}/"


@pytest.mark.parametrize(
    "scenario",
    ["ticTacToe", "connectFour", "chess", "battleship", "crazyEights", "arena", "chat", "greetings"],
)
def test_two_browsers_play_each_game_to_its_end(browser: Browser, server: Server, scenario: str) -> None:
    browser.play(scenario, page(server))


def test_two_browsers_play_an_authors_game_by_its_forms(browser: Browser, operator: Operator) -> None:
    operator.environment["PYTHONPATH"] = str(CHECKOUT)
    browser.play("authorsGame", page(operator.twistd("--game", "tests.tictactoe:TicTacToe")))


@pytest.mark.parametrize("scenario", ["unplugged", "offline"])
def test_who_loses_the_line_goes_on_where_they_were(browser: Browser, server: Server, scenario: str) -> None:
    browser.play(scenario, page(server))


def test_a_server_that_is_killed_and_started_anew_loses_nothing(browser: Browser, operator: Operator) -> None:
    server = serve(operator)

    def restart() -> None:
        port = server.ports["port"]
        again = operator.serve("twistd", "-n", "--pidfile=", "gamesvc", "--port", str(port), *OPTIONS)
        again.ports["port"] = port
        until(lambda: listens((LOOPBACK, port)), "a server that listens again", START_SECONDS)

    browser.play("killed", page(server), kill=lambda: operator.servers[-1].kill(), restart=restart)


def test_guests_who_sleep_for_days_have_their_names_and_seats_still(browser: Browser, operator: Operator) -> None:
    operator.gamesvc("keys", "--private", "private.pem", "--public", "public.pem")
    keys = ("--public-key-file", "public.pem", "--private-key-file", "private.pem")
    options = ("--game", "tic-tac-toe", "--enable-auth", "--address", LOOPBACK, *keys)
    operator.environment["PYTHONPATH"] = str(CHECKOUT)
    server = operator.twistd(*options)

    def restart() -> None:
        port = server.ports["port"]
        launcher = ("-m", "tests.e2e.crashing", "never", "0", "--tweak", f"late_clock={SLEPT_SECONDS}")
        again = operator.serve("python", *launcher, "--", "-n", "--pidfile=", "gamesvc", "--port", str(port), *options)
        again.ports["port"] = port
        until(lambda: listens((LOOPBACK, port)), "a server that listens again", START_SECONDS)

    browser.play("slept", page(server), kill=lambda: operator.servers[-1].kill(), restart=restart)


@pytest.mark.parametrize("scenario", ["watchedBattleship", "watchedCards"])
def test_who_watches_is_told_no_secrets(browser: Browser, server: Server, scenario: str) -> None:
    browser.play(scenario, page(server))


@pytest.mark.parametrize("scenario", ["ownInvitation", "lateInvitation", "otherName", "leaving", "staying", "reloaded"])
def test_who_comes_and_goes_is_told_what_comes_of_it(browser: Browser, server: Server, scenario: str) -> None:
    browser.play(scenario, page(server))


@pytest.mark.parametrize(
    "scenario",
    ["quickMatch", "keysAlone", "history", "wire", "forms", "undisturbed", "colours", "phone", "roomy", "nowhere"],
)
def test_what_else_a_visitor_relies_on(browser: Browser, server: Server, scenario: str) -> None:
    browser.play(scenario, page(server))

"""The JavaScript client: its own tests, against servers that are started here, and what is packed of it."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from itertools import islice
from pathlib import Path

import pytest

from tests.e2e.accounts import MANY, Account, differences, kept_game
from tests.e2e.processes import CHECKOUT, Operator

NPM_SECONDS = 1800.0
"""How long npm may take, which fetches the compiler, and runs the tests: far more than it does, on any machine."""

LEAST_TESTS = {1: 120, 2: 128}
"""By how many kinds of WebSocket there are."""

CLIENTS = 4
"""How many are in the game in which lines are cut, who watches included."""

NODE_22 = next((CHECKOUT / ".venv" / "node_modules").glob("node-*/bin/node"), None)
"""Beside this machine's own Node, which may be an older one; with a WebSocket of its own."""

pytestmark = pytest.mark.skipif(
    shutil.which("npm") is None and os.environ.get("CI") != "true", reason="Node.js (node, npm) is not installed"
)


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The package as it is checked out, in a directory of its own, with what it needs to be tested."""
    clients = tmp_path_factory.mktemp("npm") / "clients"
    shutil.copytree(CHECKOUT / "clients", clients, ignore=shutil.ignore_patterns("node_modules"))
    npm(clients / "js", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--prefer-offline", "--fetch-retries=5")
    return clients / "js"


def npm(package: Path, *arguments: str, **environment: str) -> str:
    """Run npm in the package, which must be a success, and return what it printed."""
    done = npm_ended(package, *arguments, **environment)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def npm_ended(package: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run npm in the package to its end, whatever comes of it."""
    return subprocess.run(
        ("npm", *arguments),
        cwd=package,
        env={**os.environ, "NO_COLOR": "1", "NPM_CONFIG_UPDATE_NOTIFIER": "false", **environment},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=NPM_SECONDS,
    )


@pytest.mark.parametrize(
    "node",
    [
        pytest.param(None, id="this machine's Node"),
        pytest.param(
            NODE_22,
            id="Node 22",
            marks=pytest.mark.skipif(
                NODE_22 is None and os.environ.get("CI") != "true",
                reason="Node 22 is not installed (tests/packaging/services.sh does so)",
            ),
        ),
    ],
)
def test_the_clients_own_tests_pass_and_what_they_noted_is_in_the_journal(
    package: Path, operator: Operator, node: Path | None
) -> None:
    operator.environment["PYTHONPATH"] = str(CHECKOUT)
    operator.gamesvc("keys", "--type", "ed25519", "--private", "signs.pem", "--public", "verifies.pem")
    game = ("--game", "tests.e2e.crash_game:Ledger", "--address", "127.0.0.1", "--journal")
    much = "1000000"
    journal, notes = operator.directory / "journal.sqlite", operator.directory / "notes"
    notes.mkdir()
    bounds = (f"--{what}={much}" for what in ("commands-per-second", "command-burst", "frames-per-second"))
    fast = operator.twistd(*game, f"sqlite:{journal}", *bounds)
    slow = operator.twistd(*game, "memory", "--commands-per-second", "40", "--command-burst", "20")
    guarded = operator.twistd(*game, "memory", "--enable-auth", "--public-key-file", "verifies.pem")
    where = {
        name: server.url("").rstrip("/")
        for name, server in {
            "GAMESVC_URL": fast,
            "GAMESVC_SLOW_URL": slow,
            "GAMESVC_GUARDED_URL": guarded,
        }.items()
    }
    search = os.environ["PATH"] if node is None else f"{node.parent}{os.pathsep}{os.environ['PATH']}"
    files = {"GAMESVC_KEY_FILE": str(operator.directory / "signs.pem"), "GAMESVC_NOTES": str(notes)}
    ended = npm_ended(package, "test", **where, **files, PATH=search)
    fast.stop()
    accounts: dict[str, list[Account]] = {}
    for path in notes.iterdir():
        accounts.setdefault(path.name.partition(".")[0], []).append(Account.noted(path))
    wrong = [
        f"{name}: {text}"
        for name, of_game in accounts.items()
        for text in islice(differences(kept_game(journal, name), of_game), MANY)
    ]
    said = "\n".join((ended.stdout, ended.stderr, *wrong))
    assert ended.returncode == 0, said
    assert not wrong, said
    counts = {what: int(count) for what, count in re.findall(r"^\W*(pass|fail|skipped) (\d+)$", said, re.MULTILINE)}
    assert counts["fail"] == counts["skipped"] == 0, said
    # Each with the WebSocket of ws, and with Node's own, where it has one.
    kinds = re.findall(r"^# Subtest: (ws|global)$", said, re.MULTILINE)
    assert kinds == ["ws"] or kinds == ["ws", "global"], said
    assert len(kinds) == 2 or node is None, "Node's own WebSocket was not tried"
    assert counts["pass"] >= LEAST_TESTS[len(kinds)], said
    assert sorted(map(len, accounts.values())) == [CLIENTS] * len(kinds), "one game for each kind of WebSocket"


def test_what_is_packed_is_the_client_and_nothing_else(package: Path) -> None:
    (packed,) = json.loads(npm(package, "pack", "--json", "--dry-run"))
    modules = {f"src/{path.name}" for path in (package / "src").iterdir()}
    assert {each["path"] for each in packed["files"]} == {
        "LICENSE",
        "README.md",
        "package.json",
        "types/index.d.ts",
        *modules,
    }
    assert (packed["name"], "dependencies" in json.loads((package / "package.json").read_text())) == (
        "@gamesvc/client",
        False,
    )


def test_the_types_that_it_is_checked_with_are_those_that_a_game_has(package: Path, operator: Operator) -> None:
    operator.environment["PYTHONPATH"] = str(CHECKOUT)
    written = operator.gamesvc("schema", "--typescript", "tests.tictactoe:TicTacToe")
    assert (package / "test" / "types" / "tictactoe.ts").read_text().strip() == written

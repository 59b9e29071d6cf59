"""What docs/lobby.md says is true: each exchange in it goes as it says, and its table is the code's."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from gamesvc.errors import LOBBY_REFUSALS
from gamesvc.web import identity, lobby_entries, lobby_matches, lobby_model, lobby_wishes, pairing
from tests.lobbies import LobbyWorld
from tests.wire import Logged

PAGE = (Path(__file__).parent.parent / "docs" / "lobby.md").read_text()

_EXCHANGE = re.compile(r"^```lobby\n(.*?)^```", re.MULTILINE | re.DOTALL)
_REQUEST = re.compile(r"(?:(\w+): )?(GET|POST|DELETE) /api(\S*)(?: (.*))?")
_WORDS = {"ID": "id", "CODE": "code", "TICKET": "ticket"}


class Exchange:
    """What is asked and answered in an example. What it does not know before is what the first such answer said."""

    def __init__(self, case: SynchronousTestCase) -> None:
        self._case = case
        self._world = LobbyWorld(games=("tic-tac-toe",))
        self._known: dict[str, str] = {}

    def run(self, script: str) -> None:
        lines = re.sub(r"\n +", " ", script).strip().split("\n")
        for request, answer in zip(lines[::2], lines[1::2], strict=True):
            match = _REQUEST.fullmatch(request)
            assert match is not None, f"not a request: {request!r}"
            who, method, path, body = match.groups()
            path = "".join(self._known.get(part, part) for part in re.split(r"\b(ID|CODE|TICKET)\b", path))
            response = self._world.ask(method, path, who, None if body is None else json.loads(body))
            status, _, told = answer.partition(" ")
            self._case.assertEqual((response.status, request), (int(status), request))
            self._learn(response.json)
            self._case.assertEqual(_blank(response.json, json.loads(told)), json.loads(told), request)

    def _learn(self, answer: Any) -> None:
        if isinstance(answer, dict):
            for word, key in _WORDS.items():
                if isinstance(answer.get(key), str):
                    self._known.setdefault(word, answer[key])
            for part in answer.values():
                self._learn(part)


def _blank(actual: Any, expected: Any) -> Any:
    """The same, with ``...`` wherever the page says so."""
    if expected == "...":
        return "..."
    if isinstance(actual, dict) and isinstance(expected, dict):
        return {key: _blank(value, expected.get(key)) for key, value in actual.items()}
    if isinstance(actual, list) and isinstance(expected, list) and len(actual) == len(expected):
        return [_blank(*both) for both in zip(actual, expected, strict=True)]
    return actual


class LobbyPageTest(SynchronousTestCase):
    def setUp(self) -> None:
        self.logged = Logged(self)

    def test_each_exchange_goes_as_it_says(self) -> None:
        found = _EXCHANGE.findall(PAGE)
        self.assertGreaterEqual(len(found), 5)
        for script in found:
            Exchange(self).run(script)

    def test_every_refusal_is_in_the_table(self) -> None:
        rows = re.findall(r"^\| (\d+) \| `(\w+)` \|", PAGE, re.MULTILINE)
        told = {code: int(status) for status, code in rows}
        self.assertEqual(told, {code: refusal.status for code, refusal in LOBBY_REFUSALS.items()})

    def test_numbers_are_the_codes(self) -> None:
        for text, number in (
            ("at most 2048 bytes", lobby_wishes.MAX_OPTIONS_BYTES == 2048),
            ("listed for 24 hours", lobby_entries.OPEN_SECONDS == 24 * 3600 == lobby_entries.FINISHED_SECONDS),
            ("for 30 days", lobby_entries.PLAYED_SECONDS == 30 * 24 * 3600),
            ("for 30 days it still shows", identity.RENEWED_SECONDS == 30 * 24 * 3600),
            ("a guest's for 24 hours", identity.GUEST_SECONDS == 24 * 3600),
            ("for 48 hours, because", identity.GUEST_SECONDS + identity.SEAT_SECONDS == 48 * 3600),
            ("followed for 7 days", lobby_model.INVITED_SECONDS == 7 * 24 * 3600),
            ("16 hold at a time", lobby_model.MAX_INVITES == 16),
            ("16 may wait for others at a time", lobby_matches.MAX_WAITING == 16),
            ("widens by 10 a second", pairing.WIDENING == 10),
            ("(up to 30)", lobby_matches.MAX_WAIT_SECONDS == 30),
            ("not ask for 60 seconds", lobby_matches.GONE_SECONDS == 60),
            ("10 minutes", lobby_model.MATCHED_SECONDS == 600),
        ):
            self.assertIn(text, re.sub(r"\s+", " ", PAGE))
            self.assertTrue(number, text)

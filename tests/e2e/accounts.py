"""What clients sent, were answered and saw, as they noted it themselves; and how the journal has it."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import islice, pairwise
from pathlib import Path
from typing import Any, NamedTuple

from gamesvc.journal.sqlite import SqliteStore
from tests.e2e.clients import Message
from tests.e2e.crash_checks import Kept

MANY = 20
"""How much of what is wrong is told, at most."""


class Answer(NamedTuple):
    """What came of a command.

    Attributes:
        result: what it returned.
        code: why it was refused; None where it was not.
    """

    result: Any = None
    code: str | None = None


class Account:
    """One client's, of a game that it saw from the beginning.

    Args:
        player: their name.
        plays: whether they have a seat.

    Attributes:
        sent: the commands' names by their keys, in order.
        answers: what came of them, by their keys.
        events: those that came and have a number.
        losses: how often the line was lost.
        game: the client, for its status; None where it is elsewhere.
    """

    def __init__(self, player: str, *, plays: bool = True) -> None:
        self.player = player
        self.plays = plays
        self.sent: dict[str, str] = {}
        self.answers: dict[str, Answer] = {}
        self.events: list[Message] = []
        self.losses = 0
        self.game: Any = None

    @classmethod
    def noted(cls, path: Path) -> Account:
        """One that a client wrote to a file."""
        noted = json.loads(path.read_text())
        account = cls(noted["player"], plays=noted["plays"])
        account.sent = noted["sent"]
        account.answers = {key: Answer(**answer) for key, answer in noted["answers"].items()}
        account.events = noted["events"]
        return account

    def sees(self, event: Message) -> None:
        """Note an event. Who is away, and back again, is not counted."""
        if "seq" in event:
            self.events.append(event)

    def hears(self, key: str, outcome: object) -> None:
        """Note what came of a command: what it returned, or the error."""
        is_error = isinstance(outcome, BaseException)
        self.answers[key] = Answer(None, getattr(outcome, "code", repr(outcome))) if is_error else Answer(outcome)

    def loses(self, error: object) -> None:
        """Note that the line was lost."""
        self.losses += 1

    def __str__(self) -> str:
        waiting = [f"{command} {key}" for key, command in self.sent.items() if key not in self.answers]
        first = f" (not {', '.join(waiting[:3])}{' and others' if len(waiting) > 3 else ''})" if waiting else ""
        last = self.events[-1]["seq"] if self.events else 0
        stands = "" if self.game is None else f", the client is {self.game.status} at event {self.game.seq}"
        return (
            f"{self.player}: {len(self.sent)} sent, {len(self.answers)} answered{first},"
            f" {len(self.events)} events read, the last of them {last}{stands}, the line was lost {self.losses} times"
        )


def kept_game(path: Path, game: str) -> Kept:
    """A game as the journal in a SQLite file has it. Whoever writes it may go on."""
    store = SqliteStore(str(path), read_only=True)
    try:
        return Kept(store, game)
    finally:
        store.close()


def check(kept: Kept, accounts: Iterable[Account]) -> None:
    """What clients noted in the end is what the journal has, no more and no less."""
    wrong = list(islice(differences(kept, list(accounts)), MANY))
    assert not wrong, "\n".join(wrong)


def differences(kept: Kept, accounts: Iterable[Account]) -> Iterator[str]:
    """All in which the accounts differ from the journal, for people.

    Args:
        kept: the game, of which nobody else sent anything.
        accounts: of all who did, each with another name.
    """
    known: set[str] = set()
    for account in accounts:
        for text in (*_of_events(kept, account), *_of_commands(kept, account)):
            yield f"{account.player}: {text}"
        known |= account.sent.keys()
    for key in kept.commands.keys() - known:
        yield f"nobody sent {key}, and the journal has it"
    ids = Counter((entry.player, entry.id) for entry in kept.entries if entry.kind == "command")
    for (player, id), times in ids.items():
        if times > 1:
            yield f"{player}: the id {id} took effect {times} times"


def _of_events(kept: Kept, account: Account) -> Iterator[str]:
    expected = kept.viewed(account.player if account.plays else None).events
    for place, event in enumerate(account.events, 1):
        body = {name: value for name, value in event.items() if name != "seq"}
        if event["seq"] != place:
            yield f"event {event['seq']} came after event {place - 1}"
        elif place > len(expected):
            yield f"event {place} is not in the journal: {event}"
        elif body != expected[place - 1]:
            yield f"event {place} is {body}, and in the journal {expected[place - 1]}"
        else:
            continue
        # After the first one all others are wrong as well.
        return
    if len(account.events) < len(expected):
        yield f"{len(account.events)} of the {len(expected)} events in the journal came"


def _of_commands(kept: Kept, account: Account) -> Iterator[str]:
    order = []
    for key, command in account.sent.items():
        entries = kept.commands.get(key, [])
        what = f"{command} {key}"
        times = f"is in the journal {len(entries)} times"
        answer = account.answers.get(key)
        if answer is None:
            yield f"{what} was not answered, and {times}"
        elif answer.code is not None:
            if (command, answer.code) != ("deny", "refused"):
                yield f"{what} was refused: {answer.code}"
            if entries:
                yield f"{what} was refused, and {times}"
        elif len(entries) != 1:
            yield f"{what} was acknowledged, and {times}"
        else:
            (entry,) = entries
            order.append((entry.number, what))
            result = None if entry.result is None else json.loads(entry.result)
            if answer.result != result:
                yield f"{what} returned {answer.result}, and in the journal {result}"
            if (entry.player, entry.name) != (account.player, command):
                yield f"{what} is in the journal as {entry.name}, of {entry.player}"
    for (before, first), (number, second) in pairwise(order):
        if number < before:
            yield f"{second} was sent after {first}, and took effect before it"

"""What the benchmark is about: each subject has scenarios, servers, a file of samples and a page of its own."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from bench import page, scenarios, state_page, state_table, table
from bench.samples import Session
from bench.scenarios import Scenario
from bench.servers import SERVERS, STATE_SERVERS, Server


class Subject(NamedTuple):
    """One of them.

    Attributes:
        folder: where its samples are, below those of the benchmark; empty: beside it.
        scenarios: its own. The short form asks every server about the first.
        servers: its own.
        has_curves: whether the curves of growth belong to it.
        write: writes its page and charts, where there is a checkout.
        for_terminal: tells what was measured.
    """

    folder: str
    scenarios: tuple[Scenario, ...]
    servers: tuple[Server, ...]
    has_curves: bool
    write: Callable[[Session, Path], None]
    for_terminal: Callable[[Session], str]


ROOMS = Subject("", scenarios.SCENARIOS, SERVERS, True, page.write, table.for_terminal)
"""Commands, and events for everybody in a room."""

STATE = Subject("state", (scenarios.STATE,), STATE_SERVERS, False, state_page.write, state_table.for_terminal)
"""The state of a game in which much moves."""

SUBJECTS = (ROOMS, STATE)
SERVER_NAMES = tuple(dict.fromkeys(server.name for subject in SUBJECTS for server in subject.servers))

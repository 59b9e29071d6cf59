"""Every game of OpenSpiel's that is served is played to its end by real clients, while servers are killed; and it is
the game that OpenSpiel itself plays.

SEED repeats what was chosen by chance. Each is played as it is by default, but for those in `SHORTER`; GAMES=all plays
these so, too, and GAMES="kuhn_poker go" these two alone.
"""

from __future__ import annotations

import os
import random
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyspiel
import pytest

from gamesvc.journal.sqlite import SqliteStore
from gamesvc.openspiel.loading import PREFIX
from gamesvc.openspiel.served import FROM_FILES, SERVED
from tests.e2e.crashing import NEVER, Order
from tests.e2e.nursery import Nursling, await_listening, steady_port
from tests.e2e.openspiel_play import Hall
from tests.e2e.openspiel_servers import OpenSpielNursery
from tests.e2e.openspiel_truth import disagreements
from tests.e2e.processes import START_SECONDS
from tests.e2e.threads import in_thread
from tests.test_openspiel_served import DILEMMA, POKER

SEED = int(os.environ.get("SEED", random.randrange(1 << 32)))
GAMES = os.environ.get("GAMES", "").split()

SHORTER = {
    "2048": "max_tile=64",
    "amazons": "board_size=6",
    "banqi": "max_no_progress=10",
    "capture_the_flag": "horizon=60",
    "chinese_checkers": "max_moves=80",
    "coop_box_pushing": "horizon=40",
    "go": "board_size=7",
    "havannah": "board_size=4",
    "hex": "board_size=6",
    "kriegspiel": "board_size=4",
    "laser_tag": "horizon=60",
    "lines_of_action": "max_game_length=60",
    "markov_soccer": "horizon=60",
    "solitaire": "depth_limit=40",
    "pathfinding": "horizon=60",
    "phantom_go": "board_size=6",
    "quoridor": "board_size=5",
    "y": "board_size=8",
}
"""With which parameters games are played that take long at random: half of all commands would be theirs."""

FILE = "journal.sqlite"

OPTIONS = (
    "--commands-per-second 0 --frames-per-second 0 --max-connections-per-address 0 --max-connections 0"
    " --max-games-per-player 0 --max-games 0"
)

CONSTANTS: dict[str, float] = {"gamesvc.saver:SNAPSHOT_ENTRIES": 25}
"""Few games are so long that they would come to a snapshot otherwise."""

LIFE = 1.0
"""Seconds that a server lives, at most, after half of the games have gone on;"""

PATIENCE = 60.0
"""but not longer than so many seconds after it has begun to listen;"""

HASTE = 0.2
"""and some are killed, however far they are, in less than `LIFE`: so often."""

POINTS = (NEVER, "commit.after", NEVER, "commit.before", NEVER, "write.before")
"""Where servers are killed, in turn: at any moment, or where an answer that was earned is not given."""

PASSES = (5, 100)
"""How often such a point is passed before it is the one: at least, at most."""

MOST_SECONDS = 900.0
"""How long servers are killed, at most; and how long what then goes on may take."""

MANY = 50


def says(line: str) -> None:
    """Tell how it goes."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def played_directly(text: str, seed: int) -> tuple[float, int]:
    """How many commands a game takes at random, and how many players."""
    chance = random.Random(seed)
    game = pyspiel.load_game(text)
    state = game.new_initial_state()
    commands = 0
    while not state.is_terminal():
        if state.is_chance_node():
            actions, weights = zip(*state.chance_outcomes(), strict=True)
            state.apply_action(chance.choices(actions, weights)[0])
            continue
        acting = range(game.num_players()) if state.is_simultaneous_node() else [state.current_player()]
        chosen = []
        for player in acting:
            legal = state.legal_actions(player)
            commands += bool(legal)
            chosen.append(chance.choice(legal) if legal else 0)
        if state.is_simultaneous_node():
            state.apply_actions(chosen)
        else:
            state.apply_action(chosen[0])
    return commands, game.num_players()


class Evening:
    """All games, played on servers that die.

    Args:
        directory: an empty one.
        kinds: what is played, as the option ``--game`` has it.
        seed: of everything that is left to chance.
        fault: of the servers; empty where there is none.

    Attributes:
        deaths: when servers died, in seconds since the epoch.
    """

    def __init__(self, directory: Path, kinds: Sequence[str], seed: int, fault: str = "") -> None:
        self.deaths: list[float] = []
        self._directory = directory
        self._kinds = kinds
        self._tweaks = {"kinds_by_id": "", **({fault: ""} if fault else {})}
        self._chance = random.Random(seed)
        self._port = steady_port()
        measured = [(kind, *played_directly(kind.partition(":")[2], seed)) for kind in kinds]
        self.hall = Hall(self._port, measured, seed)

    def run(self) -> list[str]:
        """Play.

        Returns:
            What is not as it must be.
        """
        nursery = OpenSpielNursery(self._directory, self._kinds)
        try:
            self.hall.start()
            self._kill(nursery)
            self._finish(nursery)
        finally:
            nursery.close()
        log = (self._directory / "log").read_text(errors="backslashreplace")
        found = ["there is a traceback in the log"] if "Traceback" in log else []
        return [*found, *self._judged()]

    def _kill(self, nursery: OpenSpielNursery) -> None:
        """Kill servers, as long as there are games in which none died."""
        deadline = time.monotonic() + MOST_SECONDS
        while (spared := self.hall.spared) and self.hall.is_alive():
            assert time.monotonic() < deadline, f"after {MOST_SECONDS:g} s no server died in {spared}"
            point = POINTS[len(self.deaths) % len(POINTS)]
            child = nursery.start(self._order(point, self._chance.randint(*PASSES)))
            await_listening(self._port, child)
            has_ended = self._live(child)
            assert not has_ended or point != NEVER, f"a server ended by itself, with {child.status}"
            child.kill()
            assert child.status == -signal.SIGKILL, f"a server ended by itself, with {child.status}"
            self.deaths.append(time.time())
            self.hall.server_died()
            says(
                f"{len(self.deaths)} servers died, the last {point if has_ended else 'at random'}; {self.hall.standing}"
            )

    def _live(self, child: Nursling) -> bool:
        """Let a server live for a while. Returns whether it has ended by itself."""
        life = self._chance.uniform(0, LIFE)
        if self._chance.random() >= HASTE:
            deadline = time.monotonic() + PATIENCE
            while not self.hall.goes_on and time.monotonic() < deadline:
                if child.await_end(0.05):
                    return True
        return child.await_end(life)

    def _finish(self, nursery: OpenSpielNursery) -> None:
        """Let all that goes on come to its end."""
        self.hall.hurry()
        child = nursery.start(self._order(NEVER, 0))
        await_listening(self._port, child)
        began = time.monotonic()
        while self.hall.is_alive():
            self.hall.join(5.0)
            assert not child.await_end(0), f"a server ended by itself, with {child.status}"
            assert time.monotonic() - began < MOST_SECONDS, f"after {MOST_SECONDS:g} s: {self.hall.standing}"
            says(self.hall.standing)
        _stop(child)
        if self.hall.failures:
            raise self.hall.failures[0]

    def _order(self, point: str, count: int) -> Order:
        words = f"-n --pidfile= gamesvc --port {self._port} {OPTIONS}"
        games = [word for kind in self._kinds for word in ("--game", kind)]
        return Order(
            arguments=[*words.split(), "--journal", f"sqlite:{FILE}", *games],
            point=point,
            count=count,
            constants=CONSTANTS,
            tweaks=self._tweaks,
            output=str(self._directory / "log"),
        )

    def _judged(self) -> list[str]:
        found: list[str] = []
        hit: dict[str, bool] = {}
        store: Any = SqliteStore(str(self._directory / FILE), read_only=True)
        try:
            for table in self.hall.tables:
                problems, was_hit = disagreements(store, table, self.deaths)
                found += problems
                hit[table.kind] = hit.get(table.kind, False) or was_hit
        finally:
            store.close()
        if self.hall.spared:
            found.append(f"no server died in a game of {', '.join(self.hall.spared)}")
        # Players take a server's death for one in the middle of the game only where the journal does.
        found += [
            f"a server died in {table.game} ({table.kind}), its players say, and the journal that none did"
            for table in self.hall.tables
            if table.was_hit and not hit.get(table.kind)
        ]
        if len(hit) < len(self._kinds):
            found.append(f"{len(self._kinds) - len(hit)} games were not played")
        return found


def _stop(child: Nursling) -> None:
    child.signal(signal.SIGTERM)
    assert child.await_end(START_SECONDS), "the last server does not stop"
    assert child.status == -signal.SIGTERM, f"the last server ended with {child.status}"


def served(directory: Path) -> list[str]:
    """What is served, as the option ``--game`` has it.

    Args:
        directory: in which the files of games are put.
    """
    texts = [f"{text}({SHORTER[text]})" if text in SHORTER and not GAMES else text for text in SERVED]
    for name, content in zip(FROM_FILES, (POKER, DILEMMA), strict=True):
        (directory / name).write_text(content)
        texts.append(f"{name}(filename={directory / name})")
    return [PREFIX + text for text in texts if GAMES in ([], ["all"]) or text in GAMES]


@in_thread
def test_every_game_that_is_served_is_the_one_that_openspiel_plays_however_often_servers_are_killed() -> None:
    directory = Path(tempfile.mkdtemp(prefix="gamesvc-openspiel-"))
    kinds = served(directory)
    says(f"{len(kinds)} games, SEED={SEED} in {directory}")
    began = time.monotonic()
    evening = Evening(directory, kinds, SEED)
    found = evening.run()
    took = time.monotonic() - began
    says(f"{len(kinds)} games took {took:.1f} s, and {len(evening.deaths)} servers: {dict(evening.hall.tally)}")
    assert not found, f"SEED={SEED}; {directory} was kept:\n" + "\n".join(found[:MANY])
    # Else something else was tried than what this is about.
    missing = [what for what in ("resumed", "sent again", "duplicates") if not evening.hall.tally[what]]
    assert (GAMES and GAMES != ["all"]) or not missing, missing
    shutil.rmtree(directory)


@pytest.mark.parametrize(
    ("fault", "complaint"),
    [("eyes_of_the_first", "and to be observed is"), ("doubled_returns", "and its returns are")],
)
@in_thread
def test_a_server_that_plays_another_game_is_found_out(tmp_path: Path, fault: str, complaint: str) -> None:
    found = Evening(tmp_path, [f"{PREFIX}kuhn_poker", f"{PREFIX}phantom_ttt"], 1, fault).run()
    assert any(complaint in text for text in found), found

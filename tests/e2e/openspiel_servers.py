"""Servers of OpenSpiel's games that start quickly, and what may be done to them.

As a program this is the nursery in which they are born, with OpenSpiel and all kinds of game loaded:

    python -m tests.e2e.openspiel_servers KIND...
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from gamesvc import Player
from gamesvc.openspiel.position import Position
from tests.e2e.nursery import Nursery
from tests.e2e.processes import CHECKOUT, clean_environment
from tests.e2e.tweaks import TWEAKS


class OpenSpielNursery(Nursery):
    """Servers of OpenSpiel's games.

    Args:
        directory: the current one of the servers.
        kinds: what they serve, in order.
    """

    def __init__(self, directory: Path, kinds: Sequence[str]) -> None:
        self._child = None
        self._process = subprocess.Popen(
            (sys.executable, "-m", "tests.e2e.openspiel_servers", *kinds),
            cwd=directory,
            env={**clean_environment(), "PYTHONPATH": os.pathsep.join([str(CHECKOUT), str(directory)])},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )


def place_of(game: str) -> int:
    """Which kind a game is, by its id."""
    found = re.match(r"\d+", game)
    assert found is not None, game
    return int(found[0])


def kinds_by_id(_: str) -> None:
    """No fault: a new game whose id begins with a number is of the kind that has this place in the server's command. (A
    path by itself creates games of the first.)"""
    from gamesvc.beginnings import Beginnings

    create = Beginnings.create

    def create_of_kind(self: Any, game: str, *arguments: Any) -> None:
        catalog = self._catalog
        # What the server keeps for itself is no game.
        if game[0].isdigit():
            self._catalog = _Chosen(catalog, list(catalog)[place_of(game)])
        try:
            create(self, game, *arguments)
        finally:
            self._catalog = catalog

    setattr(Beginnings, "create", create_of_kind)  # noqa: B010 - mypy: methods are not to be assigned to


def eyes_of_the_first(_: str) -> None:
    """A fault: everybody is shown what the first player sees."""
    from gamesvc.openspiel.rules import Rules

    observation = Rules.observation

    def seen_by_first(self: Rules, position: Position, seat: int) -> str:
        return observation(self, position, 0)

    setattr(Rules, "observation", seen_by_first)  # noqa: B010 - mypy: methods are not to be assigned to


def doubled_returns(_: str) -> None:
    """A fault: players are told other returns than OpenSpiel's."""
    from gamesvc.openspiel.game import OpenSpielGame

    returns = OpenSpielGame._returns

    def doubled(self: OpenSpielGame) -> dict[Player, float]:
        return {player: 2 * got for player, got in returns(self).items()}

    setattr(OpenSpielGame, "_returns", doubled)  # noqa: B010 - mypy: methods are not to be assigned to


class _Chosen:
    """A catalog of which another kind is the first.

    Args:
        catalog: the whole.
        default: that kind.
    """

    def __init__(self, catalog: Any, default: Any) -> None:
        self.find = catalog.find
        self.default = default


def main() -> None:
    """See the module."""
    from gamesvc.catalog import Catalog
    from gamesvc.openspiel import kinds
    from tests.e2e import crashing

    for tweak in (kinds_by_id, eyes_of_the_first, doubled_returns):
        TWEAKS[tweak.__name__] = tweak
    # All of them are played here, so they need not be tried out before, which takes seconds.
    setattr(kinds, "try_out", lambda text: None)  # noqa: B010 - mypy: it is not exported there
    # Once, for all servers.
    Catalog(sys.argv[1:])
    crashing.nursery()


if __name__ == "__main__":
    main()

"""``gamesvc arena``: have bots play against each other, and tell who is stronger."""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import random
import sys
import time
from collections.abc import Sequence
from itertools import islice
from typing import Any

from gamesvc.bots import load
from gamesvc.catalog import Catalog
from gamesvc.cli.arena_table import Tally, as_json, table
from gamesvc.cli.arena_workers import Order, Task, Workers
from gamesvc.cli.progress import Progress
from gamesvc.cli.wording import many, span
from gamesvc.errors import ConfigError
from gamesvc.lineups import lineups
from gamesvc.model import GameModel

GAMES = 100
MAX_MOVES = 10_000
_MOST_GAMES = 1_000_000
_MOST_PROCESSES = 256


def add(commands: Any) -> None:
    """Describe the arguments."""
    parser = commands.add_parser(
        "arena",
        help="have bots play against each other, and rate them",
        description="Play games between bots, without a server, and print how they came out: what each bot won, its"
        " rating with the error that it has in 95 of 100 cases, and how long it thought. Each has each seat equally"
        " often. Games that are not finished are counted apart; a bot that fails loses the game. After Ctrl-C the table"
        " is of the games that were played. docs/bots.md says more.",
    )
    parser.add_argument(
        "game",
        metavar="GAME",
        help="package.module:Class, or the name of an installed game; options as in chess(minutes=5)",
    )
    parser.add_argument(
        "bots",
        metavar="BOT",
        nargs="+",
        help="package.module:Class, or the name of an installed bot: random, search(seconds=0.1)",
    )
    parser.add_argument(
        "--games",
        type=_whole(1, _MOST_GAMES),
        default=GAMES,
        metavar="N",
        help=f"how many are played, or a few more so that the seats are shared fairly (default: {GAMES})",
    )
    parser.add_argument(
        "--seats", type=_whole(2, 1000), metavar="N", help="how many play in a game (default: as few as can)"
    )
    parser.add_argument(
        "--seed", type=_whole(0, 2**63 - 1), default=0, metavar="N", help="all chance depends on it (default: 0)"
    )
    parser.add_argument(
        "--processes",
        type=_whole(1, _MOST_PROCESSES),
        default=_cores(),
        metavar="N",
        help="how many games are played at a time (default: as many as there are cores)",
    )
    parser.add_argument(
        "--max-moves",
        type=_whole(1, 10_000_000),
        default=MAX_MOVES,
        metavar="N",
        help=f"after so many a game is given up (default: {MAX_MOVES})",
    )
    parser.add_argument("--json", action="store_true", help="write JSON instead of a table")
    parser.set_defaults(run=run)


def run(given: argparse.Namespace) -> int:
    """Play, and print what came of it. Returns the exit status."""
    if os.getcwd() not in sys.path:
        sys.path.insert(0, os.getcwd())
    if len(given.bots) < 2:
        raise ConfigError("arena takes two bots or more; to have one play against itself, name it twice")
    # What an author's code prints does not get into what this command prints.
    with contextlib.redirect_stdout(sys.stderr):
        kind = Catalog([given.game]).default
        seats = _seats(kind.model, given.seats)
        for text in given.bots:
            _check(text, kind.model)
    count = -(-given.games // len(given.bots)) * len(given.bots)
    chance = random.Random(f"arena {given.seed}")
    tasks = [
        Task(number, lineup, chance.getrandbits(63))
        for number, lineup in enumerate(islice(lineups(len(given.bots), seats, given.seed), count), 1)
    ]
    tally = Tally(_names(given.bots), seats)
    stopped = _play(Workers(Order(given.game, tuple(given.bots), given.max_moves), given.processes), tasks, tally)
    if given.json:
        print(json.dumps({"game": given.game, "seed": given.seed, "wanted": count, **as_json(tally)}, indent=2))
    else:
        of_all = "" if tally.played == count else f" of {count}"
        print(f"{given.game}: {tally.played}{of_all} {'game' if count == 1 else 'games'}, seed {given.seed}\n")
        for line in table(tally):
            print(line)
    return 130 if stopped else 0


def _play(workers: Workers, tasks: Sequence[Task], tally: Tally) -> bool:
    """Play games, and count what comes of them. Returns whether it was stopped before the end."""
    progress, begun = Progress(), time.monotonic()
    try:
        for task, played in workers.play(tasks):
            tally.add(task, played)
            left = (time.monotonic() - begun) / tally.played * (len(tasks) - tally.played)
            progress.tell(f"{tally.played} of {many(len(tasks), 'game')}, about {span(left)} left")
    except KeyboardInterrupt:
        return True
    finally:
        workers.end()
        progress.clear()
    return False


def _check(text: str, model: type[GameModel]) -> None:
    """See to it that a bot is there, and can play a game."""
    kind = load(text)
    try:
        kind.make().check(model)
    except ConfigError as error:
        raise ConfigError(f"bot {text!r}: {error}") from None
    # An author's bot may fail at that.
    except (Exception, SystemExit) as error:
        raise ConfigError(f"bot {text!r}: check raised {type(error).__name__}: {error}") from error


def _seats(model: type[GameModel], wanted: int | None) -> int:
    """How many play in a game."""
    if model.SEATS is None:
        raise ConfigError(f"{model.__name__} has no seats: arena plays games with seats, as in `seats=2`")
    fewest, most = model.SEATS
    if most < 2:
        raise ConfigError(f"{model.__name__} is played alone: there is nobody to compare a bot with")
    seats = max(2, fewest) if wanted is None else wanted
    if not fewest <= seats <= most:
        count = f"{fewest}" if fewest == most else f"{fewest} to {most}"
        raise ConfigError(f"--seats {seats}: {model.__name__} is for {count} players")
    return seats


def _names(texts: Sequence[str]) -> list[str]:
    """What the bots are called in the table: who comes more than once is numbered."""
    return [
        text if texts.count(text) == 1 else f"{text} #{texts[: place + 1].count(text)}"
        for place, text in enumerate(texts)
    ]


def _cores() -> int:
    """On how many cores this process may run."""
    return min(
        len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1, _MOST_PROCESSES
    )


def _whole(least: int, most: int) -> Any:
    """Reads a whole number."""

    def read(text: str) -> int:
        try:
            number = int(text)
        except ValueError:
            number = least - 1
        if not least <= number <= most:
            raise argparse.ArgumentTypeError(f"{text!r}: write a whole number from {least} to {most}")
        return number

    return read

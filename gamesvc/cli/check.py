"""``gamesvc check``: play a model at random, and look for faults."""

from __future__ import annotations

import argparse
import contextlib
import importlib.util
import os
import sys
from typing import Any

from gamesvc.catalog import Catalog
from gamesvc.cli.interpreter import pip_install
from gamesvc.cli.progress import Progress
from gamesvc.cli.wording import many
from gamesvc.errors import ConfigError
from gamesvc.model import GameModel

SECONDS = 5.0


def add(commands: Any) -> None:
    """Describe the arguments."""
    parser = commands.add_parser(
        "check",
        help="play a model at random, and look for faults",
        description="Play a model at random, without a network, and look for faults: crash, nondeterministic,"
        " unstable-state, derived, dirty-refusal, patch, leak, legal, endless. A fault is written to standard output as"
        " a test for pytest. Exit status: 0 sound as far as was tried, 1 a fault, 2 could not be checked. Needs"
        " gamesvc[check].",
    )
    parser.add_argument("model", metavar="MODEL", help="package.module:Class, or the name of an installed game")
    parser.add_argument(
        "--seconds", type=_seconds, default=SECONDS, metavar="S", help=f"how long to play (default: {SECONDS:g})"
    )
    parser.add_argument("--seed", type=_seed, default=0, metavar="N", help="what is played depends on it (default: 0)")
    parser.set_defaults(run=run)


def run(given: argparse.Namespace) -> int:
    """Check the model. Returns the exit status."""
    if importlib.util.find_spec("hypothesis") is None:
        print(f"gamesvc: check needs Hypothesis: {pip_install('gamesvc[check]')}", file=sys.stderr)
        return 2
    try:
        model = _find(given.model)
    except ConfigError as error:
        print(f"gamesvc: {error}", file=sys.stderr)
        return 2
    # Not where there may be no Hypothesis.
    from gamesvc.testing.fault import hint_of
    from gamesvc.testing.hidden import names_secrets
    from gamesvc.testing.search import Search
    from gamesvc.testing.written import lines

    progress = Progress()
    search = Search(model, seconds=given.seconds, seed=given.seed, tell=progress.tell)
    # What an author's code prints does not get into what this command prints.
    with contextlib.redirect_stdout(sys.stderr):
        found = search.run()
    progress.clear()
    tried = search.tried
    how = (
        f"{many(tried.games, 'game')} played, {tried.ended} of them to the end; {many(tried.commands, 'command')},"
        f" {tried.accepted} accepted and {tried.commands - tried.accepted} refused; at most"
        f" {tried.longest} accepted in one game"
    )
    if tried.compared:
        how += f"; {many(tried.compared, 'step')} compared with games that differ in what somebody may not see"
    if found is None:
        print(f"{model.__name__} is sound, as far as was tried: {how}")
        if tried.commands and tried.accepted * 50 < tried.commands:
            print("Hardly any command was accepted, so this says little: random play does not get far in this game.")
        if names_secrets(model) and not tried.compared:
            print(
                "Nothing was compared with games that differ in what is secret, so this says nothing about its secrets."
            )
        return 0
    for line in lines(model, found, f"gamesvc check {given.model} --seed {given.seed}"):
        print(line)
    hint = hint_of(found.fault)
    print(f"gamesvc: {model.__name__}: {found.fault}", *([hint] if hint else []), f"({how})", sep="\n", file=sys.stderr)
    return 1


def _find(spec: str) -> type[GameModel]:
    if os.getcwd() not in sys.path:
        sys.path.insert(0, os.getcwd())
    try:
        with contextlib.redirect_stdout(sys.stderr):
            return Catalog([spec]).default.model
    except ConfigError:
        # One whose setup fails is for a server no game; here it is a fault, and is told as one.
        module, _, name = spec.partition(":")
        model = getattr(sys.modules.get(module), name, None)
        if isinstance(model, type) and issubclass(model, GameModel) and model.COMMANDS:
            return model
        raise


def _seconds(text: str) -> float:
    seconds = float(text)
    if not 0 < seconds <= 86400:
        raise argparse.ArgumentTypeError("more than 0, and at most a day")
    return seconds


def _seed(text: str) -> int:
    seed = int(text)
    if not 0 <= seed < 2**63:
        raise argparse.ArgumentTypeError("0 or more")
    return seed

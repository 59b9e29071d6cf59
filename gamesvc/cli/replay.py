"""``gamesvc replay``: look into a game, and run it again."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from typing import Any

import msgspec

from gamesvc.cli import as_test, viewed
from gamesvc.cli.as_json import entry_as_json, standing_as_json
from gamesvc.cli.files import new_file
from gamesvc.cli.history_table import header, table
from gamesvc.cli.progress import Progress
from gamesvc.cli.recorded import Recorded, find_kind, model_speaks_aside
from gamesvc.cli.stores import add_journal, opened
from gamesvc.cli.wording import clock, cut, day, many, one_line
from gamesvc.comparison import Change, Comparison
from gamesvc.errors import ConfigError
from gamesvc.journal.records import Entry
from gamesvc.recovery import RecoveryError

MAX_CHANGES = 20
"""How many things that differ in one entry are shown,"""
MAX_SHOWN = 2000
"""and how much of each."""


def add(commands: Any) -> None:
    """Describe the arguments."""
    parser = commands.add_parser(
        "replay",
        help="look into a game, and run it again",
        description="Show what happened in a game: what was asked, what came of it, and when. Run its commands again"
        " with the code of today, or make a test of them. This shows secrets of the game: all of its state and its"
        " private events; the seed of its chance only with --json and --as-test. With --as it shows what one player"
        " could see, and no more.",
    )
    parser.add_argument("game", metavar="GAME", help="the game's id")
    add_journal(parser)
    parser.add_argument(
        "--game",
        action="append",
        dest="game_kinds",
        metavar="KIND",
        help="the kind of game: package.module:Class, or the name of an installed one (may be repeated; environment:"
        " GAMESVC_GAME; default: the installed one of the name that the journal has)",
    )
    parser.add_argument(
        "--at", type=int, metavar="N", help="show the state after line N of the history; with others: only up to N"
    )
    parser.add_argument("--json", action="store_true", help="one JSON object per line for each entry; complete")
    viewer = parser.add_mutually_exclusive_group()
    viewer.add_argument(
        "--as", dest="viewer", metavar="PLAYER", help="show what this player could see, and nothing else"
    )
    viewer.add_argument("--as-spectator", action="store_true", help="show what those could see who watch")
    which = parser.add_mutually_exclusive_group()
    which.add_argument(
        "--check",
        action="store_true",
        help="run all again with the code of today, and show the first entry that goes another way (exit status 1)",
    )
    which.add_argument(
        "--as-test",
        nargs="?",
        const="-",
        metavar="FILE",
        help="write a test that plays the game again, for pytest (default: to standard output)",
    )
    parser.set_defaults(run=run)


def run(given: argparse.Namespace) -> int | None:
    """Look into the game. Returns the exit status."""
    if given.json and (given.check or given.as_test):
        raise ConfigError("--json goes with the history and with --at alone")
    has_viewer = given.viewer is not None or given.as_spectator
    if has_viewer and (given.check or given.as_test):
        raise ConfigError("--as and --as-spectator go with the history and with --at alone")
    with opened(given) as store:
        recorded = Recorded(store, given.game)
        if given.at is not None and not has_viewer:
            recorded.require(given.at)
        upto = recorded.last if given.at is None else given.at
        try:
            if has_viewer:
                _as_viewer(given, recorded)
            elif given.check:
                return _check(given, recorded, upto)
            elif given.as_test:
                _as_test(given, recorded, upto)
            elif given.at is not None:
                _at(given, recorded, upto)
            elif given.json:
                for entry in recorded.entries():
                    print(entry_as_json(entry).decode())
            else:
                for line in (*header(recorded), ""):
                    print(line)
                for line in table(recorded, None):
                    print(line)
        except RecoveryError as error:
            raise ConfigError(f"game {recorded.game}: {error}; see `gamesvc journal verify`") from error
    return None


def _as_viewer(given: argparse.Namespace, recorded: Recorded) -> None:
    kind = recorded.opening.game_kind
    with model_speaks_aside():
        model = find_kind(given, kind).model
    seen = viewed.Viewed(recorded, model, given.viewer)
    if given.at is not None:
        shown = viewed.view_as_json(recorded.game, kind, given.viewer, seen.at(given.at))
        print((shown if given.json else msgspec.json.format(shown)).decode())
    elif given.json:
        for moment in seen.moments():
            print(viewed.moment_as_json(moment).decode())
    else:
        whom = "those who watch" if given.viewer is None else given.viewer
        print(one_line(f"{recorded.game}: {kind}, what {whom} could see"))
        print()
        for line in viewed.table(seen):
            print(line)


def _at(given: argparse.Namespace, recorded: Recorded, number: int) -> None:
    then = recorded.at(number)
    secret = own = None
    try:
        with model_speaks_aside():
            model = find_kind(given, recorded.opening.game_kind).model
        secret = [field.name for field in model.FIELDS if field.secret]
        own = [field.name for field in model.FIELDS if field.own]
    except ConfigError as error:
        print(f"gamesvc: which fields are secret is not known: {error}", file=sys.stderr)
    shown = standing_as_json(recorded.game, recorded.opening.game_kind, then, secret, own)
    print((shown if given.json else msgspec.json.format(shown)).decode())


def _as_test(given: argparse.Namespace, recorded: Recorded, number: int) -> None:
    recorded.require_whole(number)
    with model_speaks_aside():
        kind = find_kind(given, recorded.opening.game_kind)
    written = as_test.lines(recorded.game, kind, recorded.opening, recorded.entries(number), recorded.at(number))
    if given.as_test == "-":
        for line in written:
            print(line)
        return
    with new_file(given.as_test) as file:
        for line in written:
            file.write(line.encode() + b"\n")
    print(f"{given.as_test}: a test of {many(number, 'entry', 'entries')}. It has the game's secrets.")


def _check(given: argparse.Namespace, recorded: Recorded, number: int) -> int:
    recorded.require_whole(number)
    opening = recorded.opening
    with model_speaks_aside():
        model = find_kind(given, opening.game_kind).model
    since = recorded.since_version(model.VERSION) or number + 1
    if opening.version != model.VERSION:
        which = f"fields are compared from entry {since} on" if since <= number else "fields are not compared"
        print(
            f"the game began with version {opening.version} of {model.__name__}, and this is version {model.VERSION}:"
            f" that it goes another way may be as it should be; {which}"
        )
    comparison, progress = Comparison(model, opening.seed), Progress()
    differs = False
    for entry in recorded.entries(number):
        progress.tell(f"{entry.number} of {number} entries")
        with model_speaks_aside():
            changes = comparison.skip(entry) if differs and entry.number <= since else comparison.take(entry)
        if entry.number == since:
            progress.clear()
            _say_what_is_not_compared(*comparison.uncompared())
        if changes:
            progress.clear()
            for line in _difference(recorded.game, entry, changes):
                print(line)
            # What an older version did is one thing; from where it was brought to today's, it is run again.
            if entry.number >= since or since > number:
                return 1
            differs = True
    progress.clear()
    if differs:
        print(f"{recorded.game}: entries {since} to {number} run again, and from there on all goes as it went")
        return 1
    print(f"{recorded.game}: {many(number, 'entry', 'entries')} run again, and all goes as it went")
    return 0


def _say_what_is_not_compared(new: list[str], gone: list[str]) -> None:
    names = [f"{name} (new)" for name in new] + [one_line(f"{name} (gone)") for name in gone]
    if names:
        print(f"not compared, because only one of the two has them: {', '.join(names)}")


def _difference(game: str, entry: Entry, changes: list[Change]) -> Iterator[str]:
    said = [entry.player] if entry.player else []
    if entry.kind in ("command", "timer"):
        said.append(f"{entry.name} {entry.arguments.decode(errors='replace')}")
    asked = f": {', '.join(said)}" if said else ""
    when = f"{day(entry.time)} {clock(entry.time)} UTC"
    yield cut(one_line(f"{game}: entry {entry.number} goes another way today ({entry.kind}, {when}){asked}"), MAX_SHOWN)
    for change in changes[:MAX_CHANGES]:
        yield f"  {one_line(change.what)}"
        yield f"    then   {cut(one_line(change.then), MAX_SHOWN)}"
        yield f"    today  {cut(one_line(change.today), MAX_SHOWN)}"
    if len(changes) > MAX_CHANGES:
        yield f"  and {len(changes) - MAX_CHANGES} more"

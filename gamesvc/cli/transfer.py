"""``gamesvc journal export`` and ``import``: a game in a file of its own."""

from __future__ import annotations

import argparse
import sys
import time
from typing import IO

from gamesvc import __version__
from gamesvc.auth import is_game_id
from gamesvc.cli.files import new_file
from gamesvc.cli.renewal import renewal
from gamesvc.cli.stores import find, opened
from gamesvc.cli.wording import many, one_line, size
from gamesvc.errors import ConfigError, JournalError
from gamesvc.journal.archive import About, Archive, read, write
from gamesvc.journal.store import Store
from gamesvc.soundness import Examination

_ATTEMPTS = 5

# Export.


def add_export(parser: argparse.ArgumentParser) -> None:
    """Describe the arguments."""
    parser.add_argument("game", metavar="GAME", help="the game's id")
    parser.add_argument("file", nargs="?", metavar="FILE", help="a new file (default: to standard output)")
    parser.description = (
        "Write a game to a file, its secrets and its seed included: who has the file can read all that is hidden in"
        " the game, and foresee its chance."
    )


def run_export(given: argparse.Namespace) -> None:
    """Write the file."""
    if given.file is None and sys.stdout.isatty():
        raise ConfigError("a game is no text for a terminal: name a file, or redirect standard output")
    with opened(given) as store:
        if given.file is None:
            _export(store, given.game, sys.stdout.buffer)
            return
        # Before the file is made, so that it is not made for nothing.
        find(store, given.game)
        with new_file(given.file) as file:
            written = _export(store, given.game, file)
    print(f"{given.file}: {size(written)}. It holds the game's secrets.")


def _export(store: Store, game: str, file: IO[bytes]) -> int:
    for _ in range(_ATTEMPTS):
        stored = find(store, game)
        after = 0 if stored.snapshot is None else stored.snapshot.kept_after
        # The snapshot was read before the entries: if they have become more meanwhile, those still go with it.
        entries = list(store.entries(game, after))
        # Unless another snapshot has taken the place of some of them.
        if store.load(game).snapshot == stored.snapshot:
            break
    last = max(entries[-1].number if entries else 0, stored.snapshot.number if stored.snapshot is not None else 0)
    if last < stored.last:
        raise JournalError(
            f"game {game}: entries are missing, or it was deleted just now; see `gamesvc journal verify`"
        )
    return write(file, About(game, time.time(), __version__), stored.snapshot, entries)


# Import.


def add_import(parser: argparse.ArgumentParser) -> None:
    """Describe the arguments."""
    parser.add_argument("file", metavar="FILE", help="what `gamesvc journal export` wrote")
    parser.add_argument("--as", dest="game", metavar="GAME", help="its id from now on (default: as it was)")
    parser.description = (
        "Take a game from a file. It goes on with a new epoch and a new seed of its chance: clients that knew it get"
        " its state anew, and who knows the file, or the game where it came from, can't foresee what comes now."
    )


def run_import(given: argparse.Namespace) -> None:
    """Take the game in."""
    archive = _read(given.file)
    game = archive.about.game if given.game is None else given.game
    if not is_game_id(game):
        raise ConfigError(f"{one_line(game)!r} is no game id: write 1 to 64 letters, digits, '_' or '-', with --as")
    examination = Examination(archive.snapshot, archive.entries)
    end = examination.end
    if end is None:
        raise JournalError(f"{given.file} does not fit together: {one_line(examination.faults[0])}")
    # The original may go on and count other events, and who knows that one must not take this for it.
    last = archive.entries[-1].number if archive.entries else 0
    by_snapshots = archive.snapshot is not None and archive.snapshot.number > last
    how = renewal(end, archive.snapshot if by_snapshots else None)
    snapshot = archive.snapshot if how.snapshot is None else how.snapshot
    entries = archive.entries if how.entry is None else [*archive.entries, how.entry]
    with opened(given, write=True, make=True) as store:
        try:
            store.begin()
            store.restore(game, snapshot, iter(entries), how.wake_at)
            store.commit()
        except BaseException:
            store.rollback()
            raise
    print(f"{game}: {many(len(archive.entries), 'entry', 'entries')}")


def _read(path: str) -> Archive:
    try:
        with open(path, "rb") as file:
            return read(file.read(), path)
    except OSError as error:
        raise ConfigError(f"{path}: {error.strerror}") from None

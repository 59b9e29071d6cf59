"""``gamesvc journal renew`` and ``backup``: games that begin another future.

Who goes back to a copy goes back in time. Clients may have seen what came after it: they must not take what comes now
for that, so the games get another epoch; and they must not foresee the dice, so the games get another seed.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import secrets
import sys
from base64 import urlsafe_b64encode
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

import apsw
import msgspec

from gamesvc.cli.progress import Progress, meanwhile
from gamesvc.cli.stores import find, opened
from gamesvc.cli.wording import many, one_line, size
from gamesvc.errors import ConfigError, JournalError, Unavailable
from gamesvc.journal.records import Entry, Opening, Snapshot
from gamesvc.journal.sqlite import SqliteStore
from gamesvc.journal.sqlite_file import judged, sync
from gamesvc.journal.store import Append, Store
from gamesvc.recovery import RecoveryError, Replayed

RENEWED_AT_ONCE = 100
"""How many games to renew in one transaction: a server that writes has to wait so long."""

_ATTEMPTS = 5


class Renewal(NamedTuple):
    """How a game is renewed: by one of the two.

    Attributes:
        entry: to be added to its entries.
        snapshot: to be put in the place of its last one.
        last: number of its last entry before.
        wake_at: when it wants to be woken, in seconds since the epoch; None for never.
    """

    entry: Entry | None
    snapshot: Snapshot | None
    last: int
    wake_at: float | None


def renewal(then: Replayed, snapshot: Snapshot | None) -> Renewal:
    """How to renew a game.

    Args:
        then: how it stands.
        snapshot: the last one, if it is kept by snapshots: if its entries end before that.

    Raises:
        RecoveryError: its first entry is missing.
    """
    if then.opening is None:
        raise RecoveryError("the first entry is missing")
    wake_at = min((timer.due for timer in then.timers), default=None)
    opening = _another(then.opening)
    if snapshot is not None:
        return Renewal(None, msgspec.structs.replace(snapshot, opening=opening), then.number, wake_at)
    entry = Entry(
        then.number + 1,
        "renewed",
        then.time,
        finished=then.finished,
        opening=opening,
        last_timer=then.last_timer,
        outcome=then.outcome,
        started=then.started,
    )
    return Renewal(entry, None, then.number, wake_at)


def _another(opening: Opening) -> Opening:
    epoch = urlsafe_b64encode(secrets.token_bytes(9)).decode("ascii")
    return msgspec.structs.replace(opening, epoch=epoch, seed=secrets.token_bytes(32))


# Renew.


def add_renew(parser: argparse.ArgumentParser) -> None:
    """Describe the arguments."""
    parser.add_argument("games", nargs="*", metavar="GAME", help="these games")
    parser.add_argument("--all", action="store_true", help="all games")
    parser.description = (
        "Have games go on with a new epoch and a new seed of their chance, after the journal was restored from a copy:"
        " clients that know what came after the copy get their state anew, and can't foresee what comes now. What"
        " `gamesvc journal backup` wrote needs none of it. Best done before the server is started: games that are awake"
        " in one are cut off (4002) at the next thing that happens in them, lose nothing, and are loaded anew."
    )


def run_renew(given: argparse.Namespace) -> int:
    """Renew them. Returns the exit status."""
    if bool(given.games) == given.all:
        raise ConfigError("name games, or say --all")
    with opened(given, write=True) as store:
        for game in given.games:
            find(store, game)
        games = list(dict.fromkeys(given.games)) if given.games else _all(store)
        progress = Progress()
        faults = renew(store, games, lambda done: progress.tell(f"{done} of {len(games)} games"))
        progress.clear()
    print(f"{many(len(games) - len(faults), 'game')} renewed")
    return _tell(faults)


def renew(store: Store, games: Sequence[str], tell: Callable[[int], None]) -> list[str]:
    """Renew games, some in each transaction.

    Args:
        store: the journal.
        games: their ids.
        tell: is told how many are done.

    Returns:
        Those that were not, and why, for people.

    Raises:
        JournalError: the journal failed; says how many had been renewed before.
    """
    faults: list[str] = []
    done = 0
    for start in range(0, len(games), RENEWED_AT_ONCE):
        left: Sequence[str] = games[start : start + RENEWED_AT_ONCE]
        for _ in range(_ATTEMPTS):
            # Read before the transaction: a server waits for that, and a fault while reading ends it.
            found = {game: how for game in left if (how := _how(store, game, faults)) is not None}
            try:
                left = _renew_some(store, found)
            except JournalError as error:
                before = f" ({many(done, 'game')} renewed before that)" if done else ""
                raise type(error)(f"{error}{before}") from error
            done += len(found) - len(left)
            if not left:
                break
        faults += (f"game {game}: somebody else writes to it all the time; try again" for game in left)
        tell(done)
    return faults


def _how(store: Store, game: str, faults: list[str]) -> Renewal | None:
    """How to renew a game; None where it can't be, or was deleted just now."""
    try:
        stored = store.load(game)
        if stored.deleted or not stored.last:
            return None
        then = Replayed(stored.snapshot)
        for entry in stored.entries:
            then.take(entry)
        if then.number != stored.last:
            raise RecoveryError(f"entries after {then.number} are missing")
        snapshot = stored.snapshot
        by_snapshot = (
            snapshot is not None and snapshot.number == then.number and not store.history(game, then.number + 1, 1, 1)
        )
        return renewal(then, snapshot if by_snapshot else None)
    except Unavailable:
        raise
    # UnicodeDecodeError and msgspec's own are ValueErrors.
    except (JournalError, RecoveryError, ValueError, RecursionError) as error:
        faults.append(f"game {game} can't be loaded, so it is not renewed: {error}; see `gamesvc journal verify`")
        return None


def _renew_some(store: Store, found: dict[str, Renewal]) -> list[str]:
    """Renew games in a transaction. Returns those in which something has happened since they were read."""
    try:
        store.begin()
        terms = {game: store.claim(game) for game in found}
        appends = [
            Append(game, terms[game], how.last, [how.entry], how.wake_at)
            for game, how in found.items()
            if how.entry is not None
        ]
        missed = [each.game for each, added in zip(appends, store.append(appends), strict=True) if not added]
        for game, how in found.items():
            if how.snapshot is None:
                continue
            there = store.position(game) == (terms[game], how.last)
            if not there or not store.save(game, terms[game], how.snapshot, how.wake_at):
                missed.append(game)
        store.commit()
    except BaseException:
        store.rollback()
        raise
    return missed


def _all(store: Store) -> list[str]:
    return [row.game for row in store.games() if not row.deleted]


def _tell(faults: list[str]) -> int:
    for fault in faults:
        print(f"gamesvc: {one_line(fault)}", file=sys.stderr)
    return 1 if faults else 0


# Backup.


def add_backup(parser: argparse.ArgumentParser) -> None:
    """Describe the arguments."""
    parser.add_argument("file", metavar="FILE", help="a new file; it will be a journal itself. It holds secrets")
    parser.description = (
        "Copy the whole journal to a file, as it is at one moment. In the copy, each game has a new epoch and a new"
        " seed of its chance already: put in the place of the journal, it needs nothing more, and clients that know"
        " what came after it get their state anew."
    )


def run_backup(given: argparse.Namespace) -> int:
    """Make the copy. Returns the exit status."""
    path = given.file
    if os.path.lexists(path):
        raise ConfigError(f"{path}: is there already, and is not overwritten")
    with _part(path) as part:

        def copied() -> str:
            return f"{size(os.stat(part).st_size)} copied" if os.path.exists(part) else "copying"

        with opened(given) as store, meanwhile(copied):
            store.back_up(part)
        faults = _renew_copy(part)
    print(f"{path}: {size(os.stat(path).st_size)}. It holds secrets: keep it as you keep the journal.")
    return _tell(faults)


def _renew_copy(path: str) -> list[str]:
    copy = SqliteStore(path)
    try:
        games = _all(copy)
        progress = Progress()
        faults = renew(copy, games, lambda done: progress.tell(f"{done} of {len(games)} games renewed"))
        progress.clear()
    finally:
        copy.close()
    _end_log(path)
    return faults


def _end_log(path: str) -> None:
    """Make a journal's file all that there is of it, so that it can be moved, and be read where nothing can be written.
    A server that opens it starts a log."""
    try:
        with contextlib.closing(apsw.Connection(path)) as connection:
            if connection.pragma("journal_mode", "delete") != "delete":
                raise JournalError(f"{path}: its log can't be brought to the file")
    except apsw.Error as error:
        raise judged(error, path) from error


@contextlib.contextmanager
def _part(path: str) -> Iterator[str]:
    """A journal's file beside another that takes its name when it is done. So nobody takes for a whole copy what is
    half of one, or not renewed."""
    part = f"{path}-part-{secrets.token_hex(4)}"
    try:
        yield part
        _take_name(part, path)
        sync(os.path.dirname(path) or ".")
    except OSError as error:
        raise ConfigError(f"{path}: {error.strerror}") from error
    finally:
        for each in (part, f"{part}-wal", f"{part}-shm"):
            with contextlib.suppress(FileNotFoundError):
                os.unlink(each)


def _take_name(part: str, path: str) -> None:
    try:
        # Unlike to rename it, this overwrites nothing.
        os.link(part, path)
    except FileExistsError:
        raise
    except OSError:
        # This file system has no links.
        os.rename(part, path)

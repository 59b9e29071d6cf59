"""``gamesvc journal``: the games that are kept. All of it works while a server runs."""

from __future__ import annotations

import argparse
from typing import Any

import msgspec

from gamesvc.auth import is_game_id
from gamesvc.cli import renewal, transfer
from gamesvc.cli.progress import Progress, meanwhile
from gamesvc.cli.stores import add_journal, find, opened
from gamesvc.cli.wording import columns, instant, many, one_line, parse_age, size, span
from gamesvc.errors import ConfigError, JournalError, Unavailable
from gamesvc.journal.records import Snapshot
from gamesvc.journal.store import GameRow, Store
from gamesvc.soundness import Examination

DELETED_AT_ONCE = 100
"""How many games to delete in one transaction: a server that writes has to wait so long."""

_ATTEMPTS = 5


def add(commands: Any) -> None:
    """Describe the arguments."""
    parser = commands.add_parser(
        "journal",
        help="list, verify, copy, renew and delete games that are kept",
        description="The games that are kept. All of this may be done while a server runs.",
    )
    parts = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    listing = _part(parts, "list", "tell which games there are", _list)
    listing.add_argument("--json", action="store_true", help="one JSON object per line for each game")
    verifying = _part(parts, "verify", "look for damage: in the database, and in each game", _verify)
    verifying.add_argument("games", nargs="*", metavar="GAME", help="only these games")
    transfer.add_export(_part(parts, "export", "write a game to a file", transfer.run_export))
    transfer.add_import(_part(parts, "import", "take a game from a file", transfer.run_import))
    _add_delete(_part(parts, "delete", "delete games; ids that clients can name are not used again", _delete))
    copying = "copy the whole journal to a file, as it is at one moment"
    renewal.add_backup(_part(parts, "backup", copying, renewal.run_backup))
    renewing = "have games go on with a new epoch and seed, after a copy was restored"
    renewal.add_renew(_part(parts, "renew", renewing, renewal.run_renew))


def _part(parts: Any, name: str, help: str, run: Any) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = parts.add_parser(name, help=help, description=f"{help[0].upper()}{help[1:]}.")
    add_journal(parser)
    parser.set_defaults(run=run)
    return parser


# List.


def _list(given: argparse.Namespace) -> None:
    with opened(given) as store:
        now, rows = store.now(), sorted(store.games(), key=lambda row: row.game)
    if given.json:
        for row in rows:
            print(msgspec.json.encode(row._asdict()).decode())
        return
    head: tuple[str, ...] = ("game", "kind", "entries", "size", "created", "changed", "")
    for line in columns([head, *(_listed(row, now) for row in rows)], right=(2, 3)) if rows else ():
        print(line)
    kept = [row for row in rows if not row.deleted]
    entries, taken = sum(row.last for row in kept), sum(row.size for row in kept)
    print(
        f"{many(len(kept), 'game')}, {sum(row.finished for row in kept)} of them finished,"
        f" {many(entries, 'entry', 'entries')}, {size(taken)}; {len(rows) - len(kept)} deleted"
    )


def _listed(row: GameRow, now: float) -> tuple[str, ...]:
    changed = f"{span(now - row.changed)} ago"
    if row.deleted:
        return (one_line(row.game), "", "", "", "", changed, "deleted")
    how = "finished" if row.finished else ""
    if row.wake_at is not None:
        # Whether it sleeps, and will be woken for it, only its server knows.
        how = f"timer in {span(row.wake_at - now)}" if row.wake_at > now else "timer due"
    created = f"{span(now - row.created)} ago"
    return (one_line(row.game), one_line(row.kind), str(row.last), size(row.size), created, changed, how)


# Verify.


def _verify(given: argparse.Namespace) -> int:
    progress = Progress()
    games = entries = 0
    faults: list[str] = []
    with opened(given) as store:
        with meanwhile(lambda: "looking at the database itself"):
            faults += store.check()
        rows = _wanted(store, given.games, faults)
        for row in rows:
            progress.tell(f"{games} of {len(rows)} games, {len(faults)} faults")
            examined, found = _examine(store, row)
            faults += (f"game {row.game}: {fault}" for fault in found)
            games += 1
            entries += examined
    progress.clear()
    for fault in faults:
        print(one_line(fault))
    total = f"{many(games, 'game')}, {many(entries, 'entry', 'entries')}"
    print(f"{total}: {many(len(faults), 'fault') if faults else 'sound'}")
    return 1 if faults else 0


def _wanted(store: Store, games: list[str], faults: list[str]) -> list[GameRow]:
    """Those that were named, or all; as far as they can be read, else that is a fault."""
    try:
        for game in games:
            find(store, game)
        return [row for row in store.games() if not row.deleted and (not games or row.game in games)]
    except JournalError:
        # Of a damaged database, all that was found is told.
        if not faults:
            raise
        return []


def _examine(store: Store, row: GameRow) -> tuple[int, list[str]]:
    """How many entries a game has, and what is wrong with it."""
    for _ in range(_ATTEMPTS):
        entries, snapshot, faults = _looked_at(store, row)
        # A snapshot that was made meanwhile may have taken the place of entries that were about to be read.
        if not faults or _snapshot(store, row.game) == snapshot:
            break
    return entries, faults


def _snapshot(store: Store, game: str) -> Snapshot | None:
    """The last one, if it can be read."""
    try:
        return store.load(game).snapshot
    except Unavailable:
        raise
    except (JournalError, msgspec.MsgspecError, RecursionError):
        return None


def _looked_at(store: Store, row: GameRow) -> tuple[int, Snapshot | None, list[str]]:
    """How many entries a game has, its snapshot, and what is wrong with it."""
    snapshot, faults = None, []
    try:
        stored = store.load(row.game)
        if stored.deleted or not stored.last:
            # That was done just now.
            return 0, None, []
        snapshot = stored.snapshot
    except Unavailable:
        raise
    except (JournalError, msgspec.MsgspecError, RecursionError) as error:
        faults.append(f"it can't be loaded: {error}")
    examination = Examination(snapshot, store.entries(row.game))
    faults += examination.faults
    if not faults:
        faults += _against_row(examination, row)
    return examination.entries, snapshot, faults


def _against_row(examination: Examination, row: GameRow) -> list[str]:
    """What the table of games has otherwise than the game itself."""
    end = examination.end
    if examination.last < row.last:
        return [f"it had {row.last} entries, and those after {examination.last} are missing"]
    # What came since the row was read is not in it.
    if end is None or end.opening is None or examination.last > row.last:
        return []
    wake_at = min((timer.due for timer in end.timers), default=None)
    if end.bots:
        # A game in which bots play is woken for them, too; when, does not follow from its entries.
        wake_at = row.wake_at
    pairs = (
        ("kind", row.kind, end.opening.game_kind),
        ("end", row.finished, end.finished),
        ("time to be woken", row.wake_at, wake_at),
    )
    return [f"the table of games has another {what} than its entries" for what, told, kept in pairs if told != kept]


# Delete.


def _add_delete(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("games", nargs="*", metavar="GAME", help="games that are finished")
    parser.add_argument(
        "--finished-older-than",
        metavar="AGE",
        help="all that are finished and in which nothing has happened for so long: 30d, 12h",
    )
    parser.add_argument("--force", action="store_true", help="the games named may go on; who is in them is cut off")
    parser.add_argument("--dry-run", action="store_true", help="delete nothing, only tell what would be")


def _delete(given: argparse.Namespace) -> None:
    if bool(given.games) == bool(given.finished_older_than):
        raise ConfigError("name games, or say --finished-older-than AGE")
    if given.force and not given.games:
        raise ConfigError("--force is for games that are named")
    age = parse_age(given.finished_older_than) if given.finished_older_than else None
    with opened(given, write=not given.dry_run) as store:
        rows = _named(store, given) if age is None else _old(store, store.now() - age)
        freed = size(sum(row.size for row in rows))
        if given.dry_run:
            for row in rows:
                print(f"{one_line(row.game)}: {instant(row.changed)}, {size(row.size)}")
            print(f"{many(len(rows), 'game')} would be deleted, {freed}")
            return
        for start in range(0, len(rows), DELETED_AT_ONCE):
            _delete_some(store, rows[start : start + DELETED_AT_ONCE], start)
        print(f"{many(len(rows), 'game')} deleted, {freed}")


def _named(store: Store, given: argparse.Namespace) -> list[GameRow]:
    wanted = list(dict.fromkeys(given.games))
    rows = {row.game: row for row in store.games() if row.game in wanted and not (row.deleted and is_game_id(row.game))}
    for game in wanted:
        # One that is damaged can be deleted, too.
        if game not in rows:
            find(store, game)
            raise JournalError(f"game {one_line(game)} came just now; try again")
    going_on = [game for game in wanted if not rows[game].finished]
    if going_on and not given.force:
        raise JournalError(f"not finished: {', '.join(going_on)}; with --force they are deleted all the same")
    return [rows[game] for game in wanted]


def _old(store: Store, before: float) -> list[GameRow]:
    return [row for row in store.games() if row.finished and not row.deleted and row.changed <= before]


def _delete_some(store: Store, rows: list[GameRow], done: int) -> None:
    try:
        store.begin()
        for row in rows:
            store.delete(row.game)
            if not is_game_id(row.game):
                # One of gamesvc's own, which nobody has an old token for: it may begin anew.
                store.restore(row.game, None, iter(()), None)
        store.commit()
    except JournalError as error:
        store.rollback()
        raise type(error)(f"{error} ({many(done, 'game')} deleted before that)" if done else str(error)) from error

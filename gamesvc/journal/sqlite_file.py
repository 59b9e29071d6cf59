"""A SQLite file: how it is opened, made and upgraded, what its errors mean, and which server has it."""

from __future__ import annotations

import contextlib
import fcntl
import os
from pathlib import Path

import apsw

from gamesvc.errors import JournalError, Unavailable
from gamesvc.journal.schema import pending
from gamesvc.journal.store import OutcomeUnknown, SyncFailed

APPLICATION_ID = 0x67616D65
"""What the head of our files has, by which they are told from those of other programs."""

BUSY_MILLISECONDS = 1000
"""How long to wait for others that have the file locked: a command line, a backup."""

CACHE_KIB = 16 * 1024

_SYNC = {apsw.SQLITE_IOERR_FSYNC, apsw.SQLITE_IOERR_DIR_FSYNC}
_DAMAGED = {apsw.SQLITE_CORRUPT, apsw.SQLITE_NOTADB}

# A statement that these are said of is at fault itself.
_REFUSED = {apsw.SQLITE_ERROR, apsw.SQLITE_TOOBIG, apsw.SQLITE_CONSTRAINT, apsw.SQLITE_MISMATCH, apsw.SQLITE_RANGE}

# With these, COMMIT ends before the mark that makes a transaction one is written. Not SQLITE_NOMEM, nor any error with
# the shared memory: that comes after it.
_NOT_COMMITTED = {
    apsw.SQLITE_BUSY,
    apsw.SQLITE_CANTOPEN,
    apsw.SQLITE_FULL,
    apsw.SQLITE_LOCKED,
    apsw.SQLITE_PERM,
    apsw.SQLITE_READONLY,
    apsw.SQLITE_IOERR_WRITE,
}


class InUse(JournalError):
    """Another server has the file."""


def judged(error: apsw.Error, path: str, committing: bool = False) -> JournalError:
    """What an error of SQLite means to a journal.

    Args:
        error: as apsw raised it.
        path: of the file, for the message.
        committing: whether it was COMMIT that raised it.
    """
    # apsw's own errors, of its wrong use, have neither.
    primary: int = getattr(error, "result", apsw.SQLITE_ERROR)
    extended: int = getattr(error, "extendedresult", primary)
    text = f"{path}: {error}"
    if extended in _SYNC:
        return SyncFailed(text)
    if committing and primary not in _NOT_COMMITTED and extended not in _NOT_COMMITTED:
        return OutcomeUnknown(text)
    if primary in _DAMAGED:
        return JournalError(f"{text}; this is no journal, or a damaged one: restore a backup")
    return JournalError(text) if primary in _REFUSED else Unavailable(text)


def open_file(path: str, read_only: bool, vfs: str | None = None, exclusive: bool = False) -> apsw.Connection:
    """Open a journal's file. Where it is not there it is made, and an older one is brought up to date.

    Args:
        path: of the file.
        read_only: whether to open it for reading. Then it has to be there, and to be up to date.
        vfs: the name of SQLite's way to the disk; None for the usual one.
        exclusive: whether nobody else is to open it, for a `vfs` without shared memory.

    Raises:
        JournalError: it can't be opened, made or upgraded, is no journal, or is a newer one.
    """
    if vfs is None and not read_only:
        _make(path)
    flags = apsw.SQLITE_OPEN_READONLY if read_only else apsw.SQLITE_OPEN_READWRITE | apsw.SQLITE_OPEN_CREATE
    try:
        connection = apsw.Connection(path, flags, vfs)
    except apsw.Error as error:
        raise judged(error, path) from error
    try:
        connection.set_busy_timeout(BUSY_MILLISECONDS)
        # We checkpoint when and how we want to (see `SqliteStore`), and after a failed sync never.
        connection.config(apsw.SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1)
        if exclusive:
            connection.pragma("locking_mode", "exclusive")
        connection.pragma("cache_size", -CACHE_KIB)
        # Else every statement that writes several rows keeps a file of what was there before.
        connection.pragma("temp_store", "memory")
        if read_only:
            _require_current(connection, path)
        else:
            _set_up(connection, path)
    except BaseException as error:
        with contextlib.suppress(apsw.Error):
            connection.close(True)
        if isinstance(error, apsw.Error):
            raise judged(error, path) from error
        raise
    return connection


def make_private(path: str) -> None:
    """Make an empty file that only its owner may read, since there are secrets in a journal.

    Raises:
        FileExistsError: it is there already. It was not touched: to open and close a file that SQLite has open would
            drop its locks.
        OSError: the system said no.
    """
    os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC, 0o600))
    sync(os.path.dirname(path) or ".")


def sync(path: str) -> None:
    """Make a file or a directory durable. Not for a file that SQLite has open.

    Raises:
        OSError: the system said no.
    """
    number = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(number)
    finally:
        os.close(number)


def lock_for_server(path: str) -> ServerLock:
    """Say that a server has a journal's file. Command lines that look into it need not ask.

    Args:
        path: of the journal's file.

    Returns:
        What holds the lock, until it is released or the process ends.

    Raises:
        InUse: another server has it.
        JournalError: the system said no.
    """
    # By whatever name it was called: a link must not lead around the lock.
    lock_path = f"{os.path.realpath(path)}-lock"
    try:
        number = os.open(lock_path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise JournalError(f"{lock_path}: {error.strerror}") from error
    try:
        fcntl.flock(number, fcntl.LOCK_EX | fcntl.LOCK_NB)
        os.ftruncate(number, 0)
        os.pwrite(number, b"%d\n" % os.getpid(), 0)
    except OSError as error:
        owner = os.pread(number, 20, 0).decode(errors="replace").strip()
        os.close(number)
        if isinstance(error, BlockingIOError):
            raise InUse(f"{path}: another server (pid {owner or 'unknown'}) uses it") from error
        raise JournalError(f"{lock_path}: {error.strerror}") from error
    return ServerLock(number)


class ServerLock:
    """A journal's file is ours. The lock's own file stays: who finds it unlocked may take it."""

    def __init__(self, number: int) -> None:
        self._number: int | None = number

    def release(self) -> None:
        """Let another server have it."""
        if self._number is not None:
            os.close(self._number)
            self._number = None


def _make(path: str) -> None:
    try:
        make_private(path)
    except FileExistsError:
        pass
    except OSError as error:
        raise JournalError(f"{path}: {error.strerror}") from error


def _set_up(connection: apsw.Connection, path: str) -> None:
    # Before anything is changed in what may be another's.
    upgrades = pending("sqlite", _version(connection, path), path)
    if connection.pragma("journal_mode", "wal") != "wal":
        raise JournalError(f"{path}: this file system does not let SQLite keep a write-ahead log; use a local disk")
    connection.pragma("synchronous", "full")
    # On macOS a plain fsync leaves the data in the disk's cache.
    connection.pragma("fullfsync", True)
    connection.pragma("checkpoint_fullfsync", True)
    connection.wal_autocheckpoint(0)
    for number, _name, sql in upgrades:
        connection.execute("BEGIN IMMEDIATE")
        try:
            # Another may have been faster.
            if _version(connection, path) < number:
                connection.execute(sql)
                connection.pragma("user_version", number)
                connection.pragma("application_id", APPLICATION_ID)
            connection.execute("COMMIT")
        except BaseException:
            with contextlib.suppress(apsw.Error):
                connection.execute("ROLLBACK")
            raise


def _require_current(connection: apsw.Connection, path: str) -> None:
    if not Path(path).exists() or pending("sqlite", _version(connection, path), path):
        raise JournalError(f"{path} is not up to date: a server brings it there when it starts")


def _version(connection: apsw.Connection, path: str) -> int:
    version = int(connection.pragma("user_version"))
    is_ours = connection.pragma("application_id") == APPLICATION_ID
    is_empty = not version and not connection.execute("SELECT count(*) FROM sqlite_schema").get
    if not is_ours and not is_empty:
        raise JournalError(f"{path} is the database of another program")
    return version

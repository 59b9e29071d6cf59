"""Transactions with PostgreSQL, and what became of them: the connection may be lost at any time, and is made again."""

from __future__ import annotations

import contextlib
from typing import Any, LiteralString

from gamesvc.errors import JournalError, Unavailable
from gamesvc.journal.postgres_connection import Connection, Server, psycopg
from gamesvc.journal.store import OutcomeUnknown

# The level at which a statement judges a row again after it had to wait for it.
_BEGIN: LiteralString = "BEGIN ISOLATION LEVEL READ COMMITTED, READ "


class PostgresSession:
    """A connection for as long as it lasts, then another.

    Args:
        server: where to connect to.
        read_only: whether nothing is to be changed.
    """

    def __init__(self, server: Server, *, read_only: bool) -> None:
        self._server = server
        self._read_only = read_only
        self._connection: Connection | None = None
        self._begun = False

    @property
    def name(self) -> str:
        """The database, for people."""
        return self._server.name

    @property
    def in_transaction(self) -> bool:
        """Whether `begin` was called, and nothing since that ended what it began."""
        return self._begun

    def open(self) -> Connection:
        """The connection; a new one where there is none or it was lost, but never in the middle of a transaction.

        Raises:
            Unavailable: it can't be made.
            JournalError: see `Server.connect`.
        """
        if self._connection is None or (self._connection.closed and not self._begun):
            self._drop()
            self._connection = self._server.connect(read_only=self._read_only)
        return self._connection

    def begin(self) -> None:
        """Start a transaction.

        Raises:
            Unavailable: it was not started.
        """
        if self._begun:
            raise RuntimeError("there is a transaction already")
        # In a round trip of its own: after a pipeline libpq sends a Flush, and that turns off the server's clock for
        # those who are idle in a transaction.
        self.run(_BEGIN + ("ONLY" if self._read_only else "WRITE"), prepare=False)
        self._begun = True

    def run(self, query: LiteralString, values: Any = None, *, prepare: bool = True) -> list[tuple[Any, ...]]:
        """Run a statement, in the transaction where one was begun. Returns the rows.

        Raises:
            Unavailable: it was not run; the transaction has come to its end, and nothing in it has happened.
        """
        try:
            connection = self.open()
            try:
                return _execute(connection, query, values, prepare)
            except psycopg.Error:
                # A connection that was not in use may have been lost long ago, and that shows only now.
                if self._begun or not connection.closed:
                    raise
            return _execute(self.open(), query, values, prepare)
        except psycopg.Error as error:
            self.rollback()
            raise Unavailable(self._server.complaint(error)) from None
        except JournalError as error:
            # When it was connected to again, the database was not as it has to be. It may be so later.
            self.rollback()
            raise Unavailable(str(error)) from error

    def commit(self) -> None:
        """Make durable what was written since `begin`.

        Raises:
            Unavailable: it was undone.
            OutcomeUnknown: the connection was lost on the way.
        """
        connection, begun = self._connection, self._begun
        self._begun = False
        if not begun:
            return
        assert connection is not None, "what it began would have come to its end"
        try:
            # What the server has said meanwhile: of its end, at most. First what it says, then that it is gone.
            connection.pgconn.consume_input()
            connection.pgconn.consume_input()
        except psycopg.Error as error:
            # COMMIT can't be sent any more, so the server rolls back.
            self._drop()
            raise Unavailable(self._server.complaint(error)) from None
        try:
            said = connection.execute("COMMIT", prepare=False).statusmessage
        except psycopg.Error as error:
            complaint = self._server.complaint(error)
            if _is_refusal(error, connection):
                self.rollback()
                raise Unavailable(complaint) from None
            self._drop()
            raise OutcomeUnknown(complaint) from None
        if said != "COMMIT":
            raise Unavailable(f"{self.name} has undone the transaction: {said}")

    def rollback(self) -> None:
        """Undo what was written since `begin`. Never raises."""
        self._begun = False
        connection = self._connection
        if connection is None:
            return
        try:
            if connection.info.transaction_status != psycopg.pq.TransactionStatus.IDLE:
                connection.execute("ROLLBACK", prepare=False)
        except psycopg.Error:
            # The server does it when it sees that we are gone.
            self._drop()

    def close(self) -> None:
        """Close the connection. Never raises."""
        self._begun = False
        self._drop()

    def _drop(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            with contextlib.suppress(psycopg.Error):
                connection.close()


def _execute(connection: Connection, query: LiteralString, values: Any, prepare: bool) -> list[tuple[Any, ...]]:
    cursor = connection.execute(query, values, prepare=prepare, binary=True)
    return cursor.fetchall() if cursor.description else []


def _is_refusal(error: psycopg.Error, connection: Connection) -> bool:
    """Whether what was said to a COMMIT means that it did not happen.

    The server says ERROR, and goes on, only while it can still undo the transaction. Whatever ends the connection may
    come after that, but for one thing: that we were idle for too long is found before COMMIT is read.
    """
    if isinstance(error, psycopg.errors.IdleInTransactionSessionTimeout):
        return True
    return error.diag.severity_nonlocalized == "ERROR" and not connection.closed

"""A connection to PostgreSQL as a journal needs it: what was committed is on disk, who is gone holds no locks, and a
password is told to nobody but the server.
"""

from __future__ import annotations

import os
from typing import Any

from gamesvc.errors import ConfigError, JournalError, Unavailable
from gamesvc.journal.schema import pending

try:
    import psycopg
    from psycopg.conninfo import conninfo_to_dict
    from psycopg.types.numeric import Int8
except ImportError as error:
    raise ConfigError(f"games in PostgreSQL need psycopg: pip install 'gamesvc[postgres]' ({error})") from None

__all__ = ["Connection", "Int8", "Server", "psycopg"]

Connection = psycopg.Connection[tuple[Any, ...]]

_PARAMETERS: dict[str, Any] = {
    "application_name": "gamesvc",
    # Where the URL names several servers, the one that takes writes: a standby may lack what was just acknowledged.
    "target_session_attrs": "primary",
    "connect_timeout": 5,
    # A server whose machine or network is gone is noticed in 15 s, both while nothing is said and while something that
    # was sent is not taken.
    "keepalives_idle": 5,
    "keepalives_interval": 5,
    "keepalives_count": 2,
    "tcp_user_timeout": 15_000,
}

_SESSION = {
    # "off" would acknowledge what a crash may lose.
    "synchronous_commit": "on",
    # A server of ours that was cut off in a transaction holds locks no longer than this,
    "idle_in_transaction_session_timeout": "5s",
    # and who waits for them, waits longer.
    "lock_timeout": "10s",
    # Interrupting a COMMIT that waits for its standby would make it look like a success.
    "statement_timeout": "0",
}

_UPGRADE_LOCK = int.from_bytes(b"gamesvc", "big")
"""Of those that PostgreSQL lets programs agree on. Who has it changes tables."""

_HOW_TO_WRITE = (
    "the URL of the database can't be understood; write postgresql://user:password@host:port/database, and in a "
    "password @ as %40, / as %2F, : as %3A, ? as %3F, % as %25"
)


class Server:
    """Where a database is, and how it is told to people.

    Args:
        url: ``postgresql://user:password@host/database``, or whatever else libpq takes.
        allow_fsync_off: whether a server may be used that loses commits when its machine fails.

    Raises:
        ConfigError: the URL can't be understood.
    """

    def __init__(self, url: str, *, allow_fsync_off: bool = False) -> None:
        self._allow_fsync_off = allow_fsync_off
        try:
            self._parameters: dict[str, Any] = conninfo_to_dict(url)
        except psycopg.ProgrammingError:
            # What libpq says of it may quote the password.
            raise ConfigError(_HOW_TO_WRITE) from None
        # A part of such a password is a host, a port or a database to libpq, and would be named as that.
        userinfo, at, _ = url.partition("?")[0].partition("://")[2].rpartition("@")
        ports = str(self._parameters.get("port") or "").split(",")
        if (at and ("@" in userinfo or "/" in userinfo)) or not all(port.isdigit() for port in ports if port):
            raise ConfigError(_HOW_TO_WRITE)

    @property
    def name(self) -> str:
        """For people: which database of which host."""
        host, port, database = (self._parameters.get(each) for each in ("host", "port", "dbname"))
        where = f"{host or 'this machine'}{f':{port}' if port else ''}"
        return f"the PostgreSQL database{f' {database!r}' if database else ''} on {where}"

    def connect(self, *, read_only: bool) -> Connection:
        """Make a connection on which transactions are begun in so many words.

        Args:
            read_only: whether it may change nothing.

        Raises:
            Unavailable: it can't be reached.
            JournalError: it can't be trusted with games, or its tables are those of another version of gamesvc.
        """
        session = _SESSION | ({"default_transaction_read_only": "on"} if read_only else {})
        options = " ".join(f"-c {name}={value}" for name, value in session.items())
        # Later ones win, and whoever wrote these knows their server. What must not be is looked for below.
        theirs = self._parameters.get("options") or os.environ.get("PGOPTIONS", "")
        parameters = _PARAMETERS | self._parameters | {"options": f"{options} {theirs}".strip()}
        try:
            connection = psycopg.connect(autocommit=True, **parameters)
        except psycopg.Error as error:
            raise Unavailable(f"{self.name} can't be reached: {self._without_secrets(error)}") from None
        try:
            self._check(connection)
            self._bring_up_to_date(connection, read_only)
        except psycopg.Error as error:
            connection.close()
            raise Unavailable(self.complaint(error)) from None
        except BaseException:
            connection.close()
            raise
        return connection

    def complaint(self, error: psycopg.Error) -> str:
        """What an error means, for people: without the details, which may quote what is stored. So it takes the place
        of the error, and is not raised from it."""
        code = f" ({error.sqlstate})" if error.sqlstate else ""
        return f"{self.name}: {error.diag.message_primary or ' '.join(str(error).split())}{code}"

    def _without_secrets(self, error: psycopg.Error) -> str:
        text = " ".join(str(error).split())
        for secret in ("password", "sslpassword"):
            if value := self._parameters.get(secret):
                text = text.replace(str(value), "***")
        return text

    def _check(self, connection: Connection) -> None:
        query = "SELECT name, setting FROM pg_settings WHERE name IN ('fsync', 'synchronous_commit')"
        settings: dict[str, str] = dict(connection.execute(query).fetchall())
        if settings.get("fsync") != "on" and not self._allow_fsync_off:
            raise JournalError(f"{self.name} runs with fsync=off: it may lose everything when its machine fails")
        commits = settings.get("synchronous_commit")
        if commits not in ("on", "remote_apply"):
            raise JournalError(
                f"{self.name}: synchronous_commit={commits} may lose what was acknowledged; leave it out of the options"
            )

    def _bring_up_to_date(self, connection: Connection, read_only: bool) -> None:
        """Make the tables, or change them to those of this version of gamesvc."""
        if not pending("postgres", _version(connection), self.name):
            return
        if read_only:
            raise Unavailable(f"{self.name} has not been upgraded to this version of gamesvc yet")
        # The lock is held to the end of a transaction, and others may have taken a step before we get it.
        while True:
            with connection.transaction():
                # What is read below must be what others have left when we get the lock; and that may take long.
                connection.execute("SET TRANSACTION ISOLATION LEVEL READ COMMITTED")
                connection.execute("SET LOCAL lock_timeout = 0")
                connection.execute("SELECT pg_advisory_xact_lock(%s)", (_UPGRADE_LOCK,))
                steps = pending("postgres", _version(connection), self.name)
                if not steps:
                    return
                step = steps[0]
                # Without parameters, so that it may be several statements.
                connection.execute(step.sql.encode())
                connection.execute("CREATE TABLE IF NOT EXISTS gamesvc_schema (version integer NOT NULL)")
                connection.execute("DELETE FROM gamesvc_schema")
                connection.execute("INSERT INTO gamesvc_schema (version) VALUES (%s)", (step.number,))


def _version(connection: Connection) -> int:
    """Which step of the schema was the last that the database took; 0 where it took none."""
    # to_regclass might go by what it knew before we waited for the lock.
    query = "SELECT 1 FROM pg_class WHERE relname = 'gamesvc_schema' AND pg_table_is_visible(oid)"
    if connection.execute(query).fetchone() is None:
        return 0
    row = connection.execute("SELECT max(version) FROM gamesvc_schema").fetchone()
    return int(row[0] or 0) if row else 0

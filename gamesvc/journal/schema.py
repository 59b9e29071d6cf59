"""The SQL files that make a database's tables, and change them from one version of gamesvc to the next.

Each kind of database has a directory of them, named after the numbers in their order: ``0001-games.sql``. A database
says how far it is; what is missing is run in order, each file in a transaction of its own, together with the note that
it was run. A file that was released is never changed: another one is added.
"""

from __future__ import annotations

import re
from importlib.resources import files
from typing import NamedTuple

from gamesvc.errors import JournalError

_NAME = re.compile(r"(\d{4})-[a-z0-9-]+\.sql")


class Upgrade(NamedTuple):
    """One step from an empty database to today's.

    Attributes:
        number: the version of the schema that it leads to; from 1, without gaps.
        name: of the file.
        sql: statements.
    """

    number: int
    name: str
    sql: str


def upgrades(kind: str) -> list[Upgrade]:
    """All steps, in order.

    Args:
        kind: of database: a directory in ``sql``.
    """
    found = sorted(
        Upgrade(int(match[1]), file.name, file.read_text(encoding="utf-8"))
        for file in files("gamesvc.journal").joinpath("sql", kind).iterdir()
        if (match := _NAME.fullmatch(file.name))
    )
    if not found or [upgrade.number for upgrade in found] != list(range(1, len(found) + 1)):
        raise AssertionError(f"the schema of {kind} is not there, or has gaps: {[found.name for found in found]}")
    return found


def pending(kind: str, version: int, where: str) -> list[Upgrade]:
    """The steps that a database has not taken yet, in order.

    Args:
        kind: of database.
        version: the number of the last step that it took; 0 for an empty one.
        where: the database, for the message.

    Raises:
        JournalError: it was written by a later gamesvc, and this one can't know what is in it.
    """
    steps = upgrades(kind)
    if version > len(steps):
        raise JournalError(
            f"{where} was written by a newer gamesvc: its schema has version {version}, and this one knows"
            f" {len(steps)}; run the newer one, or restore a backup"
        )
    return steps[version:]

"""What was measured, as it was measured, kept in a file: tables, pages and charts are made from it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct, field

from bench.processes import Failure


class Sample(Struct):
    """One server under one load, once.

    Attributes:
        round: from 0.
        scenario: its name.
        server: its name.
        measured: what the load generator said; empty where it failed.
        sync_us: how long the disk took to sync, just before; None where it was not asked.
        failure: why there is nothing; empty where there is.
    """

    round: int
    scenario: str
    server: str
    measured: dict[str, Any] = field(default_factory=dict)
    sync_us: float | None = None
    failure: str = ""


class Point(Struct):
    """One point of a curve of growth.

    Attributes:
        curve: its name.
        x: how many.
        figures: by name.
    """

    curve: str
    x: float
    figures: dict[str, float]


class Session(Struct):
    """One run of the benchmark.

    Attributes:
        date: when, as YYYY-MM-DD.
        machine: what it ran on, by name.
        versions: of what was measured, by name.
        rounds: how many.
        seconds: of each sample.
        absent: servers that could not be run here, and why.
        samples: all of them.
        growth: points of the curves.
        troubles: what of the curves could not be measured, and why.
        short: whether this was the short form, whose figures say nothing.
    """

    date: str
    machine: dict[str, str]
    versions: dict[str, str]
    rounds: int
    seconds: float
    absent: dict[str, str] = field(default_factory=dict)
    samples: list[Sample] = field(default_factory=list)
    growth: list[Point] = field(default_factory=list)
    troubles: list[str] = field(default_factory=list)
    short: bool = False

    def measured(self, scenario: str, server: str) -> dict[int, Sample]:
        """The samples of one server in one scenario that did not fail, by their rounds."""
        return {
            sample.round: sample
            for sample in self.samples
            if sample.scenario == scenario and sample.server == server and not sample.failure
        }

    def failures(self) -> list[Sample]:
        """The samples that failed."""
        return [sample for sample in self.samples if sample.failure]


def save(session: Session, path: Path) -> None:
    """Write a session to a file, which is replaced as a whole."""
    path.parent.mkdir(parents=True, exist_ok=True)
    new = path.with_suffix(".new")
    new.write_bytes(msgspec.json.format(msgspec.json.encode(session), indent=1))
    new.replace(path)


def load(path: Path) -> Session:
    """Read a session from a file.

    Raises:
        Failure: there is none.
    """
    try:
        return msgspec.json.decode(path.read_bytes(), type=Session)
    except FileNotFoundError:
        raise Failure(f"{path} is not there: measure first, with `make bench`") from None
    except msgspec.MsgspecError as error:
        raise Failure(f"{path} holds no samples that this version can read ({error}); measure anew") from error

"""How long the disk takes to make a small piece durable: below that, no journal can acknowledge anything."""

from __future__ import annotations

import os
import time
from pathlib import Path
from statistics import median

PIECE = b"\0" * 4120
"""As much as SQLite appends to its log for one page."""


def sync_us(directory: Path, times: int) -> float:
    """The median of some appends that are each synced, in microseconds.

    Args:
        directory: on the disk in question.
        times: how many.
    """
    path = directory / "sync"
    file = os.open(path, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600)
    try:
        return median(_append(file) for _ in range(times)) * 1e6
    finally:
        os.close(file)
        path.unlink()


def _append(file: int) -> float:
    started = time.perf_counter()
    os.write(file, PIECE)
    os.fdatasync(file)
    return time.perf_counter() - started


def is_memory(directory: Path) -> bool:
    """Whether a directory is no disk's, but lies in memory: then nothing is ever synced."""
    best, kind = "", ""
    for line in Path("/proc/mounts").read_text().splitlines():
        _, mount, system, *_ = line.split()
        if f"{directory.resolve()}/".startswith(mount.rstrip("/") + "/") and len(mount) > len(best):
            best, kind = mount, system
    return kind in ("tmpfs", "ramfs")

"""Which processor core is whose: the server has one to itself, and the load generator another."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple


class Cores(NamedTuple):
    """Who runs where.

    Attributes:
        server: the core of the server.
        generator: the core of the load generator, and of the benchmark itself.
        warning: why figures mean nothing here; empty where they do.
    """

    server: int
    generator: int
    warning: str = ""


def choose(allowed: Iterable[int], siblings: dict[int, set[int]]) -> Cores:
    """Two cores that share nothing, as far as there are.

    Args:
        allowed: cores that this process may use.
        siblings: of each, those that are one core with it, as hyperthreads are.
    """
    usable = sorted(allowed)
    # The first core of a machine has the most to do for others.
    server = usable[-1]
    others = [core for core in usable if core != server]
    if not others:
        return Cores(
            server, server, "there is one core only: server and generator share it, and the figures mean nothing"
        )
    apart = [core for core in others if core not in siblings.get(server, set())]
    if not apart:
        return Cores(server, others[0], "server and generator are hyperthreads of one core: the figures mean little")
    return Cores(server, apart[-1])


def of_this_machine() -> Cores:
    """Those of this machine that this process may use."""
    allowed = os.sched_getaffinity(0)
    return choose(allowed, {core: _siblings(core) for core in allowed})


def _siblings(core: int) -> set[int]:
    try:
        text = Path(f"/sys/devices/system/cpu/cpu{core}/topology/thread_siblings_list").read_text()
    except OSError:
        return {core}
    return cores_in(text)


def cores_in(text: str) -> set[int]:
    """The cores in a list as the kernel writes it, such as ``0-3,8``."""
    cores: set[int] = set()
    for part in text.strip().split(","):
        first, _, last = part.partition("-")
        cores.update(range(int(first), int(last or first) + 1))
    return cores

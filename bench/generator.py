"""Runs the load generator, and reads what it has measured."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any, NamedTuple

from bench.processes import Failure

Measured = dict[str, Any]
"""What the load generator prints, by name. See `bench/load`."""

GRACE_SECONDS = 120.0
"""How long a run may take beyond what it was told."""

CONCURRENCY = 64
"""Connections that are being made at a time."""

HOSTS = 4
"""Addresses of this machine from which connections come; one has too few ports for all of them."""


class Load(NamedTuple):
    """What is to be done to a server.

    Attributes:
        mode: how: see `bench.scenarios.Mode`.
        connections: the file that says who connects to what.
        speech: options that say how clients speak.
        warmup: seconds before it counts.
        seconds: how long it counts.
        rate: commands a second; for the mode ``open``.
        awaits: what a sender waits for before it sends again.
    """

    mode: str
    connections: Path
    speech: list[str]
    warmup: float
    seconds: float
    rate: float = 0.0
    awaits: str = "reply"


def run(program: Path, load: Load, port: int, pid: int, core: int) -> Measured:
    """Put load on a server.

    Args:
        program: the load generator.
        load: what is to be done.
        port: of the server.
        pid: of the server, whose processor time and memory are read.
        core: where the generator runs.

    Raises:
        Failure: it did not get through, or the server refused somebody.
    """
    command = [str(program), "--port", str(port), "--pid", str(pid), "--cpu", str(core), "--mode", load.mode]
    command += ["--connections", str(load.connections), "--concurrency", str(CONCURRENCY), "--sources", str(HOSTS)]
    command += ["--warmup", f"{load.warmup:g}", "--seconds", f"{load.seconds:g}", "--await", load.awaits]
    if load.mode == "open":
        command += ["--rate", f"{load.rate:g}"]
    command += load.speech
    try:
        done = subprocess.run(
            command,
            capture_output=True,
            text=True,
            timeout=load.warmup + load.seconds + GRACE_SECONDS,
            preexec_fn=lambda: os.sched_setaffinity(0, {core}),
        )
    except subprocess.TimeoutExpired:
        raise Failure(f"the load generator did not end within {GRACE_SECONDS:g} s of its time") from None
    if done.returncode:
        raise Failure(f"the load generator failed: {done.stderr.strip()[-1000:] or done.returncode}")
    try:
        measured: Measured = json.loads(done.stdout)
    except ValueError:
        raise Failure(f"the load generator printed no JSON: {done.stdout[-200:]!r}") from None
    for trouble, told in (("refusals", "refused commands"), ("dropped", "closed connections")):
        if measured.get(trouble):
            raise Failure(f"the server {told}: {measured[trouble]}")
    if load.mode == "watch" and not measured.get("messages"):
        raise Failure(f"nothing came within {load.seconds:g} s")
    if load.mode in ("closed", "open") and not measured.get("deliveries"):
        raise Failure(f"nothing came back within {load.seconds:g} s; the commands were {measured.get('commands')}")
    return measured

"""The parts in C: the load generator, and the server that is the floor. They are compiled when they have changed."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
from pathlib import Path

from bench.processes import Failure
from bench.servers import Places


def compile_all(places: Places) -> None:
    """Compile what is not there, or older than its sources.

    Raises:
        Failure: there is no compiler, or it refuses.
    """
    sources = places.checkout / "bench"
    _compile(places.build / "load", sorted((sources / "load").glob("*.[ch]")))
    _compile(places.build / "room", sorted((sources / "peers" / "epoll").glob("*.[ch]")))


def has_compiler() -> bool:
    """Whether anything can be compiled here."""
    return bool(compiler())


def compiler() -> list[str]:
    """The compiler's command; empty where there is none."""
    return shlex.split(os.environ.get("CC", "")) or [path for path in (shutil.which("cc"),) if path]


def _compile(program: Path, sources: list[Path]) -> None:
    if program.exists() and all(source.stat().st_mtime < program.stat().st_mtime for source in sources):
        return
    command = compiler()
    if not command:
        raise Failure("the load generator is written in C, and there is no cc: install a C compiler, or name one in CC")
    units = [str(source) for source in sources if source.suffix == ".c"]
    program.parent.mkdir(parents=True, exist_ok=True)
    built = program.with_suffix(".new")
    try:
        done = subprocess.run([*command, "-O2", "-o", str(built), *units, "-lm"], capture_output=True, text=True)
    except OSError as error:
        raise Failure(f"the compiler {command[0]!r} can't be run: {error.strerror}; name another in CC") from None
    if done.returncode:
        raise Failure(f"{program.name} does not compile:\n{done.stderr.strip()}")
    built.replace(program)

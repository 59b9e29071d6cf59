"""What the peers are made with: packages of PyPI and of npm, in the versions that are written down here.

They are installed where the benchmark builds, and touch nothing else. A stamp says what is installed.
"""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterable
from pathlib import Path

from bench.servers import Places, Server

INSTALL_SECONDS = 600


def install(places: Places, servers: Iterable[Server], progress: Callable[[str], None]) -> dict[str, str]:
    """Install what some servers need.

    Args:
        places: where things are.
        servers: which.
        progress: is told what is being done.

    Returns:
        Why some of them can't be run here, by their names.
    """
    return _absent(servers, {"python": lambda: _python(places, progress), "node": lambda: _node(places, progress)})


def installed(places: Places, servers: Iterable[Server]) -> dict[str, str]:
    """As `install`, but nothing is installed: what is not there is absent."""
    missing = "its packages are not installed; `make bench` does that"
    return _absent(
        servers,
        {
            "python": lambda: "" if _is_current(places.python.parents[1], _requirements(places)) else missing,
            "node": lambda: _scripts(places) if _is_current(places.node, _lock(places)) else missing,
        },
    )


def _absent(servers: Iterable[Server], provide: dict[str, Callable[[], str]]) -> dict[str, str]:
    reasons: dict[str, str] = {}
    absent: dict[str, str] = {}
    for server in servers:
        if server.needs in provide:
            if server.needs not in reasons:
                reasons[server.needs] = provide[server.needs]()
            if reasons[server.needs]:
                absent[server.name] = reasons[server.needs]
    return absent


def _python(places: Places, progress: Callable[[str], None]) -> str:
    venv, requirements = places.python.parents[1], _requirements(places)
    if _is_current(venv, requirements):
        return ""
    progress("installing the packages of the peers in Python")
    problem = _run([sys.executable, "-m", "venv", "--clear", str(venv)]) or _run(
        [str(places.python), "-m", "pip", "install", "-q", "--disable-pip-version-check", "-r", str(requirements)]
    )
    if not problem:
        _mark(venv, requirements)
    return problem


def _node(places: Places, progress: Callable[[str], None]) -> str:
    if shutil.which("node") is None:
        return "there is no Node.js here"
    sources, lock = _lock(places).parent, _lock(places)
    if not _is_current(places.node, lock):
        if shutil.which("npm") is None:
            return "there is no npm here"
        progress("installing the packages of the peers in JavaScript")
        places.node.mkdir(parents=True, exist_ok=True)
        for file in (lock, sources / "package.json"):
            shutil.copy(file, places.node)
        # Not `npm ci`: some registries have some systems' packages only, and it wants all those that the lock names.
        problem = _run(["npm", "install", "--no-audit", "--no-fund", "--ignore-scripts"], places.node)
        if problem:
            return problem
        _mark(places.node, lock)
    return _scripts(places)


def _scripts(places: Places) -> str:
    # A module finds its packages beside itself.
    for script in _lock(places).parent.glob("*.js"):
        shutil.copy(script, places.node)
    return ""


def _run(command: list[str], directory: Path | None = None) -> str:
    """Why a command failed; empty where it did not."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, cwd=directory, timeout=INSTALL_SECONDS)
    except subprocess.TimeoutExpired:
        return f"`{Path(command[0]).name}` did not end within {INSTALL_SECONDS} s"
    lines = [line for line in (done.stderr or done.stdout).splitlines() if line.strip()]
    return (
        f"`{Path(command[0]).name}` failed: {lines[-1] if lines else 'it does not say why'}" if done.returncode else ""
    )


def _requirements(places: Places) -> Path:
    return places.checkout / "bench" / "peers" / "requirements.txt"


def _lock(places: Places) -> Path:
    return places.checkout / "bench" / "peers" / "node" / "package-lock.json"


def _is_current(place: Path, wanted: Path) -> bool:
    stamp = place / "stamp"
    return stamp.exists() and stamp.read_text() == _digest(wanted)


def _mark(place: Path, wanted: Path) -> None:
    (place / "stamp").write_text(_digest(wanted))


def _digest(wanted: Path) -> str:
    return hashlib.sha256(wanted.read_bytes()).hexdigest()

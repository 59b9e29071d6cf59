"""What a session ran on, and with which versions of what."""

from __future__ import annotations

import json
import os
import platform
import subprocess
from collections.abc import Iterable
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from bench.compiled import compiler
from bench.cores import Cores
from bench.servers import Places, Server
from gamesvc import __version__

_OURS = ("twisted", "autobahn", "msgspec", "apsw")


def describe(cores: Cores) -> dict[str, str]:
    """The machine, by name."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / (1 << 30)
    return {
        "processor": f"{_processor()}, {os.cpu_count()} cores",
        "memory": f"{memory:.0f} GiB",
        "kernel": f"{platform.system()} {platform.release()}",
        "cores": f"server on {cores.server}, load generator on {cores.generator}"
        + (f"; {cores.warning}" if cores.warning else ""),
    }


def versions(places: Places, servers: Iterable[Server]) -> dict[str, str]:
    """The versions of everything that is measured, by name.

    Args:
        places: where things are.
        servers: those that are measured.
    """
    found = {"gamesvc": _own(places.checkout), "Python": platform.python_version()}
    for package in _OURS:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            found[package] = "not installed"
    needed = list(servers)
    if any(server.needs == "node" for server in needed):
        found["Node.js"] = _said(["node", "--version"]).lstrip("v")
    for server in needed:
        if server.needs == "node":
            for module in server.modules:
                package_json = places.node / "node_modules" / module / "package.json"
                found[module] = json.loads(package_json.read_text())["version"]
        elif server.needs == "python":
            for module in server.modules:
                code = f"from importlib.metadata import version; print(version({module!r}))"
                found[module] = _said([str(places.python), "-c", code])
    found["C compiler"] = _said([*(compiler() or ["cc"]), "--version"]).partition("\n")[0]
    return found


def _own(checkout: Path) -> str:
    """gamesvc's version, and where it is a checkout, the commit."""
    commit = _said(["git", "-C", str(checkout), "describe", "--always", "--dirty", "--exclude=*"])
    return __version__ if commit == "unknown" else f"{__version__} at {commit}"


def _processor() -> str:
    with Path("/proc/cpuinfo").open() as lines:
        for line in lines:
            name, _, value = line.partition(":")
            if name.strip() in ("model name", "Model"):
                return value.strip()
    return platform.machine()


def _said(command: list[str]) -> str:
    try:
        return subprocess.run(command, capture_output=True, text=True, timeout=60).stdout.strip() or "unknown"
    except (OSError, subprocess.TimeoutExpired):
        return "unknown"

"""The Python that runs this, as it is typed to run it again: the one that ``python`` means may be another."""

from __future__ import annotations

import os
import shlex
import shutil
import sys
from pathlib import Path

PYTHON = "python"


def python(place: str = ".") -> str:
    """How this Python is called, for a shell.

    Args:
        place: the directory where it is typed.
    """
    found = shutil.which(PYTHON)
    if not sys.executable or (found is not None and _is_this(found)):
        return PYTHON
    if not Path(sys.executable).is_relative_to(Path.cwd()):
        return shlex.quote(sys.executable)
    return shlex.quote(os.path.relpath(sys.executable, place))


def pip_install(what: str) -> str:
    """How something is installed for this Python.

    Args:
        what: as pip takes it: ``gamesvc[play]``.
    """
    return f"{python()} -m pip install {shlex.quote(what)}"


def _is_this(found: str) -> bool:
    # In virtual environments they are links to one and the same file.
    is_beside = os.path.samefile(os.path.dirname(found), os.path.dirname(sys.executable))
    return is_beside and os.path.samefile(found, sys.executable)

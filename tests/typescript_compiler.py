"""TypeScript's compiler, for tests of what is written for it. `make test` installs it where it can."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from functools import cache
from pathlib import Path
from unittest import SkipTest

_INSTALLED = Path(__file__).parent.parent / ".venv" / "node_modules" / ".bin" / "tsc"

_OPTIONS = {
    "strict": True,
    "noEmit": True,
    "exactOptionalPropertyTypes": True,
    "noUnusedLocals": True,
    "target": "es2022",
    "module": "es2022",
    "moduleResolution": "bundler",
    # Not what lies in directories around it.
    "types": [],
}


@cache
def compiler() -> str | None:
    """The compiler's program; None where there is none."""
    if shutil.which("node") is None:
        return None
    return f"{_INSTALLED}" if _INSTALLED.exists() else shutil.which("tsc")


def complaints(directory: Path) -> str:
    """Check all TypeScript in a directory, strictly.

    Args:
        directory: where it lies.

    Returns:
        What the compiler says; nothing where all is well.

    Raises:
        SkipTest: there is no compiler here.
        RuntimeError: there is none, where tests must not be skipped.
    """
    found = compiler()
    if found is None:
        reason = "TypeScript's compiler (node, tsc) is not installed"
        if os.environ.get("CI") == "true":
            raise RuntimeError(f"{reason}, and CI skips nothing")
        raise SkipTest(reason)
    (directory / "tsconfig.json").write_text(json.dumps({"compilerOptions": _OPTIONS, "include": ["*.ts"]}))
    done = subprocess.run(
        [found, "--project", ".", "--pretty", "false"], cwd=directory, capture_output=True, text=True, check=False
    )
    return done.stdout + done.stderr

"""Modules of an author's, and packages that are installed."""

from __future__ import annotations

import sys
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase


class WithModules(SynchronousTestCase):
    """Modules of an author's lie on the path.

    Attributes:
        directory: where they are.
    """

    def setUp(self) -> None:
        self.directory = Path(self.mktemp())
        self.directory.mkdir()
        self.patch(sys, "path", [str(self.directory.resolve()), *sys.path])

    def module(self, name: str, text: str) -> None:
        """Have a module there, in place of the one of this name that was there."""
        (self.directory / f"{name}.py").write_text(text)
        sys.modules.pop(name, None)
        self.addCleanup(sys.modules.pop, name, None)

    def installed(self, package: str, group: str, **named: str) -> None:
        """Have a package installed.

        Args:
            package: its name.
            group: of its entry points.
            named: these.
        """
        metadata = self.directory / f"{package}-1.0.dist-info"
        metadata.mkdir()
        (metadata / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {package}\nVersion: 1.0\n")
        lines = (f"{name} = {value}\n" for name, value in named.items())
        (metadata / "entry_points.txt").write_text(f"[{group}]\n" + "".join(lines))

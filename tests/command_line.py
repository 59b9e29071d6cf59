"""The ``gamesvc`` command, run in this process."""

from __future__ import annotations

import contextlib
import io
import os
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from gamesvc.cli import main


class Terminal(io.StringIO):
    """Where somebody looks on."""

    def isatty(self) -> bool:
        return True


def run(*arguments: str, out: Any = None, err: io.StringIO | None = None) -> tuple[int | str | None, str, str]:
    """Run it.

    Args:
        arguments: what stands behind its name.
        out: standard output; has a ``getvalue``.
        err: standard error.

    Returns:
        The exit status, and what was written to standard output and standard error.
    """
    out, err = out or io.StringIO(), err or io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            status: int | str | None = main(arguments)
        except SystemExit as stopped:
            status = stopped.code
    return status, out.getvalue(), err.getvalue()


class CommandLine(SynchronousTestCase):
    """Runs it.

    Attributes:
        command: what stands before all arguments.
        environment: the process's; it begins empty.
    """

    command: tuple[str, ...] = ()

    def setUp(self) -> None:
        self.environment: dict[str, str] = {}
        self.patch(os, "environ", self.environment)

    def run_it(self, *arguments: str, **streams: Any) -> tuple[int | str | None, str, str]:
        """As `run`."""
        return run(*self.command, *arguments, **streams)

    def works(self, *arguments: str) -> str:
        """What is written to standard output, and nothing is to standard error."""
        status, out, err = self.run_it(*arguments)
        self.assertEqual((status, err), (0, ""), out)
        return out

    def fails(self, *arguments: str) -> str:
        """What is said: in one line, on standard error alone."""
        status, out, err = self.run_it(*arguments)
        self.assertEqual((status, out), (1, ""), err)
        self.assertRegex(err, r"\Agamesvc: [^\n]+\n\Z")
        return err

"""The Python that runs this, as it is typed to run it again."""

from __future__ import annotations

import os
import shlex
import sys
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from gamesvc.cli.interpreter import pip_install, python


class Calling(SynchronousTestCase):
    def setUp(self) -> None:
        self.addCleanup(os.chdir, os.getcwd())
        self.directory = Path(self.mktemp()).resolve()
        self.directory.mkdir()
        os.chdir(self.directory)
        self.own, self.others = self.with_python("my env"), self.with_python("others")
        self.patch(os, "environ", {"PATH": str(self.others)})
        self.patch(sys, "executable", str(self.own / "python3"))

    def with_python(self, name: str) -> Path:
        """A virtual environment's directory of programs."""
        place = self.directory / name / "bin"
        place.mkdir(parents=True)
        for called in ("python", "python3"):
            (place / called).symlink_to(sys.executable)
        return place

    def test_the_one_that_the_shell_finds_is_called_so(self) -> None:
        os.environ["PATH"] = str(self.own)
        self.assertEqual(python(), "python")

    def test_another_environments_is_not_it(self) -> None:
        self.assertEqual(shlex.split(python()), ["my env/bin/python3"])
        self.assertEqual(shlex.split(python("a-game")), ["../my env/bin/python3"])

    def test_nor_is_one_that_is_not_there(self) -> None:
        os.environ["PATH"] = str(self.directory)
        self.assertEqual(shlex.split(python()), ["my env/bin/python3"])

    def test_one_that_lies_elsewhere_is_called_by_its_whole_path(self) -> None:
        os.chdir(self.others)
        self.assertEqual(shlex.split(python()), [str(self.own / "python3")])

    def test_what_installs_is_its_own_pip(self) -> None:
        self.assertEqual(
            shlex.split(pip_install("gamesvc[play]")),
            ["my env/bin/python3", "-m", "pip", "install", "gamesvc[play]"],
        )

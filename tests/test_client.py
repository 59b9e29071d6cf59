"""The client's package: what importing it costs."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

import gamesvc.client
from gamesvc.client import aio
from tests.pages import blocks

ROOT = Path(__file__).parent.parent


class Package(SynchronousTestCase):
    def test_importing_it_loads_no_reactor_and_no_websockets(self) -> None:
        heavy = {"twisted", "autobahn", "websockets", "asyncio"}
        shown = f"import gamesvc.client, sys; print(sorted({heavy} & set(sys.modules)))"
        done = subprocess.run([sys.executable, "-c", shown], cwd=ROOT, capture_output=True, text=True, check=True)
        self.assertEqual(done.stdout, "[]\n")

    def test_entering_a_game_on_asyncio_or_in_a_thread_loads_no_reactor(self) -> None:
        shown = "import gamesvc.client.sync, sys; print('twisted' in sys.modules)"
        done = subprocess.run([sys.executable, "-c", shown], cwd=ROOT, capture_output=True, text=True, check=True)
        self.assertEqual(done.stdout, "False\n")

    def test_its_names_are_asyncios(self) -> None:
        self.assertIs(gamesvc.client.connect, aio.connect)
        self.assertIs(gamesvc.client.Game, aio.Game)
        with self.assertRaisesRegex(AttributeError, "'conect'"):
            gamesvc.client.conect  # noqa: B018  # the access is what is tested


class Page(SynchronousTestCase):
    def test_the_examples_can_be_read_and_import_what_there_is(self) -> None:
        found = blocks((ROOT / "docs" / "clients.md").read_text())
        self.assertGreaterEqual(len(found), 4)
        for block in found:
            compile(block.code, "clients.md", "exec", ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
            imports = [line for line in block.code.splitlines() if line.startswith(("from ", "import "))]
            exec("\n".join(imports), {})

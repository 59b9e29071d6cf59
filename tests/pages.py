"""Pages: what there is in a document that can be run, or be linked to."""

from __future__ import annotations

import importlib
import re
import sys
import tempfile
import types
from pathlib import Path
from typing import NamedTuple
from unittest import mock

from twisted.trial.unittest import SynchronousTestCase

_PYTHON = re.compile(r"^```python(.*?)\n(.*?)^```", re.MULTILINE | re.DOTALL)


class Block(NamedTuple):
    """A block of Python in a document: what comes after ``python``, and the code.

    ``guess.py`` is the file of which it is a part. ``fault=crash`` is a model without its imports, in which
    `gamesvc check` finds this fault.
    """

    label: str
    code: str


def blocks(text: str) -> list[Block]:
    """The Python of a document, in order."""
    return [Block(match[1].strip(), match[2]) for match in _PYTHON.finditer(text)]


class Files:
    """Python files from a document, in a directory from which they are imported as an author's are."""

    def __init__(self, case: SynchronousTestCase) -> None:
        self._case = case
        directory = tempfile.TemporaryDirectory()
        case.addCleanup(directory.cleanup)
        self._place = Path(directory.name)
        sys.path.insert(0, directory.name)
        case.addCleanup(sys.path.remove, directory.name)
        case.addCleanup(importlib.invalidate_caches)

    def write(self, name: str, code: str) -> types.ModuleType:
        """Write a file, and import it; instead of another one of its name, if there was one."""
        file = self._place / name
        file.write_text(code)
        sys.modules.pop(file.stem, None)
        importlib.invalidate_caches()
        self._case.addCleanup(sys.modules.pop, file.stem, None)
        # A file of the same second and length would be taken for the old one.
        with mock.patch.object(sys, "dont_write_bytecode", True):
            return importlib.import_module(file.stem)

    def write_all(self, found: list[Block]) -> dict[str, types.ModuleType]:
        """Write the files of a document, each put together from its blocks, and import them in their order."""
        texts: dict[str, str] = {}
        for label, code in found:
            texts[label] = texts[label] + "\n\n" + code if label in texts else code
        return {name: self.write(name, code) for name, code in texts.items()}


def run_tests(module: types.ModuleType) -> int:
    """Run the tests of a file for pytest. Returns how many there are."""
    tests = [each for name, each in vars(module).items() if name.startswith("test_")]
    for test in tests:
        test()
    return len(tests)


def anchors(text: str) -> list[str]:
    """What the headings of a document are linked by."""
    headings = re.findall(r"^#+ (.*)$", re.sub(r"^```.*?^```", "", text, flags=re.MULTILINE | re.DOTALL), re.MULTILINE)
    return [re.sub(r"[^\w -]", "", each.lower()).replace(" ", "-") for each in headings]

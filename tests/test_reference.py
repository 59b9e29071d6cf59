"""The reference for authors is made from the docstrings as they are, and leaves nothing out."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

import gamesvc
import gamesvc.testing
from tests.reference import COMMAND, PAGE, page


class Reference(SynchronousTestCase):
    def test_it_is_current(self) -> None:
        self.assertTrue(PAGE.read_text() == page(), f"docs/reference.md is not current: run `{COMMAND}`")

    def test_everything_that_is_imported_is_in_it_and_described(self) -> None:
        entries = page().split("\n### ")
        described = {entry.partition("\n")[0]: entry.partition("\n")[2].strip() for entry in entries[1:]}
        self.assertEqual(sorted(described), sorted({*gamesvc.__all__, *gamesvc.testing.__all__}))
        for name, text in described.items():
            self.assertTrue(text, name)

    def test_every_method_that_an_author_may_override_is_in_it(self) -> None:
        text = page()
        for name in ("setup()", "migrate(", "on_join(player: Player)", "on_start()", "on_tick()", "view(viewer: "):
            self.assertIn(f"**`{name}", text)

    def test_no_docstring_is_left_with_its_sections_unread(self) -> None:
        for line in page().split("\n"):
            self.assertNotRegex(line, r"^ *Args:|``|^ {4}\w+: ")

"""What an author's code raised, as a text."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from gamesvc.faults import shown_fault


class Odd(Exception):
    """One that can't even be written."""

    def __repr__(self) -> str:
        raise ValueError("not this either")


class Faults(SynchronousTestCase):
    def test_it_is_written_as_python_does(self) -> None:
        for fault in (KeyError("ace"), SystemExit(1), ValueError()):
            self.assertEqual(shown_fault(fault), repr(fault))

    def test_what_is_long_is_cut(self) -> None:
        said = shown_fault(ValueError("a" * 1_000_000))
        self.assertLessEqual(len(said), 500)
        self.assertRegex(said, r"^ValueError\('a+\.\.\.a+'\)$")

    def test_what_can_not_be_written_is_named(self) -> None:
        self.assertEqual(shown_fault(Odd()), "Odd(...)")

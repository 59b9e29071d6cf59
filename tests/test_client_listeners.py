"""Functions of a client's user that are called when something comes."""

from __future__ import annotations

from functools import partial
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from gamesvc.client.listeners import Listeners


class Told(SynchronousTestCase):
    def setUp(self) -> None:
        self.failures: list[Exception] = []
        self.listeners = Listeners(self.failures.append)
        self.heard: list[Any] = []

    def test_each_is_told_what_it_listens_to_in_the_order_in_which_they_came(self) -> None:
        self.listeners.add("a", lambda value: self.heard.append((1, value)))
        self.listeners.add("a", lambda value: self.heard.append((2, value)))
        self.listeners.tell("a", "x")
        self.listeners.tell("b", "y")
        self.assertEqual(self.heard, [(1, "x"), (2, "x")])

    def test_one_that_comes_meanwhile_is_told_of_the_next(self) -> None:
        self.listeners.add("a", lambda value: self.listeners.add("a", self.heard.append))
        self.listeners.tell("a", "x")
        self.assertEqual(self.heard, [])
        self.listeners.tell("a", "y")
        self.assertEqual(self.heard, ["y"])

    def test_one_that_fails_harms_no_other_and_is_told_of_by_one_that_wants_to_know(self) -> None:
        self.listeners.add("a", lambda value: 1 / 0)
        self.listeners.add("a", self.heard.append)
        self.listeners.tell("a", "x")
        self.assertEqual(self.heard, ["x"])
        self.assertEqual([type(error) for error in self.failures], [ZeroDivisionError])
        self.listeners.add("failure", self.heard.append)
        self.listeners.tell("a", "y")
        self.assertEqual([type(each) for each in self.heard], [str, ZeroDivisionError, str])
        self.assertEqual(len(self.failures), 1)

    def test_what_is_no_plain_function_is_refused_at_once(self) -> None:
        async def later(value: Any, *more: Any) -> None:
            raise AssertionError("nobody runs it")

        class Later:
            async def __call__(self, value: Any) -> None:
                raise AssertionError("nobody runs it")

        for given in (later, partial(later, 1), Later()):
            with self.assertRaisesRegex(TypeError, r"takes a plain function, and that for 'a' is an `async def`"):
                self.listeners.add("a", given)
        for nothing in (None, "print"):
            with self.assertRaisesRegex(TypeError, "takes a plain function, and that for 'a' is of type"):
                self.listeners.add("a", nothing)  # type: ignore[arg-type]  # a mistake
        self.listeners.tell("a", "x")
        self.assertEqual(self.failures, [])

    def test_a_coroutine_that_comes_back_is_told_as_a_failure_and_leaves_no_warning(self) -> None:
        async def later(value: Any) -> None:
            raise AssertionError("nobody runs it")

        self.listeners.add("a", lambda value: later(value))
        self.listeners.add("a", self.heard.append)
        self.listeners.tell("a", "x")
        self.assertEqual(self.heard, ["x"])
        (error,) = self.failures
        self.assertIn("a function for 'a' returned a coroutine: nobody awaits it", str(error))

    def test_one_that_fails_when_it_is_told_of_that_is_not_told_again(self) -> None:
        self.listeners.add("a", lambda value: 1 / 0)
        self.listeners.add("failure", lambda error: [].pop())
        self.listeners.tell("a", "x")
        self.assertEqual([type(error) for error in self.failures], [IndexError])

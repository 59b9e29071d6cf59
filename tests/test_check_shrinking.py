from __future__ import annotations

import time

from twisted.trial.unittest import SynchronousTestCase

from gamesvc.testing.plays import Call
from gamesvc.testing.shrinking import fault_in, fewest, shrunk, simplest
from tests.faulty_models import CrashInCommand, CrashInTimer


def send(player: str, command: str, **arguments: object) -> Call:
    return Call("send", (player, command), arguments)


BEGIN = [Call("open", (), {}), Call("join", ("alice",), {}), Call("join", ("bob",), {})]
FOREVER = time.monotonic() + 3600


class Shrinking(SynchronousTestCase):
    def test_the_fault_of_a_game_and_where_it_shows(self) -> None:
        calls = [*BEGIN, send("alice", "set", cell=1), send("bob", "set", cell=9), send("bob", "set", cell=0)]
        found = fault_in(CrashInCommand, 0, calls)
        assert found is not None
        self.assertEqual((found[0].name, found[1]), ("crash", calls[:5]))
        self.assertIsNone(fault_in(CrashInCommand, 0, calls[:4]))

    def test_steps_that_are_of_no_account_are_left_out_and_values_made_simple(self) -> None:
        calls = [*BEGIN]
        for cell in (1, 2, 3, 4, 0):
            calls += [send("alice", "set", cell=cell), Call("advance", (5.0,), {})]
        calls.append(send("bob", "set", cell=796))
        found = fault_in(CrashInCommand, 0, calls)
        assert found is not None
        fault, shorter = shrunk(CrashInCommand, 0, calls, found[0], 60)
        self.assertEqual(shorter, [*BEGIN, send("bob", "set", cell=6)])
        self.assertEqual(fault.key, found[0].key)

    def test_steps_that_matter_stay(self) -> None:
        waits = [send("alice", "wait"), send("bob", "wait")]
        calls = [*BEGIN, waits[0], Call("advance", (1.0,), {}), waits[1], Call("advance", (300.0,), {})]
        found = fault_in(CrashInTimer, 0, calls)
        assert found is not None
        _, shorter = shrunk(CrashInTimer, 0, calls, found[0], 60)
        self.assertEqual(shorter, [*BEGIN, *waits, Call("advance", (30.0,), {})])

    def test_a_fault_that_does_not_show_again_is_told_as_it_was(self) -> None:
        found = fault_in(CrashInCommand, 0, [*BEGIN, send("bob", "set", cell=9)])
        assert found is not None
        self.assertEqual(shrunk(CrashInCommand, 0, BEGIN, found[0], 60), (found[0], BEGIN))

    def test_fewest(self) -> None:
        calls = [send("alice", f"c{number}") for number in range(20)]
        wanted = [calls[3], calls[11]]

        def fails(fewer: list[Call]) -> list[Call] | None:
            return fewer if all(each in fewer for each in wanted) else None

        self.assertEqual(fewest(calls, fails, FOREVER), wanted)
        self.assertEqual(fewest(calls, fails, 0.0), calls)

    def test_simplest(self) -> None:
        calls = [send("alice", "do", text="hello", cells=[5, 6, 7], deep={"a": 9})]

        def fails(fewer: list[Call]) -> list[Call] | None:
            return fewer if any(part > 4 for part in fewer[0].named.get("cells", [])) else None

        self.assertEqual(simplest(calls, fails, FOREVER), [send("alice", "do", cells=[7])])

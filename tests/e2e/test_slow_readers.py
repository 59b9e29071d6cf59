"""Who does not read what they are sent: it costs bounded memory, it costs them their connection, and nobody else."""

from __future__ import annotations

import contextlib
import time

import pytest

from tests.e2e.authors import FLOOD
from tests.e2e.clients import ClassroomClient, SleepyClient, drown
from tests.e2e.processes import Operator, Server, resident_bytes, until
from tests.e2e.threads import in_thread

OK = {"status": "ok"}
MEBIBYTE = 1 << 20
SLOW_CONSUMER = 4000
WAVE = 60_000
WAVES = 500
SLEEPERS = 10
PATIENCE_SECONDS = 10.0
"""How long the server waits for somebody who stands still."""


@pytest.fixture(scope="module")
def server(shared_operator: Operator) -> Server:
    shared_operator.write("flood.py", FLOOD)
    return shared_operator.twistd("--game", "flood:Flood", "--commands-per-second", "0", "--frames-per-second", "0")


@in_thread
def test_a_flood_reaches_those_who_read_in_order_and_those_who_do_not_cost_little_and_go(server: Server) -> None:
    with contextlib.ExitStack() as stack:
        readers = [stack.enter_context(ClassroomClient(server.url("flooded"))) for _ in range(3)]
        sleepers = [stack.enter_context(SleepyClient(server.url("flooded"))) for _ in range(SLEEPERS)]
        readers[0].ask("wave", size=WAVE)
        before = highest = resident_bytes(server.pid)
        for number in range(2, WAVES + 1):
            assert readers[0].ask("wave", size=WAVE) == OK
            for reader in readers:
                assert reader.hear(number)[-1]["number"] == number
            highest = max(highest, resident_bytes(server.pid))
        for reader in readers:
            assert [event["seq"] for event in reader.events] == list(range(1, WAVES + 1))
            assert {len(event["water"]) for event in reader.events} == {WAVE}
        for sleeper in sleepers:
            server.await_log(f"closing {sleeper.address}: {SLOW_CONSUMER} ")
            messages, code = sleeper.read_to_the_end()
            # What they did get before the line was cut has no gap.
            assert [message["number"] for message in messages] == list(range(1, len(messages) + 1))
            assert len(messages) < WAVES
            assert code in (SLOW_CONSUMER, None)
    # 30 MB were sent to each of the readers; a copy for each of the sleepers would be ten times that. The journal keeps
    # them, too, and has a cache.
    assert highest - before < 32 * MEBIBYTE


@in_thread
def test_who_stands_still_for_10_s_is_closed_with_4000_while_others_play_on(server: Server) -> None:
    with (
        SleepyClient(server.url("still")) as sleeper,
        ClassroomClient(server.url("still")) as reader,
    ):
        sent = drown(sleeper, reader, "wave", size=WAVE)
        began = time.monotonic()
        closing = f"closing {sleeper.address}: {SLOW_CONSUMER} "
        until(lambda: closing in server.log, "the end of their patience", 2 * PATIENCE_SECONDS)
        assert PATIENCE_SECONDS - 2 < time.monotonic() - began < PATIENCE_SECONDS + 5
        # They are told, where they begin to read at last.
        messages, code = sleeper.read_to_the_end()
        assert code == SLOW_CONSUMER
        assert [message["number"] for message in messages] == list(range(1, len(messages) + 1))
        assert reader.ask("wave") == OK
        assert reader.events[-1]["number"] == sent + 1

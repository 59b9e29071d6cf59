"""What the benchmark measures, in which order, and with whom."""

from __future__ import annotations

from collections import Counter

from twisted.trial.unittest import SynchronousTestCase

from bench.crowds import Connection, crowd, lines, targets
from bench.dialects import CLASSIC, COLYSEUS, COLYSEUS_STATE, SOCKET_IO, STATE, STATE_DEFLATED
from bench.figures import FIGURES
from bench.rounds import plan
from bench.scenarios import BY_NAME, SCENARIOS
from bench.scenarios import STATE as STATE_SCENARIO
from bench.servers import SERVERS


class Plan(SynchronousTestCase):
    def test_every_server_comes_once_in_each_round_and_scenario(self) -> None:
        steps = list(plan(2, SCENARIOS, SERVERS))
        self.assertEqual(
            set(Counter((step.round, step.scenario.name, step.server.name) for step in steps).values()), {1}
        )
        self.assertEqual(len(steps), 2 * sum(len(SERVERS) if each.all_servers else 2 for each in SCENARIOS))

    def test_each_round_has_another_order(self) -> None:
        every = len(SERVERS)
        first = [step.server.name for step in plan(every, [BY_NAME["ask"]], SERVERS)][::every]
        self.assertEqual(len(set(first)), every)

    def test_rounds_are_one_after_the_other(self) -> None:
        numbers = [step.round for step in plan(3, SCENARIOS, SERVERS)]
        self.assertEqual(numbers, sorted(numbers))


class Scenarios(SynchronousTestCase):
    def test_each_compares_a_figure_that_there_is(self) -> None:
        for scenario in BY_NAME.values():
            self.assertIn(scenario.figure, FIGURES)

    def test_the_short_form_is_small(self) -> None:
        for scenario in SCENARIOS:
            small = scenario.small()
            self.assertLessEqual(small.connections, 12)
            self.assertEqual((small.name, small.mode, small.command), (scenario.name, scenario.mode, scenario.command))
            self.assertEqual(bool(small.senders), bool(scenario.senders))

    def test_a_short_sample_of_state_sync_is_long_enough_for_some_ticks(self) -> None:
        self.assertGreaterEqual(STATE_SCENARIO.small().least_seconds * 20, 5)


class Crowds(SynchronousTestCase):
    def test_the_first_of_each_game_send(self) -> None:
        self.assertEqual(
            list(crowd(2, 2, 1)),
            [Connection(0, 0, True), Connection(0, 1, False), Connection(1, 2, True), Connection(1, 3, False)],
        )

    def test_a_line_for_each_connection(self) -> None:
        connections = list(crowd(1, 2, 1))
        target = targets(CLASSIC, 8080, connections)
        self.assertEqual(lines(connections, target), "0\tsend\t/g0?player=p0\n0\twatch\t/g0?player=p1\n")
        self.assertEqual(lines(connections[:1], target, "A: b"), "0\tsend\t/g0?player=p0\tA: b\n")


class Dialects(SynchronousTestCase):
    def test_texts(self) -> None:
        self.assertEqual(
            SOCKET_IO.options("ask"),
            [
                *("--ready", "2", "--command", '420["ask",{"text":"%S"}]'),
                *("--first", "40", "--ping-reply-text", "2", "3"),
            ],
        )

    def test_binary(self) -> None:
        options = COLYSEUS.options("say")
        self.assertEqual(options[2:4], ["--command-hex", b"\x15\x00\xa3say\x81\xa4text\xb1%S".hex()])
        self.assertEqual(options[:2] + options[4:], ["--ready", "1", "--first-hex", "0a"])

    def test_who_only_watches_has_no_command(self) -> None:
        self.assertEqual(STATE.options(), ["--ready", "1"])
        self.assertEqual(COLYSEUS_STATE.options(), ["--ready", "2", "--first-hex", "0a"])

    def test_who_wants_it_deflated_says_so(self) -> None:
        self.assertEqual(STATE_DEFLATED.options(), ["--ready", "1", "--deflate"])

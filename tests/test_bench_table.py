"""The table of the benchmark."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from bench.figures import Spread
from bench.scenarios import SCENARIOS
from bench.servers import SERVERS
from bench.table import HEAD, as_markdown, compared, for_terminal, number, ratio_number, sections
from tests.bench_session import rounds, session, whole


class Table(SynchronousTestCase):
    def test_each_scenario_has_a_section_and_each_server_a_row(self) -> None:
        parts = list(sections(whole({})))
        self.assertEqual(len(parts), len(SCENARIOS))
        self.assertEqual(
            [len(rows) for _, rows in parts], [len(SERVERS) if each.all_servers else 2 for each in SCENARIOS]
        )
        self.assertEqual({len(row) for _, rows in parts for row in rows}, {len(HEAD)})

    def test_what_was_not_measured_is_not_there(self) -> None:
        samples = rounds("ask", "ws", "commands_per_second", 1234.0)
        ((title, rows),) = sections(session(samples))
        self.assertTrue(title.startswith("Request and reply"))
        self.assertEqual(rows, [("ws", "", "", "1,234", *[""] * 9)])

    def test_gamesvc_is_compared_with_the_peers_and_with_itself(self) -> None:
        table = dict(sections(whole({"gamesvc": 4.0, "gamesvc-sqlite": 2.0, "ws": 0.5})))
        rows = {row[0]: row[-2:] for row in next(iter(table.values()))}
        self.assertEqual(rows["ws"], ("8.00x", "4.00x"))
        self.assertEqual(rows["gamesvc, journal off"], ("", "0.50x"))
        self.assertEqual(rows["gamesvc, SQLite FULL"], ("", ""))

    def test_markdown_has_as_many_cells_in_every_line(self) -> None:
        lines = as_markdown(whole({})).splitlines()
        self.assertEqual({line.count("|") for line in lines}, {len(HEAD) + 1})

    def test_on_a_terminal_the_columns_stand_below_their_heads(self) -> None:
        lines = for_terminal(whole({})).splitlines()
        place = lines[2].index("deliveries/s") + len("deliveries/s")
        self.assertEqual({line[place - 1] for line in lines[3:6]}, {"0"})


class Numbers(SynchronousTestCase):
    def test_as_many_digits_as_say_something(self) -> None:
        numbers = [number(value) for value in (0.0123, 1.234, 12.34, 123.4, 1234567.8)]
        self.assertEqual(numbers, ["0.01", "1.23", "12.3", "123", "1,234,568"])
        self.assertEqual([ratio_number(value) for value in (0.954, 12.34, 123.4)], ["0.95", "12.3", "123"])

    def test_a_spread_is_shown_where_there_is_one(self) -> None:
        self.assertEqual(compared(Spread(1.5, 1.25, 2.0)), "1.50x (1.25 to 2.00)")
        self.assertEqual(compared(Spread(1.5, 1.5, 1.5)), "1.50x")
        self.assertEqual(compared(None), "")

"""The charts of the benchmark: well-formed, and drawn from the figures."""

from __future__ import annotations

from xml.etree import ElementTree

from twisted.trial.unittest import SynchronousTestCase

from bench import growth_chart, ratio_chart
from bench.growth_chart import medians
from bench.ratio_chart import PANELS, bars, ticks
from bench.samples import Point
from bench.servers import SERVERS
from bench.svg import Drawing
from tests.bench_session import session, whole

SVG = "{http://www.w3.org/2000/svg}"


def texts(svg: str) -> list[str]:
    return [element.text or "" for element in ElementTree.fromstring(svg).iter(f"{SVG}text")]


class Drawings(SynchronousTestCase):
    def test_texts_are_escaped(self) -> None:
        drawing = Drawing(10, 10, 'a "title" & more')
        drawing.text(1, 2, "<5 & more")
        root = ElementTree.fromstring(drawing.finished())
        self.assertEqual(root.get("aria-label"), 'a "title" & more')
        self.assertEqual(texts(drawing.finished()), ["<5 & more"])

    def test_it_can_be_read_in_the_dark(self) -> None:
        self.assertIn("prefers-color-scheme: dark", Drawing(10, 10, "").finished())


class RatioChart(SynchronousTestCase):
    def test_each_panel_has_a_row_for_each_peer(self) -> None:
        shown = texts(ratio_chart.draw(whole({"gamesvc": 3.0})))
        self.assertEqual(shown.count("ws"), len(PANELS))
        self.assertEqual(shown.count("3.00x · 1.00x"), (len(SERVERS) - 2) * len(PANELS))

    def test_peers_that_were_not_measured_are_not_there(self) -> None:
        partial = whole({})
        partial.samples = [sample for sample in partial.samples if sample.server in ("gamesvc", "ws")]
        (bar,) = bars(partial, "ask", "commands_per_cpu")
        self.assertEqual((bar.peer, bar.on), ("ws", None))
        self.assertNotIn("picows", texts(ratio_chart.draw(partial)))

    def test_it_can_be_drawn_of_nothing(self) -> None:
        ElementTree.fromstring(ratio_chart.draw(session()))

    def test_ticks_are_round(self) -> None:
        self.assertEqual(ticks(0.4, 3.0), [0.5, 1.0, 2.0])
        self.assertEqual(ticks(0.4, 300.0), [1.0, 10.0, 100.0])


class GrowthChart(SynchronousTestCase):
    def test_every_curve_has_its_panel(self) -> None:
        shown = texts(growth_chart.draw(whole({})))
        self.assertEqual(shown.count("events in the history"), 4)
        self.assertEqual(shown.count("one game"), 2)
        self.assertIn("10,000", shown)

    def test_a_point_is_the_median_of_what_was_measured_there(self) -> None:
        points = [Point("a", 10.0, {"us": value}) for value in (5.0, 1.0, 3.0)]
        points += [Point("a", 1.0, {"us": 9.0}), Point("b", 1.0, {"us": 7.0}), Point("a", 1.0, {"kb": 7.0})]
        self.assertEqual(medians(points, "a", "us"), [(1.0, 9.0), (10.0, 3.0)])
        self.assertEqual(medians(points, "a", "us", fewest=10), [(10.0, 3.0)])

    def test_it_can_be_drawn_of_one_point_and_of_nothing(self) -> None:
        ElementTree.fromstring(growth_chart.draw(session(growth=[Point("one game", 1, {"delivery_us": 0.0})])))
        ElementTree.fromstring(growth_chart.draw(session()))

    def test_what_is_spent_on_idle_games_is_a_table(self) -> None:
        self.assertEqual(len(growth_chart.idle_table(whole({})).splitlines()), 2 + len(growth_chart.IDLE))
        self.assertEqual(growth_chart.idle_table(session()), "")

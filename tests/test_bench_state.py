"""State sync in the benchmark: the game that is shown, and the table, the chart and the page of what was measured."""

from __future__ import annotations

from pathlib import Path
from random import Random
from typing import Any
from xml.etree import ElementTree

from twisted.trial.unittest import SynchronousTestCase

from bench import herd, state_chart, state_page, state_table
from bench.herd import ENTITIES, SIZE, Columns, Herd, anywhere, moved
from bench.processes import Failure
from bench.samples import Sample
from bench.scenarios import STATE
from bench.servers import STATE_SERVERS
from bench.state_table import HEAD
from gamesvc import GameModel
from gamesvc.testing import Table
from tests.bench_session import session, whole, whole_of_state

SVG = "{http://www.w3.org/2000/svg}"


class Game(SynchronousTestCase):
    def test_who_comes_to_an_edge_turns_round(self) -> None:
        self.assertEqual(moved(100.0, 100.0, 0), (100.0 + herd.STEP, 100.0, 0))
        self.assertEqual(moved(SIZE - 1, 100.0, 0), (SIZE, 100.0, 180))
        self.assertEqual(moved(100.0, 1.0, 270), (100.0, 0.0, 90))

    def test_nobody_ever_leaves_the_square(self) -> None:
        random = Random(7)
        x, y, heading = anywhere(random), anywhere(random), 77
        for _ in range(1000):
            before = x, y
            x, y, heading = moved(x, y, heading)
            self.assertTrue(0 <= x <= SIZE and 0 <= y <= SIZE)
            self.assertNotEqual((x, y), before)

    def test_at_each_tick_all_of_them_move_and_few_of_them_change_otherwise(self) -> None:
        for model in (Herd, Columns):
            before, after = a_tick_apart(model)
            self.assertEqual(len(after), ENTITIES)
            self.assertFalse([one for one, other in zip(before, after, strict=True) if one[:2] == other[:2]])
            self.assertLess(sum(one[2:] != other[2:] for one, other in zip(before, after, strict=True)), 12)

    def test_the_peers_have_the_same(self) -> None:
        script = (Path(herd.__file__).parent / "peers" / "node" / "herd.js").read_text()
        for name, value in {
            "ENTITIES": ENTITIES,
            "PERIOD": 1000 // herd.TICKS,
            "HEALTH": herd.HEALTH,
            "SIZE": int(SIZE),
            "STEP": int(herd.STEP),
        }.items():
            self.assertRegex(script, rf"\bconst {name} = {value};")


class Figures(SynchronousTestCase):
    def test_each_server_has_a_row(self) -> None:
        rows = state_table.rows(whole_of_state({}))
        self.assertEqual([row[0] for row in rows], [server.title for server in STATE_SERVERS])
        self.assertEqual({len(row) for row in rows}, {len(HEAD)})

    def test_figures_stand_below_their_heads(self) -> None:
        (row,) = [row for row in state_table.rows(whole_of_state({"ws": 0.5})) if row[0] == "ws, whole state"]
        self.assertEqual(
            dict(zip(HEAD[1:9], row[1:9], strict=True)),
            {
                "KB/s a viewer": "40.0",
                "bytes an update": "2,000",
                "updates/s": "20.0",
                "CPU ms/s": "80.0",
                "CPU µs an update": "40.0",
                "gap p50 ms": "50.0",
                "gap p99 ms": "60.0",
                "idle": "50%",
            },
        )

    def test_gamesvc_is_compared_with_the_peers_alone(self) -> None:
        rows = {row[0]: row[-4:] for row in state_table.rows(whole_of_state({"gamesvc": 2.0, "gamesvc-deflated": 4.0}))}
        self.assertEqual(rows["Colyseus, float32"], ("2.00x", "4.00x", "2.00x", "4.00x"))
        self.assertEqual(rows["gamesvc, lists, deflated"], ("", "", "", ""))

    def test_both_forms_have_the_same_rows(self) -> None:
        made = whole_of_state({})
        self.assertEqual(len(state_table.as_markdown(made).splitlines()), 2 + len(STATE_SERVERS))
        self.assertEqual(len(state_table.for_terminal(made).splitlines()), 3 + len(STATE_SERVERS))


class Chart(SynchronousTestCase):
    def test_each_panel_has_a_bar_for_each_server(self) -> None:
        shown = texts(state_chart.draw(whole_of_state({"ws": 0.5})))
        self.assertEqual(shown.count("ws, whole state"), 2)
        self.assertEqual((shown.count("40.0"), shown.count("KB/s a viewer")), (2, 1))

    def test_it_can_be_drawn_of_nothing(self) -> None:
        ElementTree.fromstring(state_chart.draw(session()))


class Page(SynchronousTestCase):
    def test_it_begins_with_the_result(self) -> None:
        text = state_page.page(whole_of_state({"gamesvc": 2.0, "colyseus": 4.0}), "")
        self.assertTrue(text.startswith("# State sync\n\n**The result.** "))
        for line in (
            "- gamesvc: 10.0 KB/s a viewer, 20.0 ms of CPU a second",
            "- Colyseus, float32: 5.00 KB/s a viewer, 10.0 ms of CPU a second; gamesvc is 0.50x (0.25x deflated) in "
            "CPU, and 0.50x (0.25x deflated) in KB/s",
        ):
            self.assertIn(line, text.splitlines())

    def test_it_holds_the_notes_and_what_could_not_be_measured(self) -> None:
        made = whole_of_state({})
        made.absent["ws"] = "there is no Node.js here"
        made.samples.append(Sample(1, "state", "colyseus", failure="it did\nnot start"))
        lines = state_page.page(made, "## What it says\n\nMuch.\n").splitlines()
        self.assertIn("## What it says", lines)
        self.assertIn("- ws, whole state was left out: there is no Node.js here", lines)
        self.assertIn(
            f"- Colyseus, float32, {STATE.title}, round 2, failed: it did not start",
            lines,
        )

    def test_it_is_written_with_its_chart_and_touches_no_other_page(self) -> None:
        checkout = Path(self.mktemp())
        (checkout / "docs").mkdir(parents=True)
        state_page.write(whole_of_state({}), checkout)
        self.assertEqual(
            sorted(path.name for path in (checkout / "docs").iterdir()), ["state-sync.md", "state-sync.svg"]
        )

    def test_only_what_is_whole_is_worth_a_page(self) -> None:
        part = whole_of_state({})
        part.samples.pop()
        with self.assertRaisesRegex(Failure, "of a part, .* 1 are not there"):
            state_page.write(part, Path(self.mktemp()))
        with self.assertRaisesRegex(Failure, "are not there"):
            state_page.write(whole({}), Path(self.mktemp()))
        with self.assertRaisesRegex(Failure, "short form"):
            state_page.write(session(short=True), Path(self.mktemp()))


def entities(state: dict[str, Any]) -> list[tuple[float, ...]]:
    """Of each its place, where it looks, and its health; whichever of the two games it is."""
    if "entities" in state:
        return [tuple(entity.values()) for entity in state["entities"].values()]
    columns = state["x"], state["y"], state["heading"].values(), state["hp"].values()
    return list(zip(*columns, strict=True))


def a_tick_apart(model: type[GameModel]) -> tuple[list[tuple[float, ...]], list[tuple[float, ...]]]:
    """All of them, at two ticks that follow each other."""
    table = Table(model, "viewer")
    table.advance(1)
    before = entities(table.state)
    table.advance(1 / herd.TICKS)
    return before, entities(table.state)


def texts(svg: str) -> list[str]:
    return [element.text or "" for element in ElementTree.fromstring(svg).iter(f"{SVG}text")]

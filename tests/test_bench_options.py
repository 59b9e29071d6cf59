"""What the command line of the benchmark refuses, and what it makes of what it takes."""

from __future__ import annotations

import contextlib
import io
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from bench.__main__ import BUILD, _chosen, _is_whole, _output, _parse, _path, _reported, _steps
from bench.servers import DEFLATED, SERVERS, STATE_SERVERS
from bench.subjects import ROOMS, STATE


class Options(SynchronousTestCase):
    def test_what_can_not_be_measured_is_refused_before_anything_is_installed(self) -> None:
        for wrong, said in {
            "--rounds=-1": "a whole number from 1 on",
            "--rounds=x": "a whole number from 1 on",
            "--seconds=0": "a number above 0",
            "--seconds=nan": "a number above 0",
            "--seconds=soon": "a number above 0",
            "--peers=,": "names nothing; there are gamesvc",
            "--peers=nobody": "there is no 'nobody'",
            "--rounds=0 --peers=ws": "--rounds 0 goes with --growth",
            "--peers=picows --scenarios=state": "none of these peers takes part",
        }.items():
            told = io.StringIO()
            with contextlib.redirect_stderr(told):
                self.assertRaises(SystemExit, _parse, wrong.split())
            self.assertIn(said, told.getvalue())

    def test_all_of_it_is_with_the_curves_and_a_part_without(self) -> None:
        self.assertTrue(_parse([]).growth)
        self.assertFalse(_parse(["--peers", "ws"]).growth)
        self.assertFalse(_parse(["--short"]).growth)

    def test_samples_of_a_whole_run_take_the_place_of_the_last_ones_when_all_are_there(self) -> None:
        self.assertEqual(_path(_parse([]), ROOMS), BUILD / "samples.new.json")
        self.assertEqual(_path(_parse(["--peers", "ws"]), ROOMS), BUILD / "partial" / "samples.json")


class Subjects(SynchronousTestCase):
    def test_without_being_told_all_of_them_are_measured(self) -> None:
        options = _parse([])
        self.assertEqual(_chosen(options), [ROOMS, STATE])
        self.assertTrue(_is_whole(options, ROOMS))
        self.assertTrue(_is_whole(options, STATE))

    def test_state_sync_can_be_measured_alone_and_leaves_the_other_samples_where_they_are(self) -> None:
        options = _parse(["--scenarios", "state"])
        self.assertEqual(_chosen(options), [STATE])
        self.assertTrue(_is_whole(options, STATE))
        self.assertEqual(_path(options, STATE), BUILD / "state" / "samples.new.json")
        self.assertEqual(_output(_parse(["--scenarios=state", "--report"]), STATE), BUILD / "state")

    def test_a_part_is_not_whole(self) -> None:
        self.assertFalse(_is_whole(_parse(["--peers", "ws"]), STATE))
        self.assertFalse(_is_whole(_parse(["--short"]), STATE))
        self.assertFalse(_is_whole(_parse(["--scenarios", "ask,state"]), ROOMS))
        every = ",".join(scenario.name for scenario in ROOMS.scenarios)
        self.assertFalse(_is_whole(_parse(["--scenarios", every]), ROOMS), "the curves are not there")

    def test_peers_are_measured_in_what_they_take_part_in(self) -> None:
        self.assertEqual(_chosen(_parse(["--peers", "picows"])), [ROOMS])
        self.assertEqual(_chosen(_parse(["--peers", DEFLATED.name])), [STATE])
        self.assertEqual(_chosen(_parse(["--rounds=0", "--growth"])), [ROOMS])

    def test_a_page_is_made_of_what_is_named(self) -> None:
        self.assertEqual(_reported(_parse(["--report", "--scenarios", "state"])), [STATE])

    def test_without_a_name_pages_are_made_of_what_was_measured(self) -> None:
        output = Path(self.mktemp())
        options = _parse(["--report", "--output", str(output)])
        self.assertEqual(_reported(options), [ROOMS], "it says then that there are no samples")
        (output / "state").mkdir(parents=True)
        (output / "state" / "samples.json").touch()
        self.assertEqual(_reported(options), [STATE])

    def test_the_short_form_asks_every_server_once(self) -> None:
        for subject, servers in ((ROOMS, SERVERS), (STATE, STATE_SERVERS)):
            steps = _steps(_parse(["--short"]), subject, list(servers))
            self.assertEqual({step.server.name for step in steps}, {server.name for server in servers})

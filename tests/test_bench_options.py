"""What the command line of the benchmark refuses, and what it makes of what it takes."""

from __future__ import annotations

import contextlib
import io

from twisted.trial.unittest import SynchronousTestCase

from bench.__main__ import BUILD, _parse, _path


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
        self.assertEqual(_path(_parse([])), BUILD / "samples.new.json")
        self.assertEqual(_path(_parse(["--peers", "ws"])), BUILD / "partial" / "samples.json")

"""Which core is whose, in the benchmark."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from bench.cores import Cores, choose, cores_in


class Choosing(SynchronousTestCase):
    def test_two_cores(self) -> None:
        self.assertEqual(choose({0, 1}, {0: {0}, 1: {1}}), Cores(server=1, generator=0))

    def test_hyperthreads_are_kept_apart(self) -> None:
        siblings = {0: {0, 2}, 1: {1, 3}, 2: {0, 2}, 3: {1, 3}}
        self.assertEqual(choose(range(4), siblings), Cores(server=3, generator=2))

    def test_where_there_are_only_those_the_figures_mean_little(self) -> None:
        cores = choose({0, 1}, {0: {0, 1}, 1: {0, 1}})
        self.assertEqual(cores[:2], (1, 0))
        self.assertIn("mean little", cores.warning)

    def test_with_one_core_the_figures_mean_nothing(self) -> None:
        cores = choose({5}, {5: {5}})
        self.assertEqual(cores[:2], (5, 5))
        self.assertIn("mean nothing", cores.warning)

    def test_lists_as_the_kernel_writes_them(self) -> None:
        self.assertEqual(cores_in("0-2,8\n"), {0, 1, 2, 8})

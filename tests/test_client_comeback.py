"""Whether, when and with which token a client comes back."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from gamesvc.client.comeback import Comeback, Loss
from gamesvc.client.failure import unreachable


def comeback(*, renewable: bool = False, tries: int = 5) -> Comeback:
    return Comeback(renewable=renewable, tries=tries, chance=lambda: 1.0)


class Coming(SynchronousTestCase):
    def test_each_wait_is_longer_until_a_connection_was_a_good_one(self) -> None:
        found = comeback()
        found.welcomed(0.0)
        cut = Loss(unreachable(""))
        self.assertEqual([found.at(1.0, cut) for _ in range(3)], [1.25, 1.5, 2.0])
        found.welcomed(2.0)
        self.assertEqual(found.at(6.9, cut), 8.9)
        found.welcomed(10.0)
        self.assertEqual(found.at(15.0, cut), 15.25)

    def test_only_who_was_never_welcome_gives_up(self) -> None:
        found = comeback(tries=2)
        cut = found.closed(None, "")
        self.assertIsNotNone(found.at(0.0, cut))
        self.assertIsNone(found.at(0.0, cut))
        found = comeback(tries=1)
        found.welcomed(0.0)
        self.assertNotIn(None, [found.at(0.0, cut) for _ in range(10)])

    def test_a_close_says_whether_to_come_back_and_how_soon(self) -> None:
        for code in (None, 1000, 1006, 1011, 4000, 4399):
            loss = comeback().closed(code, "why")
            self.assertEqual((loss.is_final, loss.least, loss.why.code), (False, 0, "unreachable"), code)
            self.assertIn("why", loss.why.message)
        self.assertEqual(comeback().closed(1012, "").least, 2)
        for code, name in ((4400, "closed_4400"), (4401, "token_expired"), (4409, "replaced"), (4999, "closed_4999")):
            loss = comeback().closed(code, "")
            self.assertEqual((loss.is_final, loss.why.code), (True, name))

    def test_a_refusal_says_so_as_well(self) -> None:
        for status in (408, 425, 429, 500, 503):
            self.assertFalse(comeback().refused(status, "", "", 0.0).is_final, status)
        for status in (301, 400, 401, 403, 404, 410, 426):
            self.assertTrue(comeback().refused(status, "", "", 0.0).is_final, status)
        waits = [comeback().refused(503, "", "", seconds).wait for seconds in (-1.0, 7.0, 1e9)]
        self.assertEqual(waits, [0.0, 7.0, 300.0])
        found = comeback()
        self.assertEqual(found.at(1.0, found.refused(503, "", "", 7.0)), 8.25)


class Renewing(SynchronousTestCase):
    def test_one_that_can_be_had_is_asked_for_at_first_and_when_it_may_be_its_fault(self) -> None:
        found = comeback(renewable=True)
        self.assertEqual([found.renews(), found.renews()], [True, False])
        found.at(0.0, found.closed(None, ""))
        self.assertTrue(found.renews(), "it did not come to be")
        found.welcomed(0.0)
        found.at(0.0, found.closed(None, ""))
        self.assertFalse(found.renews(), "the line was cut")
        found.welcomed(0.0)
        expired = found.closed(4401, "")
        self.assertFalse(expired.is_final)
        found.at(0.0, expired)
        self.assertTrue(found.renews(), "it has expired")

    def test_a_new_one_is_tried_once(self) -> None:
        found = comeback(renewable=True)
        self.assertEqual([found.refused(401, "", "", 0.0).is_final for _ in range(2)], [False, True])
        found.welcomed(0.0)
        self.assertFalse(found.refused(401, "", "", 0.0).is_final)

    def test_one_that_can_not_be_had_is_not_asked_for(self) -> None:
        self.assertFalse(comeback().renews())

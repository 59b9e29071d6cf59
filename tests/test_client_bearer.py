"""The token with which a client comes in."""

from __future__ import annotations

from typing import Any

from twisted.internet.defer import Deferred, succeed
from twisted.trial.unittest import SynchronousTestCase

from gamesvc.client.bearer import Bearer


class Bearers(SynchronousTestCase):
    def current(self, bearer: Bearer, renew: bool) -> Deferred[str | None]:
        return Deferred.fromCoroutine(bearer.current(renew))

    def test_one_that_is_given_stays_the_one(self) -> None:
        for token in ("t", None):
            bearer = Bearer(token)
            self.assertFalse(bearer.is_renewable)
            for renew in (False, True):
                self.assertEqual(self.successResultOf(self.current(bearer, renew)), token)

    def test_one_is_asked_for_when_there_is_none_or_another_is_wanted(self) -> None:
        tokens: Any = iter(("t1", succeed("t2")))
        bearer = Bearer(lambda: next(tokens))
        self.assertTrue(bearer.is_renewable)
        for renew, token in ((False, "t1"), (False, "t1"), (True, "t2"), (False, "t2")):
            self.assertEqual(self.successResultOf(self.current(bearer, renew)), token)

    def test_what_can_be_none_is_told_and_not_repeated(self) -> None:
        cases: tuple[tuple[Any, str], ...] = (
            ("s3cret x", "white space"),
            ("s3cret\r\nX: y", "white space"),
            ("s3cret\0", "no letter"),
            ("s3cret\u00e9", "no letter"),
            ("", "empty"),
            (7, "type int"),
        )
        for token, why in cases:
            with self.assertRaisesRegex(ValueError, f"that is no token .*{why}") as caught:
                Bearer(token)
            self.assertNotIn("s3cret", str(caught.exception))
            asked = self.current(Bearer(iter((token,)).__next__), True)
            self.assertNotIn("s3cret", str(self.failureResultOf(asked, ValueError).value))

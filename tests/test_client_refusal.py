"""Why a handshake was refused, as far as the answer tells."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from gamesvc.client.refusal import refusal_in

OURS = b'{"error": {"code": "wrong_game", "message": "the token is for another game", "retryable": false}}'


class Refusals(SynchronousTestCase):
    def test_one_of_ours_says_why(self) -> None:
        self.assertEqual(refusal_in({}, OURS), ("wrong_game", "the token is for another game", 0.0))

    def test_anybody_may_answer_whatever_they_like(self) -> None:
        for body in (b"", b"<html>", b"[]", b"1", b'{"error": 1}', b'{"error": {"code": "x"}}', b"\xff"):
            self.assertEqual(refusal_in({}, body)[:2], ("", ""), body)

    def test_how_long_to_wait_is_a_number_of_seconds_or_not_known(self) -> None:
        for name in ("Retry-After", "retry-after"):
            self.assertEqual(refusal_in({name: "5"}, b"").retry_after, 5.0)
        for text in ("", "soon", "Wed, 21 Oct 2026 07:28:00 GMT", "nan", "inf", "-inf"):
            self.assertEqual(refusal_in({"Retry-After": text}, OURS).retry_after, 0.0, text)

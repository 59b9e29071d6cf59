"""The header fields of every response."""

from twisted.trial.unittest import SynchronousTestCase

from gamesvc.web.headers import HEADERS


class Policy(SynchronousTestCase):
    def test_nothing_is_loaded_but_from_here_and_nothing_is_sent_but_to_servers_of_games(self) -> None:
        policy = dict(HEADERS)[b"Content-Security-Policy"].decode()
        told = dict(each.split(" ", 1) for each in policy.split("; "))
        self.assertEqual(
            told,
            {
                "default-src": "'none'",
                "script-src": "'self'",
                "style-src": "'self'",
                "img-src": "'self' data:",
                "connect-src": "'self' ws: wss:",
                "base-uri": "'none'",
                "form-action": "'none'",
                "frame-ancestors": "'none'",
            },
        )

"""What every answer has, and what is answered where a resource gives none."""

from __future__ import annotations

import json

from twisted.trial.unittest import SynchronousTestCase

from tests.web import WebWorld, request
from tests.wire import Logged


class Answers(SynchronousTestCase):
    def test_every_answer_says_what_a_browser_may_do_with_it_and_nothing_of_the_server(self) -> None:
        for target in ("/echo", "/nowhere", "/failing/error", "/failing/refused", "/streaming"):
            (response,) = WebWorld().asker().ask_for(target)
            headers = response.headers
            self.assertIn("default-src 'none'; script-src 'self'; style-src 'self'", headers["Content-Security-Policy"])
            self.assertIn("frame-ancestors 'none'", headers["Content-Security-Policy"])
            self.assertNotIn("unsafe", headers["Content-Security-Policy"])
            self.assertEqual(headers["X-Content-Type-Options"], "nosniff")
            self.assertEqual(headers["Referrer-Policy"], "no-referrer")
            self.assertEqual(headers["Cache-Control"], "no-store")
            self.assertEqual(headers["Content-Type"], "application/json")
            self.assertTrue(headers["Date"].endswith(" GMT"))
            self.assertLessEqual({"Server", "Set-Cookie"} & set(headers), set())

    def test_what_is_not_there_is_told_as_json_without_repeating_what_was_asked(self) -> None:
        for target in ("/", "/echo-me", "/echo-me/echo-me", "/%2e%2e/echo", "/%ff", "/%", "/echo%2f", "//echo", "/*"):
            asker = WebWorld().asker()
            asker.send(request(target))
            self.assertNotIn(b"echo-me", asker.transport.value())
            (response,) = asker.responses()
            self.assertEqual((response.status, response.code), (404, "not_found"), target)
            self.assertFalse(asker.is_ended)

    def test_what_a_resource_refuses_is_told_and_logged_without_its_address(self) -> None:
        logged = Logged(self)
        asker = WebWorld().asker()
        (response,) = asker.ask_for("/failing/refused?token=hunter2", "Authorization: Bearer hunter2")
        self.assertEqual((response.status, response.code, asker.is_ended), (404, "kind_not_served", False))
        self.assertIn("refused 192.0.2.1:40000: 404 kind_not_served", logged.texts())
        self.assertNotIn("hunter2", str(logged))

    def test_a_fault_is_told_by_its_incident_alone(self) -> None:
        for how, kind in (("error", RuntimeError), ("exit", SystemExit)):
            world = WebWorld()
            asker = world.asker()
            (response,) = asker.ask_for(f"/failing/{how}")
            self.assertEqual(response.status, 500)
            message = json.loads(response.body)["error"]["message"]
            self.assertEqual(message, "the server failed at this request (incident 12ab34cd)")
            self.assertEqual([type(each) for each in world.reported], [kind])
            (response,) = asker.ask_for("/echo")
            self.assertEqual(response.status, 200, "the connection is as good as before")

    def test_half_an_answer_is_never_taken_for_a_whole_one(self) -> None:
        world = WebWorld()
        asker = world.asker()
        asker.send(request("/failing/late"))
        self.assertTrue(asker.transport.lost)
        self.assertEqual(len(world.reported), 1)

    def test_forms_are_no_arguments(self) -> None:
        body = b"a=1&b=2"
        form = "Content-Type: application/x-www-form-urlencoded"
        (response,) = WebWorld().asker().ask_for("/echo", form, method="POST", body=body)
        self.assertEqual(response.body, body)

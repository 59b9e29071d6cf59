from __future__ import annotations

from typing import Any

from twisted.trial.unittest import SynchronousTestCase

import gamesvc.views
from gamesvc import Event, GameModel, Player, command
from gamesvc.model import Secret
from gamesvc.testing import Fault, Trial
from gamesvc.testing.looks import Looks, told_apart
from gamesvc.views import merge_patch


class Seen(Event):
    pass


class Plain(GameModel):
    """Shows its fields."""

    count: int = 0
    hidden: Secret[int] = 0

    @command
    def add(self, player: Player) -> None:
        self.count += 1
        self.hidden += 2


class Telling(Plain):
    """Does in its view what a view must not do."""

    def view(self, viewer: Player | None) -> dict[str, Any]:
        self.publish(Seen())
        return {}


class Revealing(Plain):
    def view(self, viewer: Player | None) -> dict[str, Any]:
        return {"hidden": self.reveal(self.hidden)}


def begun(model: type[GameModel]) -> Trial:
    trial = Trial(model)
    trial.open()
    return trial


class WhatAViewerIsShown(SynchronousTestCase):
    def test_a_view_and_what_leads_there(self) -> None:
        trial, looks = begun(Plain), Looks(Plain, None)
        self.assertEqual(looks.look(trial.standing), (b'{"count":0}', b"", ()))
        trial.send("alice", "add")
        self.assertEqual(looks.look(trial.standing), (b'{"count":1}', b'{"count":1}', ()))
        self.assertEqual(looks.look(trial.standing).patch, b"")

    def test_what_it_reveals(self) -> None:
        trial, looks = begun(Revealing), Looks(Revealing, Player("alice"))
        trial.send("alice", "add")
        self.assertEqual(looks.look(trial.standing), (b'{"hidden":2}', b"", (b"2",)))

    def test_where_two_are_not_the_same(self) -> None:
        self.assertEqual(told_apart(b'{"a":[1,2]}', b'{"a":[1,3]}'), "view['a'][1] is 2, and then 3")


class WhatIsSent(SynchronousTestCase):
    def test_a_patch_that_leads_elsewhere(self) -> None:
        # Of a model without a view of its own, too.
        self.patch(gamesvc.views, "merge_patch", lambda before, after: {**merge_patch(before, after), "more": 1})
        trial = begun(Plain)
        fault = self.assertRaises(Fault, trial.send, "alice", "add")
        self.assertEqual(fault.name, "patch")
        self.assertIn("the view of who watches is", fault.what)

    def test_a_view_that_does_more_than_look(self) -> None:
        fault = self.assertRaises(Fault, Trial(Telling).open)
        self.assertEqual(fault.name, "crash")
        self.assertIn("view only looks", fault.what)

"""What the journal has of a game, as tests compare it."""

from __future__ import annotations

import math

from msgspec import Raw, msgpack
from twisted.trial.unittest import SynchronousTestCase

from gamesvc.journal.records import Entry, Opening
from gamesvc.telling import Private, fault_name, options_of, plain, told


class Telling(SynchronousTestCase):
    def test_an_event_is_a_dict_and_one_that_not_everybody_sees_says_who_does(self) -> None:
        body = b'{"event":"Drew","cards":[1,2]}'
        event = {"event": "Drew", "cards": [1, 2]}
        self.assertEqual(told(body, None), event)
        self.assertEqual(told(body, ("alice", "bob")), Private(event, ["alice", "bob"]))
        self.assertEqual(told(body, ()), Private(event, []))

    def test_a_value_has_no_type(self) -> None:
        value = {"cells": [None, "alice"], "weight": 0.5}
        for encoded in (msgpack.encode(value), Raw(msgpack.encode(value))):
            self.assertEqual(plain(encoded), value)

    def test_what_is_no_number_equals_itself(self) -> None:
        encoded = msgpack.encode({"a": [math.nan, 1.0]})
        self.assertEqual(plain(encoded), plain(encoded))
        self.assertEqual(plain(encoded), {"a": [math.nan, 1.0]})

    def test_a_fault_is_the_name_of_an_exception(self) -> None:
        self.assertEqual(fault_name(Entry(1, "timer", 0.0, fault="KeyError (incident 7)")), "KeyError")
        self.assertEqual(fault_name(Entry(1, "timer", 0.0)), "")

    def test_options_are_those_that_a_game_began_with(self) -> None:
        opening = Opening("go", 1, b'{"size":9}', "epoch", b"seed")
        self.assertEqual(options_of(Entry(1, "opened", 0.0, opening=opening)), {"size": 9})
        self.assertEqual(options_of(Entry(2, "tick", 0.0)), {})

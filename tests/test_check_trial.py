from __future__ import annotations

from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from gamesvc import Event, GameError, GameModel, Own, Player, Secret, command, field
from gamesvc.testing import Fault, Trial
from gamesvc.testing.trial import Rehearsal
from tests import faulty_models
from tests.faulty_models import CrashInCommand


class Rang(Event):
    pass


class Told(Event):
    text: str


class Inn(GameModel, seats=(1, 3), tick=10):
    """Notes what happens to it."""

    size: int = 0
    log: list[str] = field(default_factory=list)
    budget: float = 0.0

    def setup(self, size: int = 3) -> None:
        self.size = size

    @command
    def say(self, player: Player, text: str, loud: bool = False) -> None:
        self.log.append(f"{player}: {text}{'!' if loud else ''}")

    @command
    def wait(self, player: Player, seconds: float) -> None:
        self.after(seconds, self.ring, seconds)

    @command
    def end(self, player: Player) -> None:
        self.finish(Rang())

    def ring(self, seconds: float) -> None:
        self.log.append(f"{seconds} at {self.now - 1_800_000_000}")

    def on_join(self, player: Player) -> None:
        if player == "mallory":
            raise GameError("not you")
        self.log.append(f"{player} joins")

    def on_leave(self, player: Player) -> None:
        self.log.append(f"{player} leaves")

    def on_away(self, player: Player) -> None:
        self.log.append(f"{player} is away")

    def on_back(self, player: Player) -> None:
        self.log.append(f"{player} is back")

    def on_tick(self) -> None:
        self.budget += 0.5


class Vault(GameModel, seats=2):
    """Keeps two secrets of each player, and some for itself."""

    codes: Own[dict[Player, list[int]]] = field(default_factory=dict)
    pile: Secret[list[int]] = field(default_factory=lambda: [1, 2, 3, 4])
    known: Secret[dict[Player, int]] = field(default_factory=dict)
    least: Secret[int] = 0
    noted: Secret[float] = 0.0
    shown: int = 0

    @command
    def keep(self, player: Player, code: int) -> None:
        self.codes.setdefault(player, []).append(code)

    @command
    def tell(self, player: Player) -> None:
        self.publish(Told(str(self.codes[player][0])))

    @command
    def whisper(self, player: Player) -> int:
        code = self.codes[player][0]
        self.publish(Told(str(code)), to=[player])
        return code

    @command
    def show(self, player: Player) -> None:
        self.shown = self.reveal(self.codes[player][0])

    @command
    def draw(self, player: Player) -> None:
        self.codes.setdefault(player, []).append(self.pile.pop())

    @command
    def top(self, player: Player) -> None:
        self.shown = self.pile[-1]

    def setup(self, least: int = 0) -> None:
        self.least = least

    def on_leave(self, player: Player) -> None:
        raise GameError(f"not with {self.pile[-1]} on the pile")

    @command
    def is_least(self, player: Player, number: int) -> bool:
        return number == self.least

    @command
    def note(self, player: Player) -> None:
        self.noted = self.now

    @command
    def when(self, player: Player) -> None:
        self.publish(Told(str(self.now - self.noted)))

    @command
    def learn(self, player: Player) -> int:
        return self.known[player]

    @command
    def throw(self, player: Player) -> None:
        self.known[player] = self.random.randrange(1000)
        self.publish(Told(str(self.random.randrange(6))))

    @command
    def throw_and_tell(self, player: Player) -> None:
        self.known[player] = self.random.randrange(1000)
        self.publish(Told("high" if self.known[player] > 500 else "low"))

    @command
    def roll(self, player: Player) -> None:
        self.known[player] = self.random.randrange(1000)

    @command
    def compare(self, player: Player) -> str:
        if self.known[player] > 500:
            raise GameError("high")
        return "low"


def log_of(trial: Trial) -> list[str]:
    fields = dict(zip((spec.name for spec in trial.kind.FIELDS), trial.kind.FIELDS, strict=True))
    image = dict(zip(fields, trial.standing.image, strict=True))
    log: list[str] = fields["log"].decode(image["log"])
    return log


class Steps(SynchronousTestCase):
    def setUp(self) -> None:
        self.trial = Trial(Inn)
        self.trial.open()
        self.trial.join("alice")

    def test_those_that_can_be(self) -> None:
        trial = self.trial
        trial.join("bob")
        trial.send("alice", "say", text="hello", loud=True)
        trial.away("bob")
        trial.back("bob")
        trial.leave("bob")
        self.assertEqual(
            log_of(trial),
            ["alice joins", "bob joins", "alice: hello!", "bob is away", "bob is back", "bob leaves"],
        )
        self.assertEqual((trial.players, trial.commands, trial.accepted), (["alice"], 1, 1))

    def test_those_that_can_not_be_are_left_out(self) -> None:
        trial = self.trial
        before = trial.standing
        trial.open(size=9)
        trial.join("alice")
        trial.join("mallory")
        trial.leave("bob")
        trial.away("bob")
        trial.back("alice")
        trial.advance(-1)
        for command_, arguments in (("say", {}), ("say", {"text": 1}), ("shout", {}), ("say", {"text": "", "x": 1})):
            self.assertFalse(trial.send("alice", command_, **arguments))
        self.assertFalse(trial.send("bob", "say", text="x"))
        self.assertIs(trial.standing, before)
        self.assertEqual(trial.commands, 0)

    def test_nothing_is_before_the_beginning_or_after_the_end(self) -> None:
        for trial in (Trial(Inn), self.trial):
            if trial is self.trial:
                trial.send("alice", "end")
                self.assertTrue(trial.finished)
            before = trial.standing
            trial.join("bob")
            trial.leave("alice")
            trial.away("alice")
            trial.tick()
            trial.swap("alice", ["log", 0], ["log", 1])
            trial.replace(None, "size", 3)
            self.assertFalse(trial.send("alice", "say", text="x"))
            self.assertIs(trial.standing, before)

    def test_options(self) -> None:
        trial = Trial(Inn)
        trial.open(size="x")
        self.assertFalse(trial.is_open)
        trial.open(size=7)
        self.assertEqual(trial.standing.image[0], b"\x07")

    def test_timers_ring_each_at_its_time(self) -> None:
        self.trial.send("alice", "wait", seconds=3.0)
        self.trial.send("alice", "wait", seconds=2.0)
        self.trial.advance(2.5)
        self.assertEqual(log_of(self.trial)[1:], ["2.0 at 2.0"])
        self.trial.advance(30)
        self.assertEqual(log_of(self.trial)[1:], ["2.0 at 2.0", "3.0 at 3.0"])

    def test_ticks(self) -> None:
        self.trial.tick()
        self.trial.tick()
        self.assertAlmostEqual(self.trial.now - 1_800_000_000, 0.2, places=3)
        self.assertEqual(Inn.FIELDS[2].decode(self.trial.standing.image[2]), 1.0)

    def test_the_author_s_line_of_a_crash(self) -> None:
        trial = Trial(CrashInCommand)
        trial.open()
        trial.join("alice")
        trial.join("bob")
        fault = self.assertRaises(Fault, trial.send, "alice", "set", cell=9)
        self.assertIsInstance(fault.__cause__, IndexError)
        self.assertIn("faulty_models.py, line", fault.where)

    def test_a_rehearsal_finds_a_crash_and_nothing_else(self) -> None:
        for model, what in ((faulty_models.Whole, "add"), (faulty_models.ByTheClock, "look")):
            trial = Rehearsal(model)
            trial.open()
            trial.join("alice")
            trial.join("bob")
            self.assertTrue(trial.send("alice", what))
        crash = Rehearsal(faulty_models.CrashInSetup)
        self.assertRaises(Fault, crash.open, size=0)


class WhatMayNotBeSeen(SynchronousTestCase):
    def setUp(self) -> None:
        self.trial = Trial(Vault)
        self.trial.open()
        self.trial.join("alice")
        self.trial.join("bob")
        for code in (5, 6):
            self.trial.send("alice", "keep", code=code)
        self.trial.send("bob", "keep", code=7)

    def leaks(self, *arguments: Any, **named: Any) -> str:
        fault = self.assertRaises(Fault, self.trial.send, *arguments, **named)
        self.assertEqual(fault.name, "leak")
        return str(fault.what)

    def known(self) -> dict[str, int]:
        (position,) = (index for index, spec in enumerate(Vault.FIELDS) if spec.name == "known")
        known: dict[str, int] = Vault.FIELDS[position].decode(self.trial.standing.image[position])
        return known

    def test_an_event_that_tells(self) -> None:
        for viewer in ("bob", None):
            self.trial.swap(viewer, ["codes", "alice", 0], ["codes", "alice", 1])
        self.assertIn("sees other events if codes['alice'][0] and codes['alice'][1]", self.leaks("alice", "tell"))

    def test_an_event_to_whom_it_concerns(self) -> None:
        self.trial.swap("bob", ["codes", "alice", 0], ["codes", "alice", 1])
        self.trial.send("alice", "whisper")
        self.assertEqual(self.trial.compared, 1)

    def test_what_is_revealed(self) -> None:
        self.trial.swap("bob", ["codes", "alice", 0], ["codes", "alice", 1])
        self.trial.send("alice", "show")
        # And that is the end of it: now they know.
        self.trial.send("alice", "show")
        self.assertEqual(self.trial.compared, 0)

    def test_what_comes_into_their_own_hand(self) -> None:
        for viewer in ("alice", "bob", None):
            self.trial.swap(viewer, ["pile", 2], ["pile", 3])
        self.trial.send("bob", "draw")
        # bob has seen it, as he may; the others have not.
        self.assertEqual(self.trial.compared, 3)
        self.trial.send("alice", "whisper")
        self.assertEqual(self.trial.compared, 5)

    def test_a_field_that_everybody_sees(self) -> None:
        self.trial.swap(None, ["pile", 2], ["pile", 3])
        self.assertIn(
            "is shown something else if pile[2] and pile[3] had changed places: shown is 4, and then 3",
            self.leaks("bob", "top"),
        )

    def test_other_arguments(self) -> None:
        self.trial.other_arguments("bob", code=9)
        self.trial.send("alice", "keep", code=8)
        self.trial.swap("bob", ["codes", "alice", 0], ["codes", "alice", 2])
        self.leaks("alice", "tell")

    def test_other_arguments_of_the_viewer_s_own_command_say_nothing(self) -> None:
        self.trial.other_arguments("alice", code=9)
        self.trial.send("alice", "keep", code=8)
        self.assertEqual(self.trial.compared, 0)

    def test_other_chance_and_a_reply_that_tells(self) -> None:
        for seed in range(4):
            self.trial.other_chance("bob", seed)
        self.trial.send("bob", "roll")
        self.assertIn("'bob' gets another reply if the step before had had other chance", self.leaks("bob", "compare"))

    def test_others_do_not_hear_a_reply(self) -> None:
        for seed in range(3):
            self.trial.other_chance("alice", seed)
            self.trial.send("bob", "roll")
        self.trial.send("bob", "compare")
        self.trial.send("alice", "roll")
        self.assertGreater(self.trial.compared, 3)

    def test_what_is_drawn_and_told_at_once(self) -> None:
        for seed in range(4):
            self.trial.other_chance("bob", seed)
        self.assertIn("'bob' sees other events if the step before", self.leaks("alice", "throw_and_tell"))

    def test_a_die_that_is_thrown_beside_it(self) -> None:
        for seed in range(4):
            self.trial.other_chance("bob", seed)
        self.trial.send("alice", "throw")
        self.assertGreater(self.trial.compared, 0)

    def test_other_options_and_a_reply_that_tells(self) -> None:
        self.trial = Trial(Vault)
        self.trial.other_arguments("bob", least=7)
        self.trial.open(least=3)
        self.trial.join("alice")
        self.trial.join("bob")
        self.trial.send("alice", "is_least", number=3)
        self.trial.send("bob", "is_least", number=4)
        self.assertIn("another reply if the step before had had {'least': 7}", self.leaks("bob", "is_least", number=3))

    def test_another_value_from_now_on(self) -> None:
        for keep in (False, True):
            self.trial.replace("bob", "least", 7, keep=keep)
            self.assertTrue(self.trial.send("bob", "is_least", number=3))
        self.assertIn("another reply if least had been 7", self.leaks("bob", "is_least", number=7))

    def test_when_a_step_was_made(self) -> None:
        self.trial.earlier("bob")
        self.trial.send("alice", "note")
        self.trial.advance(1.0)
        self.trial.earlier("bob")
        self.trial.send("alice", "note")
        self.assertEqual(self.trial.compared, 1)
        self.assertIn("if the step before had been made earlier", self.leaks("alice", "when"))

    def test_why_they_can_not_leave(self) -> None:
        self.trial.swap("bob", ["pile", 2], ["pile", 3])
        self.trial.swap("alice", ["pile", 1], ["pile", 2])
        self.trial.leave("alice")
        fault = self.assertRaises(Fault, self.trial.leave, "bob")
        self.assertIn("'bob' gets another reply if pile[2]", fault.what)

    def test_what_is_secret_from_whom_it_is_about(self) -> None:
        self.trial.send("alice", "roll")
        self.trial.send("bob", "roll")
        while len({number > 500 for number in self.known().values()}) < 2:
            self.trial.send("bob", "roll")
        self.trial.swap("bob", ["known", "alice"], ["known", "bob"])
        self.leaks("bob", "compare")

    def test_what_they_were_told_about_themselves(self) -> None:
        for player in ("alice", "bob"):
            self.trial.send(player, "roll")
        # Asked for, it is told; from then on it is known.
        self.trial.swap("bob", ["known", "alice"], ["known", "bob"])
        self.trial.send("bob", "learn")
        self.assertEqual(self.trial.compared, 1)
        self.trial.swap("bob", ["known", "alice"], ["known", "bob"])
        self.trial.send("bob", "compare")
        self.assertEqual(self.trial.compared, 1)

    def test_places_that_are_not_there(self) -> None:
        self.trial.swap("bob", ["codes", "carol", 0], ["pile", 0])
        self.trial.swap("bob", ["pile", 0], ["pile", 99])
        self.trial.swap("bob", ["pile"], ["pile", 0])
        self.trial.swap("bob", ["codes"], ["pile"])
        self.trial.replace("bob", "nothing", 1)
        self.trial.replace("bob", "pile", "x")
        self.trial.send("bob", "draw")
        self.assertEqual(self.trial.compared, 0)

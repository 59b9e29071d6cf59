"""Trial: a game that is played step by step, and looked at after each: what `gamesvc check` plays, and its tests.

Beside the game run others. One is the same: chance and time aside, the same steps must lead to the same. Others, its
`Twins`, differ in what one viewer may not see.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from gamesvc.context import Player
from gamesvc.model import GameError, GameModel
from gamesvc.moves import Choice
from gamesvc.signatures import CommandSpec
from gamesvc.standing import Standing, keeps_players
from gamesvc.testing import hidden, legality
from gamesvc.testing.fault import Fault, line_of
from gamesvc.testing.hidden import Path
from gamesvc.testing.likeness import shortly
from gamesvc.testing.looks import Shown
from gamesvc.testing.probe import Plain, Probe
from gamesvc.testing.runs import Act, Outcome, Run, ring, seed_bytes, unlike
from gamesvc.testing.twins import Difference, Step, Twins

START = 1_800_000_000.0
"""When games begin, in seconds since the epoch."""


WithOther = Callable[[dict[str, Any]], Act | None]
"""How a step is made with other arguments; None where it can't be."""


class Trial:
    """A game that is played step by step, and looked at after each. A step that can't be is left out.

    Each step raises `Fault` where it finds one. Tests that ``gamesvc check`` writes are made of this.

    Args:
        model: the game's class.
        seed: where the game's chance comes from.

    Attributes:
        commands: how many were sent to the model,
        accepted: and how many of these took effect.
    """

    def __init__(self, model: type[GameModel], seed: int = 0) -> None:
        self.kind = model
        self.commands = self.accepted = 0
        self.now = START
        self._seed = seed_bytes(seed)
        self._probe = Probe(model, self._seed)
        self._run = Run(self._probe)
        self._echo = Run(Plain(model, self._seed))
        self._twins = Twins(model, self._seed)
        self._differences: list[Difference] = []
        self._shown = Shown(model)
        self._senders: dict[Player, None] = {}
        self._has_secrets = hidden.has_secrets(model)
        self._has_revealed = False
        self._told: dict[str, set[str]] = {}

    # What is seen of it.

    @property
    def standing(self) -> Standing:
        """How the game stands."""
        return self._run.standing

    @property
    def is_open(self) -> bool:
        """Whether it has been set up."""
        return self.standing.entry > 0

    @property
    def players(self) -> list[Player]:
        """Who has a seat, in the order of the seats."""
        return [player for player in self.standing.seats if player is not None]

    @property
    def finished(self) -> bool:
        """Whether the game is over."""
        return self.standing.finished

    def can_play(self, player: str) -> bool:
        """Whether the model would be asked about somebody's command."""
        standing = self.standing
        if not self.is_open or standing.finished:
            return False
        return self.kind.SEATS is None or (self._is_manned and player in standing.seats)

    def legal(self, player: str) -> list[Choice]:
        """What the model says somebody may do: commands as a client sends them. Nothing where it fails at it.

        Args:
            player: who.
        """
        return legality.choices(self.kind, self.standing, Player(player))

    @property
    def _is_manned(self) -> bool:
        """Whether as many play as are needed."""
        return self.kind.SEATS is None or len(self.players) >= self.kind.SEATS[0]

    @property
    def compared(self) -> int:
        """How many steps were compared with those of a game that differs in what somebody may not see."""
        return self._twins.compared

    # Steps.

    # Positional, because options and arguments may have any name.
    def open(self, /, **options: Any) -> None:
        """Set the game up.

        Args:
            options: of ``setup``.
        """
        if self.is_open:
            return
        checked = _converted(self.kind.OPTIONS, options)
        if checked is not None:
            self._set_up(options, checked)

    def _set_up(self, options: dict[str, Any], checked: msgspec.Struct) -> None:
        def act_with(given: msgspec.Struct) -> Act:
            chosen = msgspec.structs.asdict(given)
            return lambda run, outcome: run.do(outcome, "setup", lambda: run.instance.open(self.now, (), chosen))

        def with_other(other: dict[str, Any]) -> Act | None:
            changed = _converted(self.kind.OPTIONS, {**options, **other})
            return None if changed is None or changed == checked else act_with(changed)

        self._step(act_with(checked), None, with_other)

    def join(self, name: str) -> None:
        """Somebody takes the next free seat."""
        seats = list(self.standing.seats)
        if not self.is_open or self.finished or name in seats or None not in seats:
            return
        seats[seats.index(None)] = Player(name)
        self._seat("a player joins", tuple(seats), Player(name))

    def leave(self, name: str) -> None:
        """Somebody gives their seat up."""
        standing = self.standing
        if not self.is_open or name not in standing.seats or standing.finished:
            return
        if standing.started and keeps_players(self.kind):
            return
        self._seat("a player leaves", tuple(None if each == name else each for each in standing.seats), Player(name))

    def _seat(self, doing: str, seats: tuple[Player | None, ...], player: Player) -> None:
        comer = player if player in seats else None

        def act(run: Run, outcome: Outcome) -> None:
            run.do(outcome, doing, lambda: run.instance.seat(self.now, seats, [], comer), refusable=True)

        # They alone are told why they are refused.
        self._step(act, player)

    def away(self, name: str) -> None:
        """Somebody has had no connection for a while."""
        if name in self.standing.here:
            self._presence(name, away=True)

    def back(self, name: str) -> None:
        """Somebody who was away is back."""
        if name not in self.standing.here:
            self._presence(name, away=False)

    def _presence(self, name: str, *, away: bool) -> None:
        hook = "on_away" if away else "on_back"
        is_in = self.kind.SEATS is None or name in self.standing.seats
        is_told = not self.kind.HOOKS.isdisjoint(("on_away", "on_back"))
        if is_told and self.is_open and not self.finished and is_in:
            player = Player(name)
            self._step(
                lambda run, outcome: run.do(outcome, hook, lambda: run.instance.presence(self.now, player, away=away))
            )

    def tick(self) -> None:
        """A tick comes."""
        rate = self.kind.TICK
        if rate is None or not self.is_open or self.finished or not self._is_manned:
            return
        self.now += 1 / rate
        self._step(lambda run, outcome: run.do(outcome, "on_tick", lambda: run.instance.tick(self.now)))

    def advance(self, seconds: float) -> None:
        """Time goes by, and timers that are due are called."""
        if not self.is_open or not seconds >= 0:
            return
        self.now += seconds
        self._step(lambda run, outcome: ring(run, outcome, self.now))

    def send(self, player: str, command: str, /, **arguments: Any) -> bool:
        """Somebody sends a command.

        Returns:
            Whether it took effect.
        """
        spec = self.kind.COMMANDS.get(command.lower())
        if spec is None or not self.can_play(player):
            return False
        given = _converted(spec.arguments, arguments)
        if given is None:
            return False
        self.commands += 1
        sender = Player(player)
        self._senders[sender] = None

        def act(run: Run, outcome: Outcome, sent: msgspec.Struct = given, now: float | None = None) -> None:
            run.do(
                outcome,
                f"the command {spec.name}",
                lambda: run.instance.command(self.now if now is None else now, spec.name, sender, sent),
                refusable=True,
            )

        def with_other(other: dict[str, Any]) -> Act | None:
            sent = _converted(spec.arguments, {**arguments, **other})
            return None if sent is None or sent == given else lambda run, outcome: act(run, outcome, sent)

        def at(now: float) -> Act:
            return lambda run, outcome: act(run, outcome, given, now)

        before = self.standing
        outcome = self._step(act, sender, with_other, at)
        self.accepted += outcome.accepted
        if outcome.refusal is not None:
            self._refused(before, sender, spec, given, outcome.refusal)
        return outcome.accepted

    def _refused(
        self, before: Standing, player: Player, spec: CommandSpec, given: msgspec.Struct, refusal: GameError
    ) -> None:
        choice = legality.find_named(self.kind, before, player, spec, given)
        if choice is not None:
            what = f"legal names {shortly(choice)} for {str(player)!r}, and it is refused: {refusal.code}: {refusal}"
            raise Fault("legal", what, line_of(refusal))

    # What a viewer may not see.

    def other_chance(self, viewer: str | None, seed: int) -> None:
        """In a twin the next step is to have other chance. A viewer who sees nothing of it then is not to see anything
        of it later.

        Args:
            viewer: who; None for who watches.
            seed: of the other chance.
        """
        self._differences.append(Difference(_viewer(viewer), chance=seed))

    def other_arguments(self, viewer: str | None, /, **arguments: Any) -> None:
        """In a twin the next command, which is another player's, or the game's options are to have other arguments. A
        viewer whose view is the same after it is not to see anything of it.

        Args:
            viewer: who; None for who watches.
            arguments: those that are to be others.
        """
        self._differences.append(Difference(_viewer(viewer), arguments=arguments))

    def earlier(self, viewer: str | None) -> None:
        """In a twin the next command, which is another player's, is to be sent earlier. A viewer who sees nothing of it
        is not to see when it was sent.

        Args:
            viewer: who; None for who watches.
        """
        self._differences.append(Difference(_viewer(viewer), earlier=True))

    def swap(self, viewer: str | None, one: Path | list[Any], other: Path | list[Any]) -> None:
        """In a twin two values are in each other's place from now on. A viewer who may not see them is not to see
        anything of it.

        Args:
            viewer: who; None for who watches.
            one, other: the places: each a field, and then keys and indices.
        """
        one, other = tuple(one), tuple(other)
        standing = hidden.swapped(self.kind, self.standing, one, other) if self.is_open else None
        if standing is not None and not self._knows(viewer, one) and not self._knows(viewer, other):
            how = f"if {_place(one)} and {_place(other)} had changed places"
            self._tell_apart(viewer, standing, how, {str(one[0]), str(other[0])}, keep=True)

    def replace(self, viewer: str | None, field: str, value: Any, *, keep: bool = False) -> None:
        """A viewer who may not see a field is not to be shown anything else where it has another value.

        Args:
            viewer: who; None for who watches.
            field: its name.
            value: the other one, as it is stored.
            keep: whether they are not to be shown anything else later, either: for a value that the field could have
                had from the start.
        """
        standing = hidden.replaced(self.kind, self.standing, field, value) if self.is_open else None
        if standing is not None:
            # Where a secret has come to light, what becomes of another one says nothing.
            self._tell_apart(
                viewer, standing, f"if {field} had been {value!r}", {field}, keep=keep and not self._has_revealed
            )

    def _tell_apart(self, name: str | None, there: Standing, how: str, fields: set[str], *, keep: bool) -> None:
        self._twins.begin_at(_viewer(name), self.standing, there, how, fields, keep=keep)

    def _knows(self, viewer: str | None, path: Path) -> bool:
        """Whether somebody was told, and nobody else, what has their name on it."""
        if viewer is None or viewer not in path[1:]:
            return False
        value = hidden.value_at(self.kind, self.standing, path)
        return self._told.get(viewer, set()).issuperset(hidden.leaves(value))

    def _remember(self, outcome: Outcome, sender: Player | None) -> None:
        """Remember what somebody was told, and nobody else."""
        self._has_revealed = self._has_revealed or bool(outcome.revealed)
        for body, to in outcome.events:
            if to is not None and len(to) == 1:
                for viewer in to:
                    self._told.setdefault(viewer, set()).update(hidden.leaves(msgspec.json.decode(body)))
        if sender is not None and outcome.accepted and outcome.reply is not None and outcome.reply[1]:
            self._told.setdefault(sender, set()).update(hidden.leaves(msgspec.json.decode(outcome.reply[1])))

    # How.

    def _step(
        self,
        act: Act,
        sender: Player | None = None,
        with_other: WithOther = lambda other: None,
        at: Callable[[float], Act] | None = None,
    ) -> Outcome:
        before = self.standing
        differences, self._differences = self._differences, []
        outcome = Outcome()
        act(self._run, outcome)
        if outcome.crash is not None:
            raise outcome.crash from outcome.error
        fault = self._run.fault or self._probe.rebuilt()
        if fault is not None:
            raise fault
        self._compare_with_echo(act, outcome)
        self._shown.look(self.standing, self.players if self.kind.SEATS is not None else self._senders)
        self._remember(outcome, sender)
        if self._has_secrets:
            step = Step(act, sender, with_other, at, outcome, before, self.standing)
            self._twins.go_on(step)
            for difference in differences:
                self._twins.begin_with(step, difference)
        return outcome

    def _compare_with_echo(self, act: Act, outcome: Outcome) -> None:
        echo = Outcome()
        act(self._echo, echo)
        what = unlike(self.kind, outcome, self.standing, echo, self._echo.standing)
        if what:
            raise Fault("nondeterministic", f"the same game, played twice at once, differs: {what}")


class Rehearsal(Trial):
    """A game that is played without being looked at: nothing but a crash is found."""

    def __init__(self, model: type[GameModel], seed: int = 0) -> None:
        super().__init__(model, seed)
        self._run = Run(Plain(model, self._seed))

    def _step(
        self,
        act: Act,
        sender: Player | None = None,
        with_other: WithOther = lambda other: None,
        at: Callable[[float], Act] | None = None,
    ) -> Outcome:
        outcome = Outcome()
        act(self._run, outcome)
        self.took(outcome)
        if outcome.crash is not None:
            raise outcome.crash from outcome.error
        return outcome

    def took(self, outcome: Outcome) -> None:
        """A step was made."""

    def _refused(
        self, before: Standing, player: Player, spec: CommandSpec, given: msgspec.Struct, refusal: GameError
    ) -> None:
        """Nobody looks."""

    def _tell_apart(self, name: str | None, there: Standing, how: str, fields: set[str], *, keep: bool) -> None:
        """Nobody looks."""


def _viewer(name: str | None) -> Player | None:
    return None if name is None else Player(name)


def _place(path: Path) -> str:
    return str(path[0]) + "".join(f"[{key!r}]" for key in path[1:])


def _converted(kind: type[msgspec.Struct], arguments: dict[str, Any]) -> msgspec.Struct | None:
    try:
        return legality.converted(kind, arguments)
    # A type of the author's own may check itself, and fail at that.
    except Exception:
        return None

"""Trial: a game that is played step by step, and looked at after each: what `gamesvc check` plays, and its tests.

Beside the game run others, its *twins*. One is the same: chance and time aside, the same steps must lead to the same.
Others differ in what one viewer may not see, and that viewer must not be able to tell them apart.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from hashlib import sha256
from typing import Any, NamedTuple

import msgspec

from gamesvc.context import Alarm, Player
from gamesvc.instance import Effect, Standing
from gamesvc.model import GameError, GameModel, check_code
from gamesvc.testing import hidden
from gamesvc.testing.fault import Fault, line_of
from gamesvc.testing.hidden import Look, Path, look, told_apart
from gamesvc.testing.likeness import shortly
from gamesvc.testing.probe import Plain, Probe, look_at
from gamesvc.views import apply_patch, merge_patch, shown

START = 1_800_000_000.0
MOST_TWINS = 4
MOST_ALARMS = 64
"""Timers that are called within one step; what is due then has to wait."""

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder().decode
_same = msgspec.json.Encoder(order="deterministic").encode

Action = Callable[["Run"], "Outcome"]


class Outcome:
    """What a step has come to in one run.

    Attributes:
        events: what was published, each with who sees it.
        reply: to the player; None where nobody asked.
        accepted: whether what was asked for took effect.
        revealed: what came to light on purpose.
        chance: whether chance was taken.
        rung: the timers that were called.
        error: what the model raised, if that was no refusal.
        doing: what it was doing then.
    """

    def __init__(self) -> None:
        self.events: list[tuple[bytes, frozenset[str] | None]] = []
        self.reply: tuple[str, bytes] | None = None
        self.accepted = False
        self.revealed: list[bytes] = []
        self.chance = False
        self.rung: list[tuple[float, str]] = []
        self.error: BaseException | None = None
        self.doing = ""

    def seen_by(self, viewer: Player | None) -> list[bytes]:
        """The events that a viewer sees."""
        return [body for body, to in self.events if to is None or (viewer is not None and viewer in to)]


class Run:
    """One game that is played.

    Attributes:
        instance: the running model.
        fault: the first one that was found in it, where somebody looks.
    """

    def __init__(self, instance: Plain) -> None:
        self.instance = instance
        self.fault: Fault | None = None

    @property
    def standing(self) -> Standing:
        """How the game stands."""
        return self.instance.standing

    def do(self, outcome: Outcome, doing: str, call: Callable[[], Effect | None], *, refusable: bool = False) -> None:
        """Have the model do something."""
        if outcome.error is not None:
            return
        self.instance.found = None
        try:
            effect = call()
        except GameError as refusal:
            self._note()
            outcome.reply = self._refusal(outcome, doing, refusal)
            if not refusable and outcome.error is None:
                outcome.error, outcome.doing = refusal, doing
        # Whatever the author's code raises.
        except (Exception, SystemExit) as error:
            outcome.error, outcome.doing = error, doing
        else:
            self._note()
            outcome.accepted = True
            outcome.chance = outcome.chance or self.instance.took_chance
            outcome.revealed += self.instance.revealed
            if effect is not None:
                outcome.events += effect.events
                if refusable:
                    outcome.reply = "ok", effect.result or b""

    def _note(self) -> None:
        self.fault = self.fault or self.instance.found

    def _refusal(self, outcome: Outcome, doing: str, refusal: GameError) -> tuple[str, bytes]:
        try:
            check_code(refusal.code)
            return str(refusal.code), _encode(str(refusal.message))
        except Exception as error:
            outcome.error, outcome.doing = error, doing
            return "internal_error", b""


class _Twin(NamedTuple):
    """A run that differs in what a viewer may not see."""

    viewer: Player | None
    run: Run
    how: str


class _Difference(NamedTuple):
    """How the next entry is to go in a twin."""

    viewer: Player | None
    chance: int | None
    arguments: dict[str, Any] | None


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
        self._seed = _seed_bytes(seed)
        self._probe = Probe(model, self._seed)
        self._run = Run(self._probe)
        self._echo = Run(Plain(model, self._seed))
        self._twins: list[_Twin] = []
        self._differences: list[_Difference] = []
        self._views: dict[Player | None, Any] = {}
        self._senders: dict[Player, None] = {}
        self._makes_own_views = "view" in model.HOOKS
        self._has_secrets = hidden.has_secrets(model)

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

    @property
    def _is_manned(self) -> bool:
        """Whether as many play as are needed."""
        return self.kind.SEATS is None or len(self.players) >= self.kind.SEATS[0]

    # Steps.

    # Positional, because options and arguments may have any name.
    def open(self, /, **options: Any) -> None:
        """Set the game up.

        Args:
            options: of ``setup``.
        """
        if self.is_open:
            return
        given = _checked(self.kind.OPTIONS, options)
        if given is not None:
            self._step(lambda run, outcome: run.do(outcome, "setup", lambda: run.instance.open(self.now, (), given)))

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
        if standing.started and "on_leave" not in self.kind.HOOKS:
            return
        self._seat("a player leaves", tuple(None if each == name else each for each in standing.seats))

    def _seat(self, doing: str, seats: tuple[Player | None, ...], comer: Player | None = None) -> None:
        def act(run: Run, outcome: Outcome) -> None:
            run.do(outcome, doing, lambda: run.instance.seat(self.now, seats, [], comer), refusable=True)

        self._step(act)

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
        self._step(self._ring)

    def _ring(self, run: Run, outcome: Outcome) -> None:
        for _ in range(MOST_ALARMS):
            due: list[Alarm] = [alarm for alarm in run.standing.alarms if alarm.due <= self.now]
            if not due or outcome.error is not None:
                return
            alarm = min(due, key=lambda each: (each.due, each.id))
            outcome.rung.append((alarm.due, alarm.method))

            def call(alarm: Alarm = alarm) -> Effect:
                return run.instance.alarm(alarm.due, alarm)

            run.do(outcome, f"the timer {alarm.method}", call)

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

        def act(run: Run, outcome: Outcome, sent: msgspec.Struct = given) -> None:
            run.do(
                outcome,
                f"the command {spec.name}",
                lambda: run.instance.command(self.now, spec.name, sender, sent),
                refusable=True,
            )

        def with_other(other: dict[str, Any]) -> Callable[[Run, Outcome], None] | None:
            sent = _converted(spec.arguments, {**arguments, **other})
            return None if sent is None or sent == given else lambda run, outcome: act(run, outcome, sent)

        accepted = self._step(act, sender, with_other)
        self.accepted += accepted
        return accepted

    # What a viewer may not see.

    def other_chance(self, viewer: str | None, seed: int) -> None:
        """In a twin the next step is to have other chance. A viewer who sees nothing of it then is not to see anything
        of it later.

        Args:
            viewer: who; None for who watches.
            seed: of the other chance.
        """
        self._differences.append(_Difference(None if viewer is None else Player(viewer), seed, None))

    def other_arguments(self, viewer: str | None, /, **arguments: Any) -> None:
        """In a twin the next command, which is another player's, is to have other arguments. A viewer whose view is the
        same after it is not to see anything of it.

        Args:
            viewer: who; None for who watches.
            arguments: those that are to be others.
        """
        self._differences.append(_Difference(None if viewer is None else Player(viewer), None, arguments))

    def swap(self, viewer: str | None, one: Path | list[Any], other: Path | list[Any]) -> None:
        """In a twin two values are in each other's place from now on. A viewer who may not see them is not to see
        anything of it.

        Args:
            viewer: who; None for who watches.
            one, other: the places: each a field, and then keys and indices.
        """
        one, other = tuple(one), tuple(other)
        standing = hidden.swapped(self.kind, self.standing, one, other) if self.is_open else None
        if standing is not None:
            values = tuple(hidden.value_at(self.kind, self.standing, path) for path in (one, other))
            how = f"{_place(one)} and {_place(other)} had changed places"
            self._tell_apart(viewer, standing, (values[0], values[1]), how, {str(one[0]), str(other[0])}, keep=True)

    def replace(self, viewer: str | None, field: str, value: Any) -> None:
        """A viewer who may not see a field is not to be shown anything else where it has another value.

        Args:
            viewer: who; None for who watches.
            field: its name.
            value: the other one, as it is stored.
        """
        standing = hidden.replaced(self.kind, self.standing, field, value) if self.is_open else None
        if standing is not None:
            was = hidden.value_at(self.kind, self.standing, (field,))
            # A state that is not one of the game's: what would become of it says nothing.
            self._tell_apart(viewer, standing, (was, value), f"{field} had been {value!r}", {field}, keep=False)

    def _tell_apart(
        self, name: str | None, standing: Standing, values: tuple[Any, Any], how: str, fields: set[str], *, keep: bool
    ) -> None:
        viewer = None if name is None else Player(name)
        try:
            here, there = self._look(self._run, viewer), look(self.kind, standing, viewer)
        except (Exception, SystemExit):
            return
        marked = all(spec.secret or spec.own for spec in self.kind.FIELDS if spec.name in fields)
        if here.view != there.view:
            if here.revealed == there.revealed and marked and not hidden.is_shown_openly(here.view, there.view, values):
                raise Fault(
                    "leak",
                    f"{_viewer(viewer)} would be shown another view if {how}: {told_apart(here.view, there.view)}",
                )
            return
        if keep and len(self._twins) < MOST_TWINS:
            self._twins.append(_Twin(viewer, Run(Plain(self.kind, self._seed, standing)), f"if {how}"))

    # How.

    def _step(
        self,
        act: Callable[[Run, Outcome], None],
        sender: Player | None = None,
        with_other: Callable[[dict[str, Any]], Callable[[Run, Outcome], None] | None] | None = None,
    ) -> bool:
        before = self.standing
        differences, self._differences = self._differences, []
        outcome = Outcome()
        act(self._run, outcome)
        if outcome.error is not None:
            raise self._crash(outcome) from outcome.error
        if self._run.fault is not None:
            raise self._run.fault
        rebuilt = self._probe.rebuilt()
        if rebuilt is not None:
            raise rebuilt
        self._compare_with_echo(act, outcome)
        self._look_at_views()
        if self._has_secrets:
            self._go_on(act, sender, outcome, before)
            for difference in differences:
                self._begin(act, sender, with_other, outcome, before, difference)
        return outcome.accepted

    def _crash(self, outcome: Outcome) -> Fault:
        error = outcome.error
        what = f"{outcome.doing} raised {type(error).__name__}: {error}"
        if isinstance(error, GameError):
            what += ", where nobody is there who could be refused"
        return Fault("crash", what, "" if error is None else line_of(error))

    def _compare_with_echo(self, act: Callable[[Run, Outcome], None], outcome: Outcome) -> None:
        echo = Outcome()
        act(self._echo, echo)
        what = unlike(self.kind, outcome, self._run.standing, echo, self._echo.standing)
        if what:
            raise Fault("nondeterministic", f"the same game, played twice at once, differs: {what}")

    def _look_at_views(self) -> None:
        if not self._makes_own_views:
            return
        viewers = self.players if self.kind.SEATS is not None else list(self._senders)
        for viewer in (*viewers, None):
            view = self._proper_view(viewer)
            before = self._views.get(viewer)
            if before is not None:
                patch = _decode(_encode(merge_patch(before, view)))
                patched = apply_patch(before, patch)
                if _same(patched) != _same(view):
                    what = f"the view of {_viewer(viewer)} is {shortly(view)}, and with the patch {shortly(patched)}"
                    raise Fault("patch", what)
            self._views[viewer] = view

    def _proper_view(self, viewer: Player | None) -> Any:
        model = look_at(self.kind, self.standing)
        looks = []
        for _ in range(2):
            try:
                made: Any = model.view(viewer)
            except (Exception, SystemExit) as error:
                raise Fault("crash", f"view raised {type(error).__name__}: {error}", line_of(error)) from error
            whose = f"the view of {_viewer(viewer)}"
            if not isinstance(made, dict):
                raise Fault("patch", f"{whose} is {shortly(made)}, and has to be a dict")
            try:
                plain = shown(made)
                encoded = _encode(plain)
                decoded = _decode(encoded)
            except Exception as error:
                raise Fault("patch", f"{whose} can't be sent: {error}: {shortly(made)}") from error
            odd = _oddity(made, "view")
            if odd or not isinstance(decoded, dict):
                raise Fault("patch", f"{whose} is not what clients would have: {odd}")
            looks.append((encoded, decoded))
        if looks[0][0] != looks[1][0]:
            raise Fault(
                "nondeterministic", f"{whose} differs when it is made twice: {told_apart(looks[0][0], looks[1][0])}"
            )
        for spec, stored in zip(self.kind.FIELDS, self.standing.image, strict=True):
            if msgspec.msgpack.encode(getattr(model, spec.name)) != stored:
                now = shortly(getattr(model, spec.name))
                was = shortly(spec.decode(stored))
                raise Fault("nondeterministic", f"{whose} changes the state: {spec.name} was {was}, and then {now}")
        return looks[0][1]

    def _look(self, run: Run, viewer: Player | None) -> Look:
        return look(self.kind, run.standing, viewer)

    # Twins.

    def _go_on(
        self, act: Callable[[Run, Outcome], None], sender: Player | None, outcome: Outcome, before: Standing
    ) -> None:
        going, self._twins = self._twins, []
        for twin in going:
            other = Outcome()
            earlier = twin.run.standing
            act(twin.run, other)
            if self._is_alike(twin, outcome, other, sender, (before, earlier)):
                # How many entries there were is no affair of anybody's, and chance depends on it.
                if twin.run.standing.entry != self.standing.entry:
                    twin.run.instance.go_back(twin.run.standing._replace(entry=self.standing.entry))
                self._twins.append(twin)

    def _begin(
        self,
        act: Callable[[Run, Outcome], None],
        sender: Player | None,
        with_other: Callable[[dict[str, Any]], Callable[[Run, Outcome], None] | None] | None,
        outcome: Outcome,
        before: Standing,
        difference: _Difference,
    ) -> None:
        """Begin a twin with the step that was just made, if its viewer does not see that step."""
        viewer, chance, arguments = difference
        doing: Callable[[Run, Outcome], None] | None = act
        if arguments is not None:
            doing = with_other(arguments) if with_other is not None and sender != viewer else None
        if (
            doing is None
            or not outcome.accepted
            or len(self._twins) >= MOST_TWINS
            or (chance is not None and not outcome.chance)
        ):
            return
        seed = self._seed if chance is None else _seed_bytes(chance) + b"other"
        run = Run(Plain(self.kind, seed, before if before.entry else None))
        other = Outcome()
        doing(run, other)
        if other.error is not None or not other.accepted or other.revealed != outcome.revealed:
            return
        if run.standing.image == self.standing.image:
            return
        how = f"if the step before had had {'other chance' if arguments is None else f'{arguments}'}"
        twin = _Twin(viewer, Run(Plain(self.kind, self._seed, run.standing)), how)
        try:
            here, there = self._look(self._run, viewer), self._look(twin.run, viewer)
        except (Exception, SystemExit):
            return
        if here != there or _open(run.standing) != _open(self.standing):
            return
        seen, also = outcome.seen_by(viewer), other.seen_by(viewer)
        if arguments is not None and seen != also and self._hides_something(viewer, run.standing):
            raise Fault(
                "leak", f"{_viewer(viewer)} sees other events if the step had had {arguments}: {_events(seen, also)}"
            )
        if seen == also and (sender != viewer or outcome.reply == other.reply):
            self._twins.append(twin)

    def _hides_something(self, viewer: Player | None, standing: Standing) -> bool:
        """Whether what differs between here and there is in fields that are marked as hidden."""
        return all(
            spec.secret or spec.own
            for spec, one, other in zip(self.kind.FIELDS, self.standing.image, standing.image, strict=True)
            if one != other
        )

    def _is_alike(
        self,
        twin: _Twin,
        outcome: Outcome,
        other: Outcome,
        sender: Player | None,
        before: tuple[Standing, Standing],
    ) -> bool:
        """Whether the twin goes on."""
        viewer = twin.viewer
        if other.error is not None or outcome.revealed != other.revealed:
            return False
        if outcome.rung != other.rung and (outcome.chance or other.chance):
            return False
        try:
            looks = self._look(self._run, viewer), self._look(twin.run, viewer)
        except (Exception, SystemExit):
            return False
        if looks[0].revealed != looks[1].revealed:
            return False
        differs = looks[0].view != looks[1].view
        if differs and hidden.has_come_to(self.kind, looks, before):
            return False
        whose = _viewer(viewer)
        if sender is not None and sender == viewer and outcome.reply != other.reply:
            here, there = (f"{each[0]} {each[1].decode()}" if each else "" for each in (outcome.reply, other.reply))
            raise Fault("leak", f"{whose} gets another reply {twin.how}: {shortly(here)} and {shortly(there)}")
        seen, also = outcome.seen_by(viewer), other.seen_by(viewer)
        if seen != also:
            raise Fault("leak", f"{whose} sees other events {twin.how}: {_events(seen, also)}")
        if _open(self.standing) != _open(twin.run.standing):
            raise Fault("leak", f"{whose} can see from who plays, or from the end of the game, {twin.how}")
        if differs:
            what = told_apart(looks[0].view, looks[1].view)
            raise Fault("leak", f"{whose} is shown another view {twin.how}: {what}")
        return not self.finished


class Rehearsal(Trial):
    """A game that is played without being looked at: nothing but a crash is found."""

    def __init__(self, model: type[GameModel], seed: int = 0) -> None:
        super().__init__(model, seed)
        self._run = Run(Plain(model, self._seed))

    def _step(
        self,
        act: Callable[[Run, Outcome], None],
        sender: Player | None = None,
        with_other: Callable[[dict[str, Any]], Callable[[Run, Outcome], None] | None] | None = None,
    ) -> bool:
        outcome = Outcome()
        act(self._run, outcome)
        self.took(outcome)
        if outcome.error is not None:
            raise self._crash(outcome) from outcome.error
        return outcome.accepted

    def took(self, outcome: Outcome) -> None:
        """A step was made."""

    def _tell_apart(
        self, name: str | None, standing: Standing, values: tuple[Any, Any], how: str, fields: set[str], *, keep: bool
    ) -> None:
        """Nobody looks."""


def unlike(kind: type[GameModel], one: Outcome, standing: Standing, other: Outcome, after: Standing) -> str:
    """What differs between two runs of the same step; empty where nothing does."""
    if other.error is not None:
        return f"once, {other.doing} raised {other.error!r}"
    if one.reply != other.reply:
        return f"the reply is {one.reply}, and {other.reply}"
    if one.events != other.events:
        return f"the events are {_events([e for e, _ in one.events], [e for e, _ in other.events])}"
    for spec, here, there in zip(kind.FIELDS, standing.image, after.image, strict=True):
        if here != there:
            return f"{spec.name} is {shortly(spec.decode(here))}, and {shortly(spec.decode(there))}"
    if standing != after:
        return "the timers, or the end of the game"
    return ""


def _open(standing: Standing) -> tuple[object, ...]:
    """What everybody knows beside the state."""
    return standing.finished, standing.seats, standing.outcome


def _events(one: list[bytes], other: list[bytes]) -> str:
    return f"{shortly([each.decode() for each in one])} and {shortly([each.decode() for each in other])}"


def _viewer(viewer: Player | None) -> str:
    return "who watches" if viewer is None else repr(str(viewer))


def _place(path: Path) -> str:
    return str(path[0]) + "".join(f"[{key!r}]" for key in path[1:])


def _oddity(value: Any, where: str) -> str:
    """What in a view is lost when it is sent."""
    if isinstance(value, Mapping):
        keys = [key if isinstance(key, str) else msgspec.to_builtins({key: 0}, str_keys=True) for key in value]
        names = [key if isinstance(key, str) else next(iter(key)) for key in keys]
        if len(set(names)) < len(names):
            return f"{where} has two keys that are the same as text: {shortly(list(value))}"
        for key, part in value.items():
            found = _oddity(part, f"{where}[{key!r}]")
            if found:
                return found
    elif isinstance(value, (list, tuple)):
        for index, part in enumerate(value):
            found = _oddity(part, f"{where}[{index}]")
            if found:
                return found
    elif isinstance(value, float) and (value != value or value in (float("inf"), float("-inf"))):
        return f"{where} is {value!r}, which JSON has no number for"
    return ""


def _seed_bytes(seed: int) -> bytes:
    return sha256(b"gamesvc check %d" % seed).digest()


def _converted(kind: type[msgspec.Struct], arguments: dict[str, Any]) -> msgspec.Struct | None:
    try:
        return msgspec.convert(arguments, kind)
    # A type of the author's own may check itself, and fail at that.
    except Exception:
        return None


def _checked(kind: type[msgspec.Struct], options: dict[str, Any]) -> Mapping[str, object] | None:
    given = _converted(kind, options)
    return None if given is None else msgspec.structs.asdict(given)

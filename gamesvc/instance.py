"""Instance: one running model, and what each call does to it: wholly, or not at all.

How a game stands between two entries is a `Standing`, which never changes: to go back is to load an old one. An
instance runs ahead of the journal by as many entries as wait for it; its server remembers the standing to go back to.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import msgspec

from gamesvc.alarms import call_alarm
from gamesvc.context import Alarm, Context, Player
from gamesvc.image import Image, restore, settle
from gamesvc.journal.records import BotSeat
from gamesvc.messages import encode_finished
from gamesvc.model import GameModel
from gamesvc.standing import Effect, Standing, is_playable, taken
from gamesvc.undeclared import note_undeclared

MAX_STATE_BYTES = 1 << 20
"""How large a model's encoded fields may become."""

MAX_RESULT_BYTES = 1 << 16
"""How large what a command returns may be, as JSON: the last results of each player are kept."""

_NOTHING: Mapping[str, object] = {}
_encode_result = msgspec.json.Encoder().encode


class Instance:
    """A running model.

    Args:
        model: its class.
        seed: where its chance comes from.
        standing: how it stands; None for one that is to be opened.

    Attributes:
        standing: how it stands now.
        wanted: how many may have a seat, where these are fewer than there are seats; None: all seats may be taken.
    """

    def __init__(self, model: type[GameModel], seed: bytes, standing: Standing | None = None) -> None:
        self.kind = model
        self._context = Context(seed)
        self._model = model()
        self._model._context = self._context
        seats = (None,) * (model.SEATS or (0, 0))[1]
        self.standing = standing or Standing(0, 0.0, (), seats)
        self.wanted: int | None = None
        if standing is not None:
            self.go_back(standing)

    @property
    def players(self) -> tuple[Player, ...]:
        """Who plays, in the order of the seats."""
        return self._context.players

    @property
    def is_playable(self) -> bool:
        """Whether as many have a seat as are needed."""
        return is_playable(self.kind, self.standing)

    def has_room(self, seats: Sequence[Player | None]) -> bool:
        """Whether one more may take a seat.

        Args:
            seats: who has each.
        """
        free = seats.count(None)
        return free > 0 and (self.wanted is None or len(seats) - free < self.wanted)

    @property
    def took_chance(self) -> bool:
        """Whether what ran last has asked for chance."""
        return self._context.took_chance

    def open(self, now: float, players: tuple[str, ...] = (), options: Mapping[str, object] = _NOTHING) -> Effect:
        """Set the game up.

        Args:
            now: seconds since the epoch.
            players: who has the first seats; of a model that is not told of that.
            options: of `setup`, checked.

        Raises:
            Exception: whatever `setup` raises.
        """
        free = self.standing.seats
        taken = [Player(name) for name in players[: len(free)]]
        seats = (*taken, *free[len(taken) :])
        return self._run(
            now, self._model.setup, given=options, players=tuple(taken), seats=seats, started=self._is_full(seats)
        )

    def seat(
        self,
        now: float,
        seats: tuple[Player | None, ...],
        events: list[bytes],
        comer: Player | None = None,
        *,
        tell: bool = True,
        bots: tuple[BotSeat, ...] | None = None,
    ) -> Effect:
        """Let players take seats, and give them up; and bots play for them.

        Args:
            now: seconds since the epoch.
            seats: all of them, as they are from now on.
            events: what everybody is told.
            comer: who has come, of those who take a seat: the others are not connected.
            tell: whether the model is told, if it has hooks for it.
            bots: all of them, from now on; None: as before, but for those whose player has left.

        Raises:
            GameError: the model does not want it; nothing has changed.
            BaseException: the model failed; nothing has changed.
        """
        before = self.standing
        started = before.started or self._is_full(seats)
        if bots is None:
            bots = before.bots and tuple([each for each in before.bots if each.player in seats])
        hooks = self.kind.HOOKS
        joined = [player for player in seats if player is not None and player not in before.seats]
        left = [player for player in before.seats if player is not None and player not in seats]
        here = before.here.difference(left) | {comer} if comer in joined else before.here.difference(left)
        if not tell or not (
            (joined and "on_join" in hooks)
            or (left and before.started and "on_leave" in hooks)
            or (started > before.started and "on_start" in hooks)
        ):
            self._context.begin(before.entry + 1, now)
            after = before._replace(
                entry=before.entry + 1, now=self._context.now, seats=seats, started=started, here=here, bots=bots
            )
            self._stand(after)
            return Effect(before, after, [(event, None) for event in events])

        def call() -> None:
            context = self._context
            context.events = [(event, None) for event in events]
            if before.started:
                for player in left:
                    self._model.on_leave(player)
            # One by one, as if they had come one after the other.
            for count, player in enumerate(joined, 1):
                context.players = tuple([each for each in taken(seats) if each not in joined[count:]])
                self._model.on_join(player)
            if started and not before.started:
                self._model.on_start()

        staying = tuple([each for each in taken(seats) if each not in joined])
        return self._run(now, call, players=staying, seats=seats, started=started, here=here, bots=bots)

    def _is_full(self, seats: tuple[Player | None, ...]) -> bool:
        """Whether as many seats are taken as are needed."""
        return self.kind.SEATS is not None and len(seats) - seats.count(None) >= self.kind.SEATS[0]

    def presence(self, now: float, player: Player, *, away: bool) -> Effect:
        """Tell the model that a player is away, or back; one that has a hook for it.

        Args:
            now: seconds since the epoch.
            player: who.
            away: whether they are.

        Raises:
            BaseException: the model failed; nothing has changed.
        """
        hook = self._model.on_away if away else self._model.on_back
        before = self.standing.here
        return self._run(now, hook, (player,), here=before - {player} if away else before | {player})

    def miss(self, now: float, player: Player, *, away: bool) -> Effect:
        """Note that a player is away, or back, because the model failed when it was told."""
        before = self.standing.here
        return self._run(now, lambda: None, here=before - {player} if away else before | {player})

    def tick(self, now: float) -> Effect | None:
        """Run a tick.

        Args:
            now: seconds since the epoch.

        Returns:
            None where nothing has come of it: it is as if it had not run.

        Raises:
            BaseException: the model failed; nothing has changed.
        """
        before = self.standing
        effect = self._run(now, self._model.on_tick)
        after = effect.after
        is_idle = (
            after.image is before.image
            and not effect.events
            and after.alarms is before.alarms
            and not after.finished
            # The next one is to have another chance.
            and not self._context.took_chance
        )
        if is_idle:
            self._stand(before)
        return None if is_idle else effect

    def skip(self, now: float) -> Effect:
        """Have nothing come of a tick, because it failed."""
        return self._run(now, lambda: None)

    def command(self, now: float, method: str, player: Player, arguments: msgspec.Struct) -> Effect:
        """Run a command.

        Args:
            now: seconds since the epoch.
            method: the model's.
            player: who sent it.
            arguments: checked.

        Raises:
            GameError: the model refuses it; nothing has changed.
            BaseException: the model failed; nothing has changed.
        """
        given = msgspec.structs.asdict(arguments)
        return self._run(now, getattr(self._model, method), (player,), given, returns=method)

    def alarm(self, now: float, alarm: Alarm) -> Effect:
        """Run what was to come, if that is still so.

        Args:
            now: seconds since the epoch.
            alarm: one of those of the standing.

        Raises:
            BaseException: the model failed; nothing has changed, and the alarm is still to come.
        """
        return self._run(now, call_alarm, (self._model, alarm), consumed=alarm)

    def drop(self, now: float, alarm: Alarm) -> Effect:
        """Have an alarm not come any more, because it failed."""
        return self._run(now, lambda: None, consumed=alarm)

    def go_back(self, standing: Standing) -> None:
        """Stand as at another time."""
        self._stand(standing)
        restore(self._model, standing.image)

    def _stand(self, standing: Standing) -> None:
        self.standing = standing
        context = self._context
        context.entry = standing.entry
        context.now = standing.now
        context.players = taken(standing.seats)
        context.alarms = standing.alarms
        context.last_alarm = standing.last_alarm
        context.finished = standing.finished
        context.outcome = standing.outcome
        context.events = []

    def _run(
        self,
        now: float,
        call: Callable[..., object],
        arguments: tuple[object, ...] = (),
        given: Mapping[str, object] = _NOTHING,
        *,
        players: tuple[Player, ...] | None = None,
        consumed: Alarm | None = None,
        returns: str = "",
        **changes: object,
    ) -> Effect:
        # `players` are those that the call begins with; `changes` those of the standing that are not the model's.
        before = self.standing
        context = self._context
        context.begin(before.entry + 1, now)
        if players is not None:
            context.players = players
        if consumed is not None:
            context.alarms = tuple(alarm for alarm in context.alarms if alarm.id != consumed.id)
        try:
            value = call(*arguments, **given)
            result = _result(returns, value) if returns and value is not None else None
            image = self._settle(before.image)
        # SystemExit and KeyboardInterrupt, too: whatever the caller makes of them, nothing has happened.
        except BaseException as error:
            if before.entry:
                self.go_back(before)
            note_undeclared(self._model, error)
            raise
        if context.finished:
            context.alarms = ()
            if not before.finished:
                context.events.append((encode_finished(context.outcome), None))
        after = Standing(
            context.entry,
            context.now,
            image,
            before.seats,
            context.alarms,
            context.last_alarm,
            context.finished,
            context.outcome,
            before.started,
            before.here,
            before.bots,
        )
        if changes:
            after = after._replace(**changes)  # type: ignore[arg-type]  # by their names, which mypy does not follow
            context.players = taken(after.seats)
        self.standing = after
        return Effect(before, after, context.events, result)

    def _settle(self, before: Image) -> Image:
        image = settle(self._model, before or None)
        if image is before:
            return image
        size = sum(map(len, image))
        if size > MAX_STATE_BYTES:
            raise ValueError(f"the model's state has {size} bytes, the most is {MAX_STATE_BYTES}")
        return image


def _result(command: str, value: object) -> bytes:
    if isinstance(value, GameModel):
        raise TypeError(f"{command} returns the game itself, secrets and all; return what the player may know")
    try:
        encoded = _encode_result(value)
    except Exception as error:
        raise TypeError(f"{command} returned what can't be sent: {error}") from error
    if len(encoded) > MAX_RESULT_BYTES:
        raise ValueError(f"{command} returned {len(encoded)} bytes, the most is {MAX_RESULT_BYTES}")
    return encoded

"""GameServer: one game, the only place where a command takes effect, and who takes part in it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from msgspec import UNSET, Raw

from gamesvc.attendance import Attendance, Member, Participant
from gamesvc.bell import Bell
from gamesvc.clock import GameClock
from gamesvc.context import Alarm, Player
from gamesvc.errors import (
    GAME_OVER,
    ID_REUSED,
    JOURNAL_DOWN,
    NOT_A_PLAYER,
    NOT_STARTED,
    UNAVAILABLE,
    UNKNOWN_COMMAND,
    CloseCode,
    ErrorCode,
    Fenced,
    JournalError,
    RequestRefused,
)
from gamesvc.eventlog import EventLog, Place, Viewer
from gamesvc.happening import PendingAlarm, PendingPresence, PendingTick
from gamesvc.history import Found, History
from gamesvc.instance import Effect, Instance
from gamesvc.journal.records import Entry, Opening
from gamesvc.messages import Request, Welcome, encode_error, encode_ok, encode_presence, encode_welcome
from gamesvc.mirror import Mirror
from gamesvc.order import Order
from gamesvc.pending import Answer, PendingCommand, Role
from gamesvc.publisher import GamePublisher
from gamesvc.receipts import Receipts
from gamesvc.saver import Saver
from gamesvc.seating import PendingChange, PendingSeat
from gamesvc.showing import Showing
from gamesvc.subscription import Subscription
from gamesvc.surroundings import Surroundings
from gamesvc.ticker import Ticker
from gamesvc.views import Views

_RETRY_SECONDS = 1.0

_FRAMEWORK = "gamesvc."
SIT, LEAVE = f"{_FRAMEWORK}sit", f"{_FRAMEWORK}leave"
"""gamesvc's own commands: take a free seat, and give one up."""


@dataclass(frozen=True)
class Beginning:
    """Where a game server takes its game up.

    Attributes:
        term: of the claim under which it writes.
        opening: what the game began with.
        instance: the model, as it stands.
        receipts: of its commands.
        log: of its events.
        since_snapshot: how many entries the journal has after the last snapshot.
        is_new: whether it is created just now.
        is_plain: whether that published nothing and took no chance.
    """

    term: int
    opening: Opening
    instance: Instance
    receipts: Receipts
    log: EventLog
    since_snapshot: int = 0
    is_new: bool = False
    is_plain: bool = False


class GameServer:
    """One game: its model, its publisher, and the controllers of those who are connected.

    Args:
        game: the game's id.
        begin: where it is taken up.
        publisher: sends the events; the game's own.
        around: what it is lent.
        gone: is called when somebody else has taken the game over.
    """

    def __init__(
        self,
        game: str,
        begin: Beginning,
        publisher: GamePublisher,
        around: Surroundings,
        gone: Callable[[GameServer], None],
    ) -> None:
        self.game = game
        self.kind = begin.opening.game_kind
        self.publisher = publisher
        self.instance = begin.instance
        self.receipts = begin.receipts
        self.pending_ids: dict[tuple[str, str], PendingCommand] = {}
        self.model = begin.instance.kind
        self.commands = self.model.COMMANDS
        self.now = GameClock(around.wall, around.monotonic, self.instance.standing.now).now
        self._fewest = (self.model.SEATS or (0, 0))[0]
        self._opening = begin.opening
        self._term = begin.term
        self._around = around
        self._gone = gone
        self._watches = not self.model.HOOKS.isdisjoint(("on_away", "on_back"))
        self._attendance = Attendance(
            around.later,
            around.monotonic,
            around.max_connections_per_player,
            self._presence,
            always=self._watches,
        )
        self._order = Order(game, begin.term, self, publisher, around, self)
        self._saver = Saver(game, begin.term, self.model, begin.opening, begin.since_snapshot, around)
        self._bell = Bell(around.later, self.now, self._ring)
        # Under other durabilities the journal has no events.
        read = partial(around.journal.history, game) if self.model.DURABILITY == "every" else None
        self._history = History(
            publisher.log, read, lambda: self._order.standing.entry, around.later, around.monotonic, publisher.schedule
        )
        self._was_entered = not begin.is_new
        self._is_plain = begin.is_plain
        self._is_lost = False
        self.views = Views(self.model)
        publisher.pictures = Showing(self.views, publisher.log, lambda: self._order.standing, self.failed)
        # What came since the last tick.
        self._inputs: list[PendingCommand] = []
        self._ticker: Ticker | None = None
        if self.model.TICK is not None:
            self._ticker = Ticker(self.model.TICK, around.later, around.monotonic, self.now, self._tick_game)

    # What others may know.

    @property
    def controllers(self) -> tuple[Participant, ...]:
        """Those who are connected, in the order in which they came."""
        return self._attendance.controllers

    @property
    def players(self) -> list[Player | None]:
        """The names in the order of the seats, None where one is free."""
        return list(self._order.standing.seats)

    @property
    def finished(self) -> bool:
        """Whether the game is over."""
        return self._order.standing.finished

    @property
    def closed(self) -> bool:
        """Whether nothing takes effect here any more."""
        return self._order.closed

    @property
    def untouched(self) -> bool:
        """Whether nothing has happened in it that another game of the same id would not have, too: no command took
        effect, no chance was taken, nobody who was in it has a seat, no timer is to come."""
        standing = self.instance.standing
        empty = not any(standing.seats) or not self._was_entered
        return self._is_plain and standing.entry <= 1 and empty and not standing.alarms and self.quiet

    @property
    def changed(self) -> bool:
        """Whether something has happened since the last snapshot."""
        return self._saver.changed

    @property
    def quiet(self) -> bool:
        """Whether nothing waits for the journal."""
        return self._order.is_even and not self._history.is_busy and not self._inputs

    # Who takes part.

    def admit(
        self,
        name: str,
        players: tuple[str, ...] | None,
        spectate: bool,
        answer: Callable[[Role | RequestRefused], None],
    ) -> None:
        """Say as whom somebody takes part, and give them their seat.

        Args:
            name: theirs.
            players: who plays this game, by their token; the first such list seats them in its order.
                None: whoever comes takes the next free seat.
            spectate: whether they came to watch.
            answer: gets their role, or why they are not let in; when that is durable.
        """
        if self._order.closed or self._order.is_stalled:
            answer(RequestRefused(JOURNAL_DOWN))
        else:
            self._order.take(PendingSeat(name, players, spectate, answer))

    def find_place(self, role: Role, epoch: str | None, since: int | None, found: Found) -> None:
        """Find where somebody stands who comes back.

        Args:
            role: theirs.
            epoch: the one that they knew; None where they want all the history.
            since: the number of the last event that they have had; None where they don't come back.
            found: gets their place; None where what they missed can't be told.
        """
        wants_all = epoch is None and since == 0
        if since is None or not (wants_all or epoch == self._epoch(role)):
            found(None)
        else:
            self._history.find(Viewer(role.sees, framework=True), since, found)
            if self._history.is_busy:
                self.waits()

    def join(self, controller: Participant, role: Role, subscription: Subscription | None = None) -> Member:
        """Take a connection in. A player's oldest one goes where they have too many.

        Args:
            controller: the connection's.
            role: as whom it takes part.
            subscription: where its frames go, if it is to be told when its role changes.

        Returns:
            Whose `submit` takes its commands.
        """
        member = Member(role, self.submit, subscription)
        self.enter(controller, member)
        return member

    def enter(self, controller: Participant, member: Member) -> None:
        """Take a connection in, of which it is known how it takes part."""
        self._was_entered = True
        self._attendance.enter(controller, member)
        if member.role.playing and self._watches:
            self._note(member.role.player)
        self._set_ticker()

    def leave(self, controller: Participant) -> None:
        """Take a connection out; once more is harmless."""
        self._attendance.leave(controller)
        self._set_ticker()

    def audience(self, role: Role) -> str | None:
        """Those who are shown the same state as somebody."""
        return self.views.audience(role.sees)

    def greet(self, role: Role, subscription: Subscription, place: Place | None, *, missed: bool = False) -> None:
        """Send the first frame of a ``gamesvc.v1`` connection, or of one whose role has changed.

        Args:
            role: theirs.
            subscription: where their frames go.
            place: from which on they get the events; None: from now on.
            missed: whether they came back, and can't be told what they missed: they get the state instead.
        """
        # Who is told what they missed gets the state after that.
        is_shown = place is None and (missed or isinstance(subscription, Mirror))
        subscription.greet(self.welcome(role, place, show_state=is_shown))
        if is_shown and isinstance(subscription, Mirror):
            subscription.basis = self._order.standing

    def welcome(self, role: Role, place: Place | None, *, show_state: bool) -> bytes:
        """The first frame of a ``gamesvc.v1`` connection: where the game stands for this viewer.

        Args:
            role: theirs.
            place: from which on they get the events; None: from now on.
            show_state: whether they are to see the state.

        Raises:
            ViewError: the model failed at showing it.
        """
        standing = self._order.standing
        return encode_welcome(
            Welcome(
                game=self.game,
                kind=self.kind,
                epoch=self._epoch(role),
                seq=self.publisher.log.head(Viewer(role.sees, framework=True)),
                resumed=place is not None,
                player=role.player,
                playing=role.playing,
                players=list(standing.seats),
                present=list(self._attendance.present),
                state=Raw(self.views.state(standing, self.audience(role))) if show_state else UNSET,
                finished=standing.finished or UNSET,
                outcome=Raw(standing.outcome) if standing.outcome else UNSET,
            )
        )

    def _epoch(self, role: Role) -> str:
        # A player and a spectator of the same name count different events.
        return self._opening.epoch if role.playing else f"{self._opening.epoch}.public"

    # What takes effect.

    def submit(self, role: Role, request: Request, answer: Answer) -> None:
        """Let a command take effect, or refuse it; nothing has changed where it is refused.

        Args:
            role: who sent it.
            request: the command.
            answer: gets the reply's payload, after the events that the command caused are in the log.
        """
        command = PendingCommand(role, request, answer)
        if command.key is not None and self._is_known(command, answer):
            return
        if self._order.closed or self._order.is_stalled:
            answer(encode_error(UNAVAILABLE, id=request.id))
            return
        if request.command.startswith(_FRAMEWORK):
            self._change_seat(role, request, answer)
            return
        if command.key is not None:
            self.pending_ids[command.key] = command
        if self._ticker is not None and self._ticker.runs:
            self._inputs.append(command)
        else:
            self._order.take(command)

    def _change_seat(self, role: Role, request: Request, answer: Answer) -> None:
        sits = request.command == SIT
        if request.command not in (SIT, LEAVE):
            answer(encode_error(UNKNOWN_COMMAND, f"gamesvc's own commands are {SIT} and {LEAVE}", request.id))
        else:
            changed = partial(self._seat_changed, role.player, sits)
            self._order.take(PendingChange(role, request.id, sits=sits, answer=answer, changed=changed))

    def _seat_changed(self, player: Player, sits: bool) -> None:
        """Have all connections of a player take part as those who have a seat, or not; each is told."""
        if not self._order.standing.seats:
            return
        if not sits:
            self._attendance.forget(player)
        role = Role(player, playing=sits)
        for controller, member in self._attendance.members(player):
            if member.role == role:
                continue
            member.role = role
            subscription = member.subscription
            if subscription is None or subscription.paused or not subscription.viewer.framework:
                # They can't be told, or not now: they come back.
                controller.close(CloseCode.RESYNC)
                continue
            subscription.drain()
            subscription.look_as(subscription.viewer._replace(player=role.sees))
            if isinstance(subscription, Mirror):
                subscription.audience = self.audience(role)
            self.greet(role, subscription, None)
        if sits:
            self._attendance.came(player)

    def _is_known(self, command: PendingCommand, answer: Answer) -> bool:
        """Answer a command that was there before, under its id. Comes before every other check."""
        player, id = command.key or ("", "")
        earlier = self.pending_ids.get((player, id))
        if earlier is not None:
            if earlier.digest == command.digest:
                earlier.join(answer)
            else:
                answer(encode_error(ID_REUSED, id=id))
            return True
        receipt = self.receipts.find(player, id)
        if receipt is None:
            return False
        same = receipt.digest == command.digest
        answer(encode_ok(id, receipt.result, duplicate=True) if same else encode_error(ID_REUSED, id=id))
        return True

    def refuses(self, role: Role) -> ErrorCode | None:
        """Why somebody can't do anything in the game, as it stands; None where they can."""
        if not role.playing:
            return NOT_A_PLAYER
        if self.instance.standing.finished:
            return GAME_OVER
        if self._fewest and len(self.instance.players) < self._fewest:
            return NOT_STARTED
        return None

    def failed(self, what: str, fault: BaseException) -> str:
        """Tell the operator of a fault in the model. Returns the incident's id."""
        return self._around.report(f"game {self.game} ({self.kind}), {what}", fault)

    # Who is away.

    def _presence(self, player: Player, away: bool) -> None:
        """A player is away, or back."""
        if self._order.closed:
            return
        told = partial(self.publisher.notify, encode_presence(player, away=away))
        if self._watches and not self._order.is_stalled:
            self._order.take(PendingPresence(player, away=away, settled=told))
        else:
            told()

    def _note(self, player: Player) -> None:
        """Tell the model that a player is there, of whom it does not know that yet."""
        if player not in self.instance.standing.here and not self._order.closed and not self._order.is_stalled:
            self._order.take(PendingPresence(player, away=False, settled=lambda: None))

    # Ticks.

    def _set_ticker(self) -> None:
        """Tick where there is somebody for whom, and something to tick."""
        ticker = self._ticker
        if ticker is None:
            return
        standing = self._order.standing
        has_begun = self.model.SEATS is None or len(self.instance.players) >= self._fewest
        if has_begun and len(self._attendance) and not standing.finished and not self._order.closed:
            ticker.start()
        else:
            ticker.stop()
            self._take_inputs()

    def _take_inputs(self) -> None:
        inputs, self._inputs = self._inputs, []
        for command in inputs:
            if self._order.closed or self._order.is_stalled:
                command.fail(self)
            else:
                self._order.take(command)

    def _tick_game(self, due: float) -> None:
        self._take_inputs()
        if not self._order.is_stalled:
            for alarm in self._due_alarms():
                self._order.take(PendingAlarm(alarm))
            tick = PendingTick(due)
            self._order.take(tick)
            if tick.entry is not None and tick.entry.fault and self._ticker is not None:
                self._ticker.rest()

    # What follows.

    def waits(self) -> None:
        """Something waits for the journal, or will."""
        self._around.attended.add(self)

    def kept(self, entry: Entry) -> None:
        """An entry is durable, as far as the game's durability goes."""
        self._saver.count(entry)

    def settled(self) -> None:
        """Everything of an append was said."""
        self._set_bell()
        self._set_ticker()
        self.publisher.changed()
        if self.model.DURABILITY == "snapshot":
            self.waits()
        elif self.model.DURABILITY == "every" and self._saver.is_due:
            self.save(clean=True)

    def went_back(self) -> None:
        """The game stands as it stood before: timers are to come as before, but not at once, because the journal has
        just failed."""
        self._set_bell(_RETRY_SECONDS)

    def lost(self) -> None:
        """Somebody else has the game now."""
        self._is_lost = True
        self._bell.silence()
        self._attendance.stop()
        self._set_ticker()
        self._history.expire()
        for controller in self.controllers:
            controller.close(CloseCode.GAME_MOVED)
        self._gone(self)

    def stalled(self) -> None:
        """The journal takes long."""
        self._history.expire()

    def _ring(self) -> None:
        if self._order.closed:
            return
        if self._order.is_stalled:
            self._set_bell(_RETRY_SECONDS)
            return
        # Where the game ticks, they take effect at the next tick.
        if self._ticker is None or not self._ticker.runs:
            for alarm in self._due_alarms():
                self._order.take(PendingAlarm(alarm))
            self._set_bell()

    def _due_alarms(self) -> list[Alarm]:
        now = self.now()
        due = [alarm for alarm in self.instance.standing.alarms if alarm.due <= now]
        return sorted(due, key=lambda alarm: (alarm.due, alarm.id))

    def _set_bell(self, at_least: float = 0.0) -> None:
        if not self._order.closed:
            self._bell.set(self.instance.standing.wake_at, at_least)

    # From beginning to end.

    def start(self) -> None:
        """Let timers ring from now on: what the game stands on is durable."""
        self._set_bell()
        if self._watches:
            self._attendance.expect(Player(name) for name in self._order.standing.here)

    def open(self, effect: Effect, opened: Callable[[JournalError | None], None]) -> None:
        """Have the journal keep the game, which was just set up.

        Args:
            effect: of setting it up.
            opened: is told when that is durable, or why it can't be.
        """

        def done(error: JournalError | None) -> None:
            if error is None:
                self.start()
            opened(error)

        self._order.open(self._opening, effect, done)

    def renew(self, *, changed: bool, renewed: Callable[[JournalError | None], None]) -> None:
        """Have the journal keep that the game goes on under the opening of today.

        Args:
            changed: whether the state was brought to another version of the model.
            renewed: is told when that is durable, or why it can't be.
        """
        self._order.renew(self._opening, changed, renewed)

    @property
    def is_stalled(self) -> bool:
        """Whether the journal does not say what became of something."""
        return self._order.is_stalled

    def tick(self) -> bool:
        """Look after what takes long, a few times a second. Says whether there is something left to look after."""
        if not self._order.is_even:
            self._order.look()
        if self._history.is_busy:
            self._history.look()
        saves = self.model.DURABILITY == "snapshot" and not self._order.closed
        if saves and self._saver.is_due:
            self.save(clean=False)
        return not self.quiet or (saves and self._saver.changed)

    def save(self, *, clean: bool, saved: Callable[[JournalError | None], None] | None = None) -> None:
        """Have the journal keep how the game stands.

        Args:
            clean: whether nothing will happen to it that is not journaled.
            saved: is told when that is durable, or why it can't be.
        """

        def done(error: JournalError | None) -> None:
            if isinstance(error, Fenced) and not self._is_lost:
                self._order.closed = True
                self.lost()
            elif error is not None:
                self.waits()  # to be saved later
            if saved is not None:
                saved(error)

        self._saver.save(
            self._order.standing,
            self.publisher.log.counts,
            self.receipts,
            self._order.wake_at,
            clean=clean,
            saved=done,
        )

    def drain(self) -> None:
        """Let nothing more take effect; what waits for the journal still does."""
        self._order.closed = True
        self._bell.silence()
        self._attendance.stop()
        self._set_ticker()

    def carry_on(self) -> None:
        """After `drain`: it could not go to sleep."""
        self._order.closed = self._is_lost
        self.start()

    def stop(self, code: CloseCode) -> None:
        """Send what is due, as long as connections take it, and close them all. Nothing takes effect any more."""
        self.drain()
        self.publisher.flush()
        for controller in self.controllers:
            controller.close(code)

    def discard(self) -> None:
        """Have the journal forget a game in which nothing has happened."""
        self.drain()
        self._around.journal.discard(self.game, self._term, lambda error: None)

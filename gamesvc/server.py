"""GameServer: one game, the only place where a command takes effect, and who takes part in it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from gamesvc.attendance import Member, Participant
from gamesvc.clock import GameClock
from gamesvc.context import Player
from gamesvc.errors import (
    GAME_BUSY,
    GAME_OVER,
    ID_REUSED,
    JOURNAL_DOWN,
    NOT_A_PLAYER,
    NOT_STARTED,
    UNAVAILABLE,
    CloseCode,
    ErrorCode,
    Fenced,
    JournalError,
    RequestRefused,
)
from gamesvc.eventlog import EventLog, Place, Viewer
from gamesvc.game_bots import GameBots
from gamesvc.history import Found, History
from gamesvc.instance import Instance
from gamesvc.journal.records import Entry, Opening
from gamesvc.messages import Request, encode_error, encode_ok
from gamesvc.order import Order
from gamesvc.pending import Answer, Asked, PendingCommand, Role
from gamesvc.publisher import GamePublisher
from gamesvc.receipts import Receipts
from gamesvc.reception import BOT, Reception, is_framework_command
from gamesvc.rhythm import Rhythm
from gamesvc.saver import Saver
from gamesvc.seating import PendingChange, PendingSeat
from gamesvc.seating_bots import PendingBot
from gamesvc.standing import Effect, Standing
from gamesvc.subscription import Subscription
from gamesvc.surroundings import Surroundings

MAX_WAITING = 64
"""How much may wait for a model that blocks, before nobody is let in any more."""


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
        self.pending_ids: dict[tuple[str, str], Asked] = {}
        self.model = begin.instance.kind
        self.commands = self.model.COMMANDS
        self._clock = GameClock(around.wall, around.monotonic, self.instance.standing.now)
        self._fewest = (self.model.SEATS or (0, 0))[0]
        self._opening = begin.opening
        self._term = begin.term
        self._around = around
        self._gone = gone
        self._order = Order(game, begin.term, self, publisher, around, self)
        self._saver = Saver(game, begin.term, self.model, begin.opening, begin.since_snapshot, around)
        # Under other durabilities the journal has no events.
        read = partial(around.journal.history, game) if self.model.DURABILITY == "every" else None
        self._history = History(
            publisher.log, read, lambda: self._order.standing.entry, around.later, around.monotonic, publisher.schedule
        )
        self._was_entered = not begin.is_new
        self._is_plain = begin.is_plain
        self._is_lost = False
        self._begins: int | None = None
        # As was told last to who wants to know how games stand.
        self._told: Standing | None = None
        self._reception = Reception(
            game, self.kind, self.model, begin.opening.epoch, self._order, publisher, around, self.failed
        )
        self._rhythm = Rhythm(self, self._order, around, lambda: self._reception.is_attended)
        self._bots = GameBots(
            game,
            self.kind,
            self.model,
            begin.opening.seed,
            self._order,
            self._reception,
            self.submit,
            around,
            self._bot_failed,
            self.failed,
        )

    # What others may know.

    @property
    def controllers(self) -> tuple[Participant, ...]:
        """Those who are connected, in the order in which they came."""
        return self._reception.controllers

    @property
    def standing(self) -> Standing:
        """How it stands, as far as that is durable."""
        return self._order.standing

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
        return self._order.is_even and not self._history.is_busy and self._rhythm.is_even and not self._bots.is_busy

    @property
    def has_bots(self) -> bool:
        """Whether bots play in it."""
        return bool(self._order.standing.bots)

    def now(self) -> float:
        """The game's time, in seconds since the epoch."""
        return self._rhythm.now(self._clock.now())

    # Who takes part.

    def admit(
        self,
        name: str,
        players: tuple[str, ...] | None,
        spectate: bool,
        answer: Callable[[Role | RequestRefused], None],
        *,
        returns: bool = False,
        operates: bool = False,
    ) -> None:
        """Say as whom somebody takes part, and give them their seat.

        Args:
            name: theirs.
            players: who plays this game, by their token; the first such list seats them in its order.
                None: whoever comes takes the next free seat.
            spectate: whether they came to watch.
            answer: gets their role, or why they are not let in; when that is durable.
            returns: whether they were here before: then they are given no seat that they don't have.
            operates: whether they may have bots play.
        """
        if self._order.closed or self._order.is_stalled:
            answer(RequestRefused(JOURNAL_DOWN))
        elif self._order.waiting >= MAX_WAITING:
            answer(RequestRefused(GAME_BUSY))
        else:

            def admitted(outcome: Role | RequestRefused) -> None:
                self._admitted(seat, answer, outcome)

            seat = PendingSeat(name, players, spectate, admitted, returns=returns, operates=operates)
            self._order.take(seat)

    def _admitted(
        self, seat: PendingSeat, answer: Callable[[Role | RequestRefused], None], outcome: Role | RequestRefused
    ) -> None:
        self._reception.expect(seat.seated)
        if isinstance(outcome, Role) and outcome.playing:
            # While they are told: what came of it that they sit down is theirs to see.
            self._begins = self.publisher.log.end - seat.told
        answer(outcome)
        self._begins = None

    def has_epoch(self, epoch: str) -> bool:
        """Whether this names the game's history of today, as a player or a spectator knows it."""
        return epoch in [self._reception.epoch(Role(Player(""), playing=playing)) for playing in (True, False)]

    def still_has(self, role: Role) -> bool:
        """Whether somebody who was let in has not given up their seat meanwhile, on another connection."""
        seats = self._order.standing.seats
        return not (role.playing and seats) or role.player in seats

    def find_place(
        self, role: Role, epoch: str | None, since: int | None, found: Found, *, framework: bool = True
    ) -> None:
        """Find where somebody stands who was let in: from which event on they are told of events.

        Args:
            role: theirs.
            epoch: the one that they knew; None where they want all the history.
            since: the number of the last event that they have had; None where they don't come back.
            found: gets their place; None where it is the end, or what they missed can't be told.
            framework: whether they see gamesvc's own events.
        """
        wants_all = epoch is None and since == 0
        log = self.publisher.log
        if since is None and self._begins is not None and self._begins < log.end:
            found(log.place_at(Viewer(role.sees, framework=framework), self._begins))
        elif since is None or not (wants_all or epoch == self._reception.epoch(role)):
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
        self._reception.enter(controller, member)
        self._rhythm.keep()
        self._bots.look()

    def leave(self, controller: Participant) -> None:
        """Take a connection out; once more is harmless."""
        self._reception.leave(controller)
        self._rhythm.keep()
        self._bots.look()

    def audience(self, role: Role) -> str | None:
        """Those who are shown the same state as somebody."""
        return self._reception.audience(role)

    def greet(self, role: Role, subscription: Subscription, place: Place | None, *, came_back: bool = False) -> None:
        """Send the first frame of a ``gamesvc.v1`` connection, as `Reception.greet` says."""
        self._reception.greet(role, subscription, place, came_back=came_back)

    def welcome(self, role: Role, place: Place | None, *, show_state: bool) -> bytes:
        """The first frame of a ``gamesvc.v1`` connection that comes, or comes back, as `Reception.welcome` says."""
        return self._reception.welcome(role, place, show_state=show_state, resumed=place is not None)

    # What takes effect.

    def submit(self, role: Role, request: Request, answer: Answer) -> None:
        """Let a command take effect, or refuse it; nothing has changed where it is refused.

        Args:
            role: who sent it.
            request: the command.
            answer: gets the reply's payload, after the events that the command caused are in the log.
        """
        command = self._asked(role, request, answer)
        if command.key is not None and self._is_known(command, answer):
            return
        if self._order.closed or self._order.is_stalled:
            answer(encode_error(UNAVAILABLE, id=request.id))
            return
        if command.key is not None:
            self.pending_ids[command.key] = command
        self._rhythm.take(command)

    def _asked(self, role: Role, request: Request, answer: Answer) -> PendingCommand | PendingChange | PendingBot:
        if is_framework_command(request.command):
            if request.command.lower() == BOT:
                return self._bots.pending(role, request, answer)
            change = self._reception.change_of_seat(role, request, answer)
            if change is not None:
                return change
        return PendingCommand(role, request, answer)

    def _is_known(self, command: Asked, answer: Answer) -> bool:
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
        seats = self.instance.standing.seats
        # Who gives their seat up may have sent more before they are told that they have none.
        if not role.playing or (seats and role.player not in seats):
            return NOT_A_PLAYER
        if self.instance.standing.finished:
            return GAME_OVER
        if self._fewest and len(self.instance.players) < self._fewest:
            return NOT_STARTED
        return None

    def failed(self, what: str, fault: BaseException) -> str:
        """Tell the operator of a fault in the model. Returns the incident's id."""
        return self._around.report(f"game {self.game} ({self.kind}), {what}", fault)

    def _bot_failed(self, player: str, bot: str, what: str) -> None:
        sort = f"{self.kind} {bot} {what}"
        self._around.warn(sort, f"game {self.game} ({self.kind}), the bot {bot} for {player!r}: {what}")

    # What follows.

    def waits(self) -> None:
        """Something waits for the journal, or will."""
        self._around.attended[self] = None

    def kept(self, entry: Entry) -> None:
        """An entry is durable, as far as the game's durability goes."""
        self._saver.count(entry)

    def settled(self) -> None:
        """Everything of an append was said."""
        self._rhythm.keep()
        self._bots.look()
        self.publisher.changed()
        self._tell()
        if self.model.DURABILITY == "snapshot":
            self.waits()
        elif self.model.DURABILITY == "every" and self._saver.is_due:
            self.save(clean=True)

    def _tell(self) -> None:
        now, told = self._order.standing, self._told
        if (
            told is None
            or now.seats is not told.seats
            or now.started is not told.started
            or now.finished is not told.finished
        ):
            self._told = now
            self._around.stood(self.game, now)

    def went_back(self) -> None:
        """The game stands as it stood before: timers are to come as before, but not at once, because the journal has
        just failed."""
        self._rhythm.keep(after_failure=True)

    def lost(self) -> None:
        """Somebody else has the game now."""
        self._is_lost = True
        self._reception.stop()
        self._bots.stop()
        self._rhythm.keep()
        self._history.expire()
        for controller in self.controllers:
            controller.close(CloseCode.GAME_MOVED)
        self._gone(self)

    def stalled(self) -> None:
        """The journal takes long."""
        self._history.expire()

    # From beginning to end.

    def start(self) -> None:
        """Let timers ring from now on: what the game stands on is durable."""
        self._rhythm.keep()
        self._reception.start()
        self._bots.look()
        self._tell()

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

    def save(
        self, *, clean: bool, asleep: bool = False, saved: Callable[[JournalError | None], None] | None = None
    ) -> None:
        """Have the journal keep how the game stands.

        Args:
            clean: whether nothing will happen to it that is not journaled.
            asleep: whether the game goes to sleep, so that its bots have nothing to do.
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
            self._order.rings_at if asleep else self._order.wake_at,
            clean=clean,
            saved=done,
        )

    def drain(self) -> None:
        """Let nothing more take effect; what waits for the journal still does."""
        self._order.closed = True
        self._reception.stop()
        self._rhythm.keep()
        self._bots.stop()

    def carry_on(self) -> None:
        """After `drain`: it could not go to sleep."""
        self._order.closed = self._is_lost
        self.start()

    def stop(self, code: CloseCode) -> None:
        """Send what is due, as long as connections take it, and close them all. Nothing takes effect any more."""
        self.drain()
        self._order.give_up()
        self.publisher.flush()
        for controller in self.controllers:
            controller.close(code)

    def discard(self) -> None:
        """Have the journal forget a game in which nothing has happened."""
        self.drain()
        self._around.journal.discard(self.game, self._term, lambda error: None)

"""Order: one game's order, from what is judged to what is durable and said.

The model runs ahead of the journal:

    taken -> judged on the model as it stands -> gathers -> in flight to the journal -> durable: events, then answers

One append is in flight at a time; what is judged in one turn of the reactor, or while one is in flight, gathers and
goes together. What was judged on a state leaves when that state is durable, refusals and admissions too. Where the
journal refuses an append, the game goes back to what is durable: what was in the append fails, and what was judged
after it is judged again. Where the journal does not say what became of an append, nothing more is judged until it does.

A model that blocks is run in a thread, still one thing at a time: what is taken meanwhile waits in line. The model is
not touched here while that goes on: to go back has to wait for it.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Protocol

import msgspec

from gamesvc.errors import Fenced, JournalError
from gamesvc.journal.records import Entry, Opening
from gamesvc.limits import OVERDUE_SECONDS
from gamesvc.pending import Game, Pending
from gamesvc.publisher import GamePublisher
from gamesvc.standing import Effect, Standing, has_people, opening_entry, stored_fields
from gamesvc.surroundings import Surroundings

BOTS_WAKE_SECONDS = 30.0
"""After what time a game in which a bot plays is woken, should the server fail."""


class Follower(Protocol):
    """Who has to know how a game's order goes on."""

    def waits(self) -> None:
        """Something waits for the journal."""

    def kept(self, entry: Entry) -> None:
        """An entry is durable, as far as the game's durability goes."""

    def settled(self) -> None:
        """Everything of an append was said."""

    def went_back(self) -> None:
        """The game stands as it stood before."""

    def lost(self) -> None:
        """Somebody else has the game now."""

    def stalled(self) -> None:
        """The journal takes long."""


class Order:
    """One game's order.

    Args:
        id: the game's.
        term: of the claim under which it is written.
        game: what is judged on.
        publisher: gets the events.
        around: the journal, and clocks.
        follower: who has to know.

    Attributes:
        standing: how the game stands as far as it is durable; everything that leaves is of this.
        closed: whether nothing is to be taken any more.
        is_stalled: whether the journal does not say what became of an append.
    """

    def __init__(
        self, id: str, term: int, game: Game, publisher: GamePublisher, around: Surroundings, follower: Follower
    ) -> None:
        self._id = id
        self._term = term
        self._game = game
        self._instance = game.instance
        self._publisher = publisher
        self._around = around
        self._follower = follower
        self._journals = game.instance.kind.DURABILITY == "every"
        self._blocks = game.instance.kind.BLOCKING
        # Of a model that blocks: what waits for it, what it is at, and where it is to go back to after that.
        self._line: deque[Pending] = deque()
        self._judging: Pending | None = None
        self._back_to: Standing | None = None
        self._again: list[Pending] = []
        self._has_failed = False
        self._is_lost = False
        self._in_flight: list[Pending] = []
        self._since = 0.0
        self._gathered: list[Pending] = []
        self._answering = False
        self._is_scheduled = False
        self.standing: Standing = game.instance.standing
        self.closed = False
        self.is_stalled = False

    @property
    def is_even(self) -> bool:
        """Whether everything that was judged is durable, and said."""
        return not (self._in_flight or self._gathered or self._answering or self._judging or self._line)

    @property
    def wake_at(self) -> float | None:
        """When the game wants to be woken, should the server fail, by the journal's clock: its own may be ahead."""
        standing = self._instance.standing
        if standing.bots and not standing.finished and has_people(standing):
            # A bot may have something to do, and somebody's clock may be running in the game. Not at once: while the
            # game is awake, it would be among those that the journal names at each look.
            soon = self._around.wall() + BOTS_WAKE_SECONDS
            return soon if self.rings_at is None else min(soon, self.rings_at)
        return self.rings_at

    @property
    def rings_at(self) -> float | None:
        """When the next timer is due, by the journal's clock."""
        due = self._instance.standing.wake_at
        return None if due is None else self._around.wall() + (due - self._game.now())

    def renew(self, opening: Opening, changed: bool, renewed: Callable[[JournalError | None], None]) -> None:
        """Have the journal keep that the game goes on under another opening, before anything is taken.

        Args:
            opening: it.
            changed: whether the state was brought to another version of the model.
            renewed: is told when that is durable, or why it can't be.
        """
        model = self._instance.kind
        effect = self._instance.seat(self._game.now(), self.standing.seats, [])
        entry = effect.entry(model, "renewed", opening=opening)
        if changed:
            entry = msgspec.structs.replace(entry, changed=stored_fields(model, effect.after.image))
        self._append_alone(effect, entry, renewed)

    def open(self, opening: Opening, effect: Effect, opened: Callable[[JournalError | None], None]) -> None:
        """Have the journal keep a game that was just set up, before anything is taken.

        Args:
            opening: what it began with.
            effect: of setting it up.
            opened: is told when that is durable, or why it can't be.
        """
        self._append_alone(effect, opening_entry(effect, self._instance.kind, opening), opened)

    def _append_alone(self, effect: Effect, entry: Entry, then: Callable[[JournalError | None], None]) -> None:
        def done(error: JournalError | None) -> None:
            if error is None:
                self._keep(effect, entry)
            then(error)

        self._around.journal.append(self._id, self._term, effect.before.entry, [entry], self.wake_at, done)

    def take(self, pending: Pending) -> None:
        """Let something take effect, or be refused."""
        if self._blocks:
            self._line.append(pending)
            self._judge_next()
        else:
            pending.judge(self._game)
            self._judged(pending)

    def _judge_next(self) -> None:
        if self._line and self._judging is None:
            judging = self._judging = self._line.popleft()
            self._around.aside(lambda: self._judge(judging), self._was_judged)

    def _judge(self, pending: Pending) -> None:
        # In a thread, where nothing may go up further.
        try:
            pending.judge(self._game)
        except BaseException as fault:
            self._game.failed("judging", fault)
            self._has_failed = True

    def _was_judged(self) -> None:
        judging, self._judging = self._judging, None
        back_to, self._back_to = self._back_to, None
        again, self._again = self._again, []
        has_failed, self._has_failed = self._has_failed, False
        if back_to is not None:
            self._instance.go_back(back_to)
        if judging is not None:
            if self.is_stalled or self._is_lost or has_failed:
                self._tell(judging.fail)
            elif back_to is not None:
                again.append(judging)
            else:
                self._judged(judging)
        self._line.extendleft(reversed(again))
        self._judge_next()

    def _judged(self, pending: Pending) -> None:
        if pending.entry is None and self.is_even:
            pending.settle(self._game)
            return
        self._gathered.append(pending)
        if not self._in_flight and not self._is_scheduled:
            self._is_scheduled = True
            self._around.soon(self._turn_ends)

    @property
    def waiting(self) -> int:
        """How much waits for a model that blocks."""
        return len(self._line)

    def give_up(self) -> None:
        """Answer everybody who still waits: the server stops. What has not begun has had no effect; of the rest that is
        not known."""
        waiting = [*self._again, *self._line]
        self._again = []
        self._line.clear()
        for pending in waiting:
            self._tell(pending.fail)
        if self._judging is not None:
            self._judging.overdue()
        for pending in (*self._in_flight, *self._gathered):
            pending.overdue()

    def look(self) -> None:
        """See whether the journal takes too long."""
        if self._in_flight and self._around.monotonic() - self._since >= OVERDUE_SECONDS:
            self._stall()

    def _turn_ends(self) -> None:
        self._is_scheduled = False
        self._push()

    def _push(self) -> None:
        """Hand what has gathered to the journal, unless something is in flight."""
        while self._gathered and not self._in_flight and not self._answering:
            batch, self._gathered = self._gathered, []
            entries = [pending.entry for pending in batch if pending.entry is not None]
            if not entries or not self._journals:
                self._commit(batch)
                continue
            self._in_flight = batch
            self._since = self._around.monotonic()
            self._follower.waits()
            wake_at = self.wake_at
            self._around.journal.append(self._id, self._term, self.standing.entry, entries, wake_at, self._appended)

    def _appended(self, error: JournalError | None) -> None:
        batch, self._in_flight = self._in_flight, []
        self.is_stalled = False
        if error is None:
            self._commit(batch)
        elif isinstance(error, Fenced):
            self._lose(batch)
        else:
            self._go_back(batch)
        self._push()

    def _commit(self, batch: list[Pending]) -> None:
        # Who is let in may send a command from within the answer: that has to wait for the rest of this.
        self._answering = True
        for pending in batch:
            if pending.effect is not None and pending.entry is not None:
                self._keep(pending.effect, pending.entry)
            self._tell(pending.settle)
        self._answering = False
        self._follower.settled()

    def _tell(self, answer: Callable[[Game], None]) -> None:
        try:
            answer(self._game)
        # Whoever is told may fail at that; it is for those who come after to hear what they wait for.
        except Exception as fault:
            self._game.failed("an answer", fault)

    def _keep(self, effect: Effect, entry: Entry) -> None:
        self.standing = effect.after
        for body, to in effect.events:
            self._publisher.publish(body, to, entry.number)
        self._follower.kept(entry)

    def _stand_back(self, standing: Standing) -> None:
        """Have the model stand as before; when it is at nothing."""
        if self._judging is None:
            self._instance.go_back(standing)
        else:
            self._back_to = standing

    def _go_back(self, batch: list[Pending]) -> None:
        again, self._gathered = self._gathered, []
        self._stand_back(self.standing)
        self._answering = True
        for pending in batch:
            if pending.entry is not None:
                self._tell(pending.fail)
        self._answering = False
        again = [*(pending for pending in batch if pending.entry is None), *again]
        if self._judging is not None:
            # These come before it.
            self._again = again
        elif self._blocks:
            self._line.extendleft(reversed(again))
            self._judge_next()
        else:
            for pending in again:
                self.take(pending)
        self._follower.went_back()

    def _lose(self, batch: list[Pending]) -> None:
        self.closed = self._is_lost = True
        again, self._gathered = [*self._gathered, *self._line], []
        self._line.clear()
        for pending in (*batch, *again):
            pending.fail(self._game)
        self._follower.lost()

    def _stall(self) -> None:
        self.is_stalled = True
        gathered, self._gathered = self._gathered, []
        if gathered or self._judging is not None:
            effects = [pending.effect for pending in self._in_flight if pending.effect is not None]
            self._stand_back(effects[-1].after)
        gathered += self._line
        self._line.clear()
        for pending in gathered:
            # It was never handed over, so this is known: it has had no effect.
            pending.fail(self._game)
        for pending in self._in_flight:
            pending.overdue()
        self._follower.stalled()

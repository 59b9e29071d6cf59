"""Reception: who takes part in a game and as whom, and what they are told of where it stands."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial

from msgspec import UNSET, Raw

from gamesvc.attendance import Attendance, Member, Participant
from gamesvc.context import Player
from gamesvc.errors import CloseCode
from gamesvc.eventlog import Place, Viewer
from gamesvc.happening import PendingPresence
from gamesvc.messages import Request, Welcome, encode_presence, encode_welcome
from gamesvc.mirror import Mirror
from gamesvc.model import GameModel
from gamesvc.order import Order
from gamesvc.pending import Answer, Role
from gamesvc.publisher import GamePublisher
from gamesvc.seating import PendingChange
from gamesvc.showing import Showing
from gamesvc.standing import Standing
from gamesvc.subscription import Subscription
from gamesvc.surroundings import Call, Surroundings
from gamesvc.views import Views

_RETRY_SECONDS = 1.0
_FRAMEWORK = "gamesvc."
SIT, LEAVE = f"{_FRAMEWORK}sit", f"{_FRAMEWORK}leave"
"""gamesvc's own commands: take a free seat, and give one up."""

BOT = f"{_FRAMEWORK}bot"
"""Another one: have a bot play."""


def is_framework_command(name: str) -> bool:
    """Whether a command is none of the model's: those hold no dot."""
    return name[: len(_FRAMEWORK)].lower() == _FRAMEWORK


class Reception:
    """One game's.

    Args:
        game: the game's id.
        kind: what is played.
        model: its class.
        epoch: names the history that the players' numbers count.
        order: the game's.
        publisher: the game's.
        around: clocks.
        failed: is told of a fault in the model.
    """

    def __init__(
        self,
        game: str,
        kind: str,
        model: type[GameModel],
        epoch: str,
        order: Order,
        publisher: GamePublisher,
        around: Surroundings,
        failed: Callable[[str, BaseException], object],
    ) -> None:
        self._game = game
        self._kind = kind
        self._epoch = epoch
        self._order = order
        self._publisher = publisher
        self._later = around.later
        self._failed = failed
        # Whether the model is told who is there.
        self._tells_model = not model.HOOKS.isdisjoint(("on_away", "on_back"))
        self._attendance = Attendance(
            around.later,
            around.monotonic,
            around.max_connections_per_player,
            self._presence,
            always=self._tells_model,
            has_seats=model.SEATS is not None,
        )
        # Of whom the model is to be told once more, because the journal failed.
        self._untold: set[Player] = set()
        self._call: Call | None = None
        self._views = Views(model)
        self._showing = Showing(self._views, publisher.log, lambda: order.standing, failed, lambda: publisher.audiences)
        publisher.pictures = self._showing

    @property
    def controllers(self) -> tuple[Participant, ...]:
        """Those who are connected, in the order in which they came."""
        return self._attendance.controllers

    @property
    def is_attended(self) -> bool:
        """Whether anybody is connected."""
        return len(self._attendance) > 0

    def is_here(self, player: Player) -> bool:
        """Whether a player is connected."""
        return self._attendance.has(player)

    def start(self) -> None:
        """Find out who was here when the server was stopped, or failed, and does not come back."""
        self._attendance.start()
        if self._tells_model:
            self._attendance.expect(Player(name) for name in sorted(self._order.standing.here))

    def stop(self) -> None:
        """Look after nobody any more."""
        self._attendance.stop()
        self._untold.clear()
        call, self._call = self._call, None
        if call is not None:
            call.cancel()

    def expect(self, players: Iterable[Player]) -> None:
        """Everybody was told that these have taken seats; whether they come is not known yet."""
        if not self._order.closed:
            self._attendance.expect(players)

    def enter(self, controller: Participant, member: Member) -> None:
        """Take a connection in."""
        is_told = self._attendance.enter(controller, member)
        role = member.role
        if role.playing and self._tells_model and not is_told and role.player not in self._order.standing.here:
            self._tell_model(role.player, away=False)

    def leave(self, controller: Participant) -> None:
        """Take a connection out; once more is harmless."""
        self._attendance.leave(controller)

    def epoch(self, role: Role) -> str:
        """What names the history that somebody's numbers count: a player and a spectator of the same name count
        different events."""
        return self._epoch if role.playing else f"{self._epoch}.public"

    def audience(self, role: Role) -> str | None:
        """Those who are shown the same state as somebody."""
        return self._views.audience(role.sees)

    def greet(self, role: Role, subscription: Subscription, place: Place | None, *, came_back: bool = False) -> None:
        """Send the first frame of a ``gamesvc.v1`` connection, or of one whose role has changed.

        Args:
            role: theirs.
            subscription: where their frames go.
            place: from which on they get the events; None: from now on.
            came_back: whether they were here before. Where they can't be told what they missed they get the state
                instead.

        Raises:
            ViewError: the model failed at showing it.
        """
        # Who is told of what was before gets the state after that.
        is_shown = place is None and (came_back or isinstance(subscription, Mirror))
        subscription.greet(self.welcome(role, place, show_state=is_shown, resumed=came_back and place is not None))
        if isinstance(subscription, Mirror):
            subscription.basis = self._showing.known(subscription.audience) if is_shown else None

    def welcome(self, role: Role, place: Place | None, *, show_state: bool, resumed: bool = False) -> bytes:
        """The first frame of a ``gamesvc.v1`` connection: where the game stands for this viewer.

        Args:
            role: theirs.
            place: from which on they get the events; None: from now on.
            show_state: whether they are to see the state.
            resumed: whether they came back, and these events are those that they missed.

        Raises:
            ViewError: the model failed at showing it.
        """
        standing = self._order.standing
        head = self._publisher.log.head(Viewer(role.sees, framework=True))
        return encode_welcome(
            Welcome(
                game=self._game,
                kind=self._kind,
                epoch=self.epoch(role),
                seq=head if resumed or place is None else place.events,
                resumed=resumed,
                player=role.player,
                playing=role.playing,
                players=list(standing.seats),
                present=self._present(standing),
                state=Raw(self._showing.state(self.audience(role))) if show_state else UNSET,
                finished=standing.finished or UNSET,
                outcome=Raw(standing.outcome) if standing.outcome else UNSET,
                bots={each.player: each.bot for each in standing.bots} or UNSET,
            )
        )

    def _present(self, standing: Standing) -> list[str]:
        """The players who are there. A bot that has a seat of its own always is."""
        return [*self._attendance.present, *(each.player for each in standing.bots if not each.stands_in)]

    # Seats.

    def change_of_seat(self, role: Role, request: Request, answer: Answer) -> PendingChange | None:
        """What one of gamesvc's own commands leads to; None where there is no such command."""
        name = request.command.lower()
        if name not in (SIT, LEAVE):
            return None
        sits = name == SIT
        changed = partial(self._seat_changed, role.player, sits=sits)
        return PendingChange(role, request, sits=sits, answer=answer, changed=changed)

    def _seat_changed(self, player: Player, told: int, *, sits: bool) -> None:
        """Have the connections of a player take part as those who have a seat, or not; each is told. Those that came to
        watch go on watching.

        Args:
            player: who.
            told: how many events the model has published at that. Who takes a seat sees them as its player: a hand that
                is dealt, say.
            sits: whether they have a seat now.
        """
        if not self._order.standing.seats:
            return
        if not sits:
            self._attendance.forget(player)
        end = self._publisher.log.end
        position = end - told if sits else end
        for controller, member in self._attendance.members(player):
            if member.role.playing == sits or (sits and not member.role.may_sit):
                continue
            role = member.role = member.role._replace(playing=sits, may_sit=True)
            subscription = member.subscription
            if subscription is not None:
                subscription.drain_before(position)
            if subscription is None or subscription.paused or not subscription.viewer.framework:
                # They can't be told, or not now: they come back.
                controller.close(CloseCode.RESYNC)
                continue
            viewer = subscription.viewer._replace(player=role.sees)
            place = self._publisher.log.place_at(viewer, position) if position < end else None
            subscription.look_as(viewer, position)
            if isinstance(subscription, Mirror):
                subscription.audience = self.audience(role)
            try:
                self.greet(role, subscription, place, came_back=False)
            # The author's code has run, to show the state.
            except (Exception, SystemExit) as fault:
                self._failed("a view", fault)
                controller.close(CloseCode.INTERNAL_ERROR)
        if sits and self._attendance.has(player):
            self._attendance.came(player)
        elif sits and not self._attendance.is_away(player):
            # Gone meanwhile, or sent away to come back: it is found out whether they do.
            self._attendance.expect((player,))

    # Who is away.

    def _presence(self, player: Player, away: bool) -> None:
        """A player is away, or there."""
        if self._order.closed:
            return
        if self._tells_model:
            self._tell_model(player, away=away, settled=partial(self._notify, player, away))
        else:
            self._notify(player, away)

    def _notify(self, player: Player, away: bool) -> None:
        if self._attendance.is_small:
            self._publisher.notify(encode_presence(player, away=away), of=player)

    def _tell_model(self, player: Player, *, away: bool, settled: Callable[[], None] = lambda: None) -> None:
        if self._order.closed:
            return
        if self._order.is_stalled:
            self._tell_later(player)
        else:
            failed = partial(self._tell_later, player)
            self._order.take(PendingPresence(player, away=away, settled=settled, failed=failed))

    def _tell_later(self, player: Player) -> None:
        if self._order.closed:
            return
        self._untold.add(player)
        if self._call is None:
            self._call = self._later(_RETRY_SECONDS, self._tell_again)

    def _tell_again(self) -> None:
        self._call = None
        untold, self._untold = self._untold, set()
        for player in sorted(untold):
            # They may have come, or gone, meanwhile.
            if self._attendance.has(player) or self._attendance.is_away(player):
                self._presence(player, self._attendance.is_away(player))

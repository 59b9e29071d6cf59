"""Taking a seat, and giving it up: judged on a game's state, as commands are."""

from __future__ import annotations

from collections.abc import Callable
from itertools import dropwhile
from typing import Literal

from gamesvc.context import Player
from gamesvc.errors import (
    BAD_ARGUMENTS,
    CANNOT_LEAVE,
    GAME_OVER,
    JOURNAL_DOWN,
    NO_SEAT,
    NOT_A_PLAYER,
    PLAYER_NOT_IN_GAME,
    RequestRefused,
)
from gamesvc.journal.records import Entry
from gamesvc.messages import (
    Request,
    encode_arguments,
    encode_error,
    encode_joined,
    encode_left,
    encode_ok,
    is_framework,
)
from gamesvc.model import GameError
from gamesvc.pending import Answer, Asked, Game, Role, failed, fault_of, refused
from gamesvc.standing import Effect, keeps_players, taken


class PendingSeat:
    """Somebody comes, and is told as whom they take part.

    Args:
        name: theirs.
        players: who plays this game, by their token; the first such list seats them in its order. None: whoever comes
            takes the next free seat.
        spectate: whether they came to watch.
        answer: gets their role, or why they can't take part.
        returns: whether they were here before. Who has no seat any more, or never had one, is not given one for that:
            they may have given it up.
        operates: whether they may have bots play.
    """

    def __init__(
        self,
        name: str,
        players: tuple[str, ...] | None,
        spectate: bool,
        answer: Callable[[Role | RequestRefused], None],
        *,
        returns: bool = False,
        operates: bool = False,
    ) -> None:
        self.effect: Effect | None = None
        self.entry: Entry | None = None
        self._returns = returns
        self._operates = operates
        self._player = Player(name)
        self._players = players
        self._spectate = spectate
        self._answer: Callable[[Role | RequestRefused], None] | None = answer
        self._judgement: Role | RequestRefused = RequestRefused(JOURNAL_DOWN)

    def judge(self, game: Game) -> None:
        self.effect = self.entry = None
        before = game.instance.standing.seats
        seats = list(before)
        if self._players is not None and not any(seats) and not game.instance.standing.finished:
            for seat, seated in enumerate(self._players[: len(seats)]):
                seats[seat] = Player(seated)
        self._judgement = self._sit(game, seats)
        if game.instance.standing.has_own_bot(self._player):
            # The seat is a bot's, whoever calls themselves so.
            self._judgement = Role(self._player, playing=False)
            return
        if tuple(seats) != before:
            try:
                plays = isinstance(self._judgement, Role) and self._judgement.playing
                self.effect, self.entry = _seated(game, tuple(seats), self._player if plays else None)
            except GameError:
                # The model does not want them: so they watch.
                self._judgement = self._watching

    @property
    def _watching(self) -> Role:
        return Role(self._player, playing=False, may_sit=self._is_named and not self._spectate)

    @property
    def _is_named(self) -> bool:
        return self._players is None or self._player in self._players

    def _sit(self, game: Game, seats: list[Player | None]) -> Role | RequestRefused:
        """Take a seat, where that is called for."""
        if self._spectate:
            return self._watching
        if not seats or self._player in seats:
            return Role(self._player, playing=True)
        if self._is_named and (self._returns or game.instance.standing.finished):
            return self._watching
        if game.instance.has_room(seats) and not game.instance.standing.finished:
            seats[seats.index(None)] = self._player
            return Role(self._player, playing=True)
        if self._players is not None:
            return RequestRefused(PLAYER_NOT_IN_GAME)
        return self._watching

    @property
    def told(self) -> int:
        """How many events the model has published at that: a hand that was dealt, say."""
        return _published(self.effect)

    @property
    def seated(self) -> list[Player]:
        """Those who have taken seats by it."""
        if self.effect is None:
            return []
        before = self.effect.before.seats
        return [player for player in taken(self.effect.after.seats) if player not in before]

    def settle(self, game: Game) -> None:
        judgement = self._judgement
        if self._operates and isinstance(judgement, Role):
            judgement = judgement._replace(operates=True)
        self._tell(judgement)

    def fail(self, game: Game) -> None:
        self._tell(RequestRefused(JOURNAL_DOWN))

    def overdue(self) -> None:
        self._tell(RequestRefused(JOURNAL_DOWN))

    def _tell(self, judgement: Role | RequestRefused) -> None:
        answer, self._answer = self._answer, None
        if answer is not None:
            answer(judgement)


class PendingChange(Asked):
    """Somebody who is connected wants a seat, or gives theirs up: one of gamesvc's own commands.

    Args:
        role: theirs.
        request: the command.
        sits: whether they want a seat.
        answer: gets the reply's payload.
        changed: is called when it has come about, with how many events the model has published at that.
    """

    __slots__ = ("_changed", "_sits")

    def __init__(
        self, role: Role, request: Request, *, sits: bool, answer: Answer, changed: Callable[[int], None]
    ) -> None:
        super().__init__(role, request, answer, role.playing or role.may_sit)
        self._sits = sits
        self._changed = changed

    @property
    def told(self) -> int:
        """How many events the model has published at that."""
        return _published(self.effect)

    def judge(self, game: Game) -> None:
        self.effect = self.entry = None
        self._refusal = b""
        id = self._request.id
        if self._request.arguments:
            self._refusal = encode_error(BAD_ARGUMENTS, f"{self._request.command} takes no arguments", id)
        elif not game.instance.standing.seats:
            self._refusal = encode_error(NOT_A_PLAYER, "there are no seats in this game", id)
        elif not (self._role.playing or self._role.may_sit):
            # A connection that only watches does nothing for the player of its name.
            self._refusal = encode_error(NOT_A_PLAYER, id=id)
        elif game.instance.standing.has_own_bot(self._role.player):
            # Who was here before it, and watches.
            self._refusal = encode_error(NOT_A_PLAYER, "a bot plays under this name", id)
        elif self._sits:
            self._sit(game)
        else:
            self._leave(game)

    def _sit(self, game: Game) -> None:
        standing = game.instance.standing
        player = self._role.player
        if player in standing.seats:
            self._note(game, "seated")
            return
        if standing.finished or not game.instance.has_room(standing.seats):
            self._refusal = encode_error(GAME_OVER if standing.finished else NO_SEAT, id=self._request.id)
            return
        free = standing.seats.index(None)
        seats = (*standing.seats[:free], player, *standing.seats[free + 1 :])
        try:
            self.effect, self.entry = _seated(game, seats, player, self._request)
        except GameError as refusal:
            self._refusal = refused(game, "hook on_join", refusal, self._request.id)

    def _leave(self, game: Game) -> None:
        standing = game.instance.standing
        player = self._role.player
        if player not in standing.seats:
            self._note(game, "left")
            return
        if standing.finished:
            self._refusal = encode_error(GAME_OVER, id=self._request.id)
        elif standing.started and keeps_players(game.instance.kind):
            self._refusal = encode_error(CANNOT_LEAVE, id=self._request.id)
        else:
            self._stand_up(game, standing.seats.index(player), player)

    def _note(self, game: Game, kind: Literal["seated", "left"]) -> None:
        """Nothing comes of it, because it is so already. Under its id it must not come about later, either."""
        if self._request.id is not None:
            self.effect = game.instance.seat(game.now(), game.instance.standing.seats, [])
            self.entry = self._entry(game, self.effect, kind)

    def _entry(self, game: Game, effect: Effect, kind: Literal["seated", "left"]) -> Entry:
        request = self._request
        arguments = encode_arguments(request.arguments)
        return effect.entry(game.instance.kind, kind, self._role.player, request.id, request.command.lower(), arguments)

    def _stand_up(self, game: Game, seat: int, player: Player) -> None:
        before = game.instance.standing.seats
        seats = (*before[:seat], None, *before[seat + 1 :])
        try:
            self.effect = game.instance.seat(game.now(), seats, [encode_left(player, seat)])
        except GameError as refusal:
            self._refusal = refused(game, "hook on_leave", refusal, self._request.id)
        except KeyboardInterrupt:
            raise
        # SystemExit, too: a model that calls sys.exit() must not take all the other games with it.
        except BaseException as fault:
            self._refusal = failed(game, "hook on_leave", fault, self._request.id)
        else:
            self.entry = self._entry(game, self.effect, "left")

    def settle(self, game: Game) -> None:
        if self.entry is None and not self._refusal:
            # They sit, or don't, as they wanted, and did before.
            self._is_over(game)
            self._reply(encode_ok(self._request.id))
        else:
            super().settle(game)
        if not self._refusal:
            self._changed(self.told)


def _published(effect: Effect | None) -> int:
    """How many events of an effect come of the model: all but those that say who sits where, which are the first."""
    return 0 if effect is None else sum(1 for _ in dropwhile(lambda told: is_framework(told[0]), effect.events))


def _seated(
    game: Game,
    seats: tuple[Player | None, ...],
    comer: Player | None,
    request: Request | None = None,
) -> tuple[Effect, Entry]:
    """Let players take seats.

    Args:
        game: in which.
        seats: all of them, as they are from now on.
        comer: who of them has come; None where somebody came who watches.
        request: with what they asked for it, if they were there before.

    Raises:
        GameError: the model does not want the one who comes.
    """
    before = game.instance.standing.seats
    newly = [(player, seat) for seat, player in enumerate(seats) if player is not None and before[seat] is None]
    events = [encode_joined(player, seat) for player, seat in newly]
    fault = ""
    try:
        effect = game.instance.seat(game.now(), seats, events, comer)
    except KeyboardInterrupt:
        raise
    # SystemExit, too: they have their seats, whatever the model makes of it.
    except BaseException as error:
        # Of several, who are named by a token, none can be refused alone.
        if isinstance(error, GameError) and len(newly) == 1:
            raise
        fault = fault_of(game, "a hook for who joins", error)
        effect = game.instance.seat(game.now(), seats, events, comer, tell=False)
    if request is None:
        return effect, effect.entry(game.instance.kind, "seated", player=comer, fault=fault)
    arguments = encode_arguments(request.arguments)
    name = request.command.lower()
    return effect, effect.entry(game.instance.kind, "seated", comer, request.id, name, arguments, fault=fault)

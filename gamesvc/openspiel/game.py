"""OpenSpielGame: what each game of OpenSpiel's is to gamesvc, and the same for all of them to their clients."""

from __future__ import annotations

import random
from collections.abc import Iterable
from typing import Annotated, Any, ClassVar

from msgspec import Meta

from gamesvc import Event, GameError, GameModel, Move, Own, Player, Secret, command, derived, field
from gamesvc.openspiel.position import CHANCE, MAX_NAME, Act, Position, packed
from gamesvc.openspiel.rules import MAX_ACTIONS, Rules

PAGE = 256
"""So many actions are stored anew with each command; those before only when they have become as many again."""

_BYTES = 4
_MAX_SEED = 2**31 - 1

Name = Annotated[str, Meta(max_length=MAX_NAME)]


class Acted(Event):
    """A player's move, in a game in which nothing is hidden."""

    player: Player
    action: int
    name: str


class ActedTogether(Event):
    """What players chose at the same time, in a game in which nothing else is hidden."""

    actions: dict[Player, int]
    names: dict[Player, str]


class Chance(Event):
    """What chance did, in a game in which nothing is hidden."""

    action: int
    name: str


class Observed(Event):
    """What a player sees now, in a game in which not all see all. Only they are told."""

    observation: str


class Finished(Event):
    """What each player has got."""

    returns: dict[Player, float]


class OpenSpielGame(GameModel, seats=1):
    """A game of OpenSpiel's. Its subclasses say which, and for how many."""

    RULES: ClassVar[Rules]

    played: Secret[bytes] = b""
    """The actions so far, chance's among them, but for those in `recent`."""
    recent: Secret[bytes] = b""
    """The last actions."""
    choices: Own[dict[Player, int]] = field(default_factory=dict)
    """What was chosen by those who do not wait for the others, where all choose at the same time."""
    seed: Secret[int] = 0
    """Of the chance that OpenSpiel does not leave to us."""

    @derived
    def position(self) -> Position:
        return self.RULES.position(self.played + self.recent, self.seed)

    def on_start(self) -> None:
        if self.RULES.takes_seed:
            self.seed = self.random.randrange(1, _MAX_SEED)
        self._go_on({})

    def legal(self, player: Player) -> Iterable[Move]:
        if player not in self.choices:
            if self._is_too_long:
                return
            for action, name in self.position.named(self.players.index(player)):
                yield Move(self.act, action=action, name=name)

    def view(self, viewer: Player | None) -> dict[str, Any]:
        if len(self.players) < self.RULES.players:
            return {}
        view = self._seen(self.players.index(viewer) if viewer in self.players else None)
        if self.position.is_over:
            view["returns"] = self.reveal(self._returns())
        return view

    @command
    def act(self, player: Player, action: int, name: Name | None = None) -> None:
        """Make a move: one of those in `legal`. Its name may be left out."""
        seat, position = self.players.index(player), self.position
        if player in self.choices:
            raise GameError("you have chosen: wait for the others", code="already_chosen")
        legal = position.legal(seat)
        if not legal:
            raise GameError("it is not your turn", code="not_your_turn")
        if action not in legal:
            raise GameError(f"action {action} is not legal now: choose one of `legal`", code="illegal_action")
        if name is not None and name != position.name(seat, action):
            raise GameError(f"action {action} has another name now: choose one of `legal`", code="wrong_name")
        if self._is_too_long:
            raise GameError(f"the game has had {MAX_ACTIONS} actions, and goes on no more", code="too_long")
        actions = {seat: action}
        if position.is_simultaneous:
            self.choices[player] = action
            if len(self.choices) < len(position.to_move):
                return
            actions = {self.players.index(each): chosen for each, chosen in self.choices.items()}
            self.choices = {}
        self._go_on(actions)

    @property
    def _is_too_long(self) -> bool:
        return len(self.played) + len(self.recent) >= MAX_ACTIONS * _BYTES

    def _go_on(self, actions: dict[int, int]) -> None:
        """Let the players act, and then chance."""
        before = self.position if actions else None
        after, done = self.RULES.after(self.position, actions, self.seed, self._chance)
        self.recent += after.history[len(self.played) + len(self.recent) :]
        if len(self.recent) >= PAGE * _BYTES:
            self.played, self.recent = after.history, b""
        self.position = after
        self._tell(before, done)
        if after.is_over:
            self.finish(Finished(self.reveal(self._returns())))

    def _chance(self) -> random.Random:
        return self.random

    def _returns(self) -> dict[Player, float]:
        return dict(zip(self.players, self.position.state.returns(), strict=True))

    # What differs between those in which all see all, and the others.

    def _seen(self, seat: int | None) -> dict[str, Any]:
        """What is shown of the position.

        Args:
            seat: to whom, from 0; None for who watches.
        """
        raise NotImplementedError

    def _tell(self, before: Position | None, done: list[list[Act]]) -> None:
        """Publish what was done.

        Args:
            before: how the game stood; None where it had not begun.
            done: each with what was done at the same time.
        """
        raise NotImplementedError


class PublicGame(OpenSpielGame):
    """A game of OpenSpiel's in which nothing is hidden but what is chosen at the same time."""

    def _seen(self, seat: int | None) -> dict[str, Any]:
        position = self.position
        return {
            "observation": self.RULES.observation(position, seat or 0),
            "to_move": [self.players[each] for each in position.to_move],
            "history": position.numbered,
        }

    def _tell(self, before: Position | None, done: list[list[Act]]) -> None:
        for acts in done:
            if acts[0].seat == CHANCE:
                self.publish(Chance(acts[0].action, acts[0].name))
            elif before is not None and before.is_simultaneous:
                actions = {self.players[act.seat]: act.action for act in acts}
                self.publish(ActedTogether(self.reveal(actions), {self.players[act.seat]: act.name for act in acts}))
            else:
                self.publish(Acted(self.players[acts[0].seat], acts[0].action, acts[0].name))


class ImaginableGame(PublicGame):
    """One that can be played on in thought: what all see is all that there is to it."""

    def determinize(self, player: Player, view: dict[str, Any]) -> None:
        """Nothing is hidden, so this takes no chance."""
        self.played, self.recent = packed([*view.get("history", {}).values()]), b""


class PrivateGame(OpenSpielGame):
    """A game of OpenSpiel's in which players see different things: each what OpenSpiel lets them observe. Who watches
    sees nothing: not even whose move it is is known to be public."""

    def _seen(self, seat: int | None) -> dict[str, Any]:
        return {} if seat is None else {"observation": self.reveal(self.RULES.observation(self.position, seat))}

    def _tell(self, before: Position | None, done: list[list[Act]]) -> None:
        # Who sees the same as before is not told that something was done.
        for seat, player in enumerate(self.players):
            seen = self.RULES.observation(self.position, seat)
            if before is None or seen != self.RULES.observation(before, seat):
                self.publish(Observed(self.reveal(seen)), to=[player])

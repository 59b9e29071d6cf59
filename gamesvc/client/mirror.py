"""What a client knows of its game: where it stands in the events, who plays and is there, the state, and the end."""

from __future__ import annotations

from typing import Any

from msgspec import UNSET, Struct, UnsetType, convert

from gamesvc.views import apply_patch

Message = dict[str, Any]


class _Welcome(Struct):
    """What is needed of a welcome."""

    epoch: str
    seq: int
    resumed: bool
    player: str
    players: list[str | None]
    present: list[str]
    bots: dict[str, str] = {}
    state: dict[str, Any] | UnsetType = UNSET
    finished: bool = False
    outcome: dict[str, Any] | None = None


class _End(Struct):
    """What is needed of the event that says that the game is over."""

    outcome: dict[str, Any] | None = None


class _News(Struct):
    """What is needed of gamesvc's own events."""

    player: str
    seat: int | UnsetType = UNSET
    bot: str | None = None


_NEWS = frozenset(f"gamesvc.{name}" for name in ("joined", "left", "away", "back", "bot"))


class OutOfStep(Exception):
    """What came does not follow from what was there before: something was lost on the way, or came to be otherwise."""


class Mirror:
    """Kept by welcomes and by events.

    Args:
        epoch: which history `since` is of; None where that is not known.
        since: number of the last event that was seen; None for one that only wants what happens from now on.

    Attributes:
        epoch: which history `seq` counts.
        seq: number of the last event that was seen.
        state: what the viewer may see of the game's state; None before that is known.
        welcome: the last one; empty before the first.
        players: the players' names in the order of their seats, None where one is free.
        present: the players who are connected.
        bots: the bots that play for somebody, by the player's name.
        finished: whether the game is over.
        outcome: the event with which it ended, without its number; None where it is not over, or ended with none.
    """

    def __init__(self, epoch: str | None = None, since: int | None = None) -> None:
        self.epoch = epoch
        self.seq = since
        self.state: dict[str, Any] | None = None
        self.welcome: Message = {}
        self.players: list[str | None] = []
        self.present: list[str] = []
        self.bots: dict[str, str] = {}
        self.finished = False
        self.outcome: Message | None = None

    @property
    def place(self) -> dict[str, str]:
        """What to say when one comes back."""
        place = {} if self.epoch is None else {"epoch": self.epoch}
        return place if self.seq is None else {**place, "since": str(self.seq)}

    def take_welcome(self, welcome: Message) -> bool:
        """Begin anew, or where one was.

        Returns:
            Whether the state is known, and another.

        Raises:
            msgspec.ValidationError: it is no welcome.
        """
        checked = convert(welcome, _Welcome)
        self.welcome = welcome
        self.epoch = checked.epoch
        self.players, self.present, self.bots = checked.players, checked.present, checked.bots
        self.finished, self.outcome = checked.finished, checked.outcome
        if not checked.resumed:
            self.seq = checked.seq
            self.state = None
        elif self.seq is None:
            self.seq = 0
        if checked.state is UNSET:
            return False
        self.state = checked.state
        return True

    def take_event(self, event: Message) -> bool:
        """Take an event that is no welcome, and nothing of the state.

        Returns:
            Whether it is a new one.

        Raises:
            OutOfStep: others are missing before it.
            msgspec.ValidationError: it is one of gamesvc's own, and not as those are.
        """
        seq = event.get("seq")
        if seq is None:
            self._follow(event)
            return True
        if type(seq) is not int or self.seq is None:
            raise OutOfStep("a number came that is none")
        if seq <= self.seq:
            return False
        if seq != self.seq + 1:
            raise OutOfStep(f"event {seq} came after event {self.seq}")
        # What was missed is in the welcome already, together with what came after it.
        if seq > self.welcome["seq"]:
            self._follow(event)
        # One that can't be followed was not seen.
        self.seq = seq
        return True

    def take_state(self, state: dict[str, Any]) -> None:
        """Take a state in place of the one that was known, if any."""
        self.state = convert(state, dict[str, Any])

    def take_patch(self, patch: dict[str, Any]) -> None:
        """Take how the state has changed.

        Raises:
            OutOfStep: it is not known what it was.
        """
        if self.state is None:
            raise OutOfStep("a patch came, and no state before it")
        self.state = apply_patch(self.state, convert(patch, dict[str, Any]))

    def _follow(self, event: Message) -> None:
        name = event["event"]
        if name == "gamesvc.finished":
            self.finished, self.outcome = True, convert(event, _End).outcome
        if name not in _NEWS:
            return
        news = convert(event, _News)
        player = news.player
        if name == "gamesvc.joined":
            self._seat(news.seat, player)
            self._show(player)
        elif name == "gamesvc.left":
            self._seat(news.seat, None)
            self._hide(player)
            self.bots.pop(player, None)
        elif name == "gamesvc.back":
            self._show(player)
        elif name == "gamesvc.away":
            self._hide(player)
        elif news.bot is None:
            self.bots.pop(player, None)
        else:
            self.bots[player] = news.bot

    def _seat(self, seat: int | UnsetType, player: str | None) -> None:
        if seat is UNSET or not 0 <= seat < len(self.players):
            raise OutOfStep(f"there is no seat {seat}")
        self.players[seat] = player

    def _show(self, player: str) -> None:
        if player not in self.present:
            self.present.append(player)

    def _hide(self, player: str) -> None:
        if player in self.present:
            self.present.remove(player)

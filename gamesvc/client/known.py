"""What a client's user can read of the game: always the newest that came."""

from __future__ import annotations

from typing import Any

from gamesvc.client.failure import SessionClosed
from gamesvc.client.session import Session


class Known:
    """What is known of a game."""

    _session: Session

    @property
    def state(self) -> dict[str, Any] | None:
        """What the viewer may see of the game's state; None where that is not known yet. Not to be changed."""
        return self._session.mirror.state

    @property
    def players(self) -> list[str | None]:
        """The players' names in the order of their seats, None where one is free."""
        return list(self._session.mirror.players)

    @property
    def present(self) -> list[str]:
        """The players who are connected."""
        return list(self._session.mirror.present)

    @property
    def bots(self) -> dict[str, str]:
        """The bots that play for somebody, by the player's name."""
        return dict(self._session.mirror.bots)

    @property
    def finished(self) -> bool:
        """Whether the game is over."""
        return self._session.mirror.finished

    @property
    def outcome(self) -> dict[str, Any] | None:
        """The event with which the game ended, without its number; None where it is not over, or ended with none."""
        return self._session.mirror.outcome

    @property
    def welcome(self) -> dict[str, Any]:
        """The last welcome, as the server sent it; empty before the first."""
        return self._session.mirror.welcome

    @property
    def player(self) -> str:
        """The name under which this client is in the game; empty before it is."""
        return str(self.welcome.get("player", ""))

    @property
    def playing(self) -> bool:
        """Whether its commands are accepted; a spectator's are not."""
        return bool(self.welcome.get("playing"))

    @property
    def seq(self) -> int | None:
        """Number of the last event that came; None before that is known."""
        return self._session.mirror.seq

    @property
    def status(self) -> str:
        """``connecting``, ``open``, ``reconnecting`` or ``closed``."""
        return self._session.status

    @property
    def error(self) -> SessionClosed | None:
        """Why it is closed; None while it is not."""
        return self._session.error

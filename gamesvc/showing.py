"""Showing: the frames that show a game's state to those who keep it, each made once for all who get the same."""

from __future__ import annotations

from collections.abc import Callable

from gamesvc.errors import CloseCode
from gamesvc.eventlog import EventLog
from gamesvc.frames import deflated_frame, text_frame
from gamesvc.instance import Standing
from gamesvc.messages import encode_patch, encode_state
from gamesvc.mirror import Mirror
from gamesvc.views import Audience, ViewError, Views


class Showing:
    """Makes the frames of one game.

    Args:
        views: what viewers are shown.
        log: the game's events.
        standing: how the game stands, as far as that is durable.
        failed: is told of a fault in the model.
    """

    def __init__(
        self,
        views: Views,
        log: EventLog,
        standing: Callable[[], Standing],
        failed: Callable[[str, BaseException], object],
    ) -> None:
        self._views = views
        self._log = log
        self._now = standing
        self._failed = failed
        self._patched_from: Standing | None = None
        self._patches: dict[Audience, bytes | None] = {}
        self._frames: dict[tuple[Audience, bool, int, bool], bytes] = {}

    @property
    def standing(self) -> Standing:
        """How the game stands."""
        return self._now()

    def turn(self, mirrors: tuple[Mirror, ...]) -> None:
        """Go on to how the game stands now.

        Args:
            mirrors: those who are to be shown it. Who can't be is told so, by the end of the connection.
        """
        now = self._now()
        self._frames.clear()
        if now is self._views.standing:
            return
        self._patched_from = self._views.standing
        self._patches = {}
        failed: set[Audience] = set()
        for audience, patch in self._views.advance(now, {mirror.audience for mirror in mirrors}).items():
            if isinstance(patch, ViewError):
                if not failed:
                    self._failed("a view", patch)
                failed.add(audience)
            else:
                self._patches[audience] = patch
        for mirror in mirrors:
            if mirror.audience in failed:
                mirror.close(CloseCode.INTERNAL_ERROR)

    def picture(self, mirror: Mirror) -> bytes:
        """What leads somebody to how the game stands; empty where there is nothing to tell."""
        now = self._now()
        basis = mirror.basis
        if basis is now:
            return b""
        audience = mirror.audience
        patch = self._patches.get(audience) if basis is self._patched_from and now is self._views.standing else None
        mirror.basis = now
        if patch == b"":
            return b""
        viewer = mirror.viewer
        # What secrets and words of their own lie in is not compressed: its length would tell of both.
        deflates = viewer.deflates and self._views.is_public(audience)
        key = audience, patch is None, self._log.head(viewer), deflates
        frame = self._frames.get(key)
        if frame is None:
            if patch is None:
                try:
                    payload = encode_state(self._views.state(now, audience), key[2])
                except ViewError as error:
                    self._failed("a view", error)
                    mirror.close(CloseCode.INTERNAL_ERROR)
                    return b""
            else:
                payload = encode_patch(patch, key[2])
            frame = self._frames[key] = deflated_frame(payload) if deflates else text_frame(payload)
        return frame

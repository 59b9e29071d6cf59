"""Showing: the frames that show a game's state to those who keep it, each made once for all who get the same."""

from __future__ import annotations

from collections.abc import Callable

from gamesvc.errors import CloseCode
from gamesvc.eventlog import EventLog
from gamesvc.frames import deflated_frame, text_frame
from gamesvc.messages import encode_patch, encode_state
from gamesvc.mirror import Mirror
from gamesvc.standing import Standing
from gamesvc.views import Audience, View, ViewError, Views, encoded_patch

MOST_REMEMBERED = 64
"""How many views are remembered beyond two for each audience that is looking."""


class Showing:
    """Makes the frames of one game.

    Args:
        views: what viewers are shown.
        log: the game's events.
        standing: how the game stands, as far as that is durable.
        failed: is told of a fault in the model.
        looking: the audiences of those who are shown the state now.
    """

    def __init__(
        self,
        views: Views,
        log: EventLog,
        standing: Callable[[], Standing],
        failed: Callable[[str, BaseException], object],
        looking: Callable[[], set[Audience]],
    ) -> None:
        self._views = views
        self._log = log
        self._now = standing
        self._failed = failed
        self._looking = looking
        self._most = MOST_REMEMBERED
        # Of each audience, the view as it was when it last changed; and what leads there, by the identities of the
        # views that it leads from. Both depend on nothing but what the audience was shown.
        self._latest: dict[Audience, View] = {}
        self._leads: dict[Audience, dict[int, tuple[View, bytes]]] = {}
        self._failing: set[Audience] = set()
        self._frames: dict[tuple[Audience, int, int, bool], bytes] = {}

    def known(self, audience: Audience) -> View:
        """What somebody knows who is shown the state now.

        Args:
            audience: theirs.

        Raises:
            ViewError: the model failed at showing it.
        """
        now = self._now()
        if self._views.remembered > self._most:
            self._forget()
        view = self._views.view(now, audience)
        return self._latest.setdefault(audience, view) if now is self._views.standing else view

    def state(self, audience: Audience) -> bytes:
        """The state as JSON, as somebody is shown it now.

        Args:
            audience: theirs.

        Raises:
            ViewError: the model failed at showing it.
        """
        if self._views.remembered > self._most:
            self._forget()
        return self._views.state(self._now(), audience)

    def _forget(self) -> None:
        """Where nothing happens in a game, names that come and go must not pile up."""
        looking = self._looking()
        self._views.keep(looking)
        self._latest = {audience: view for audience, view in self._latest.items() if audience in looking}
        self._leads = {audience: leads for audience, leads in self._leads.items() if audience in looking}
        self._most = MOST_REMEMBERED + 2 * len(looking)

    def turn(self, mirrors: tuple[Mirror, ...]) -> bool:
        """Go on to how the game stands now.

        Args:
            mirrors: those who are to be shown it. Who can't be is told so, by the end of the connection.

        Returns:
            Whether it stands otherwise than before.
        """
        now = self._now()
        self._frames.clear()
        if now is self._views.standing:
            return False
        changes = self._views.advance(now, {mirror.audience for mirror in mirrors})
        latest: dict[Audience, View] = {}
        leads: dict[Audience, dict[int, tuple[View, bytes]]] = {}
        self._failing = set()
        for audience, patch in changes.items():
            old = self._latest.get(audience)
            if isinstance(patch, ViewError):
                self._fail(audience, patch)
            elif old is not None and not patch:
                latest[audience], leads[audience] = old, self._leads.get(audience, {})
            else:
                latest[audience] = self._views.view(now, audience)
                leads[audience] = {id(old): (old, patch)} if old is not None and patch else {}
        before, self._latest, self._leads = self._leads, latest, leads
        for mirror in mirrors:
            if mirror.audience in self._failing:
                mirror.close(CloseCode.INTERNAL_ERROR)
            elif mirror.basis is not None:
                self._lead(mirror, mirror.basis, before.get(mirror.audience, {}))
        return True

    def _lead(self, mirror: Mirror, basis: View, before: dict[int, tuple[View, bytes]]) -> None:
        """See to it that there is what leads somebody to how the game stands.

        Args:
            mirror: who.
            basis: what they know.
            before: what led to the view before.
        """
        latest, leads = self._latest[mirror.audience], self._leads[mirror.audience]
        if basis is latest or id(basis) in leads:
            return
        if id(basis) in before:
            # They have not even had that: what they know is not kept any longer.
            mirror.basis = None
            return
        # They came in the middle of a turn.
        patch = encoded_patch(basis, latest)
        if patch:
            leads[id(basis)] = basis, patch
        else:
            mirror.basis = latest

    def owes(self, mirror: Mirror) -> bool:
        """Whether there is something that somebody was not told."""
        return mirror.basis is None or id(mirror.basis) in self._leads.get(mirror.audience, {})

    def picture(self, mirror: Mirror) -> bytes | None:
        """What leads somebody to how the game stands; empty where there is nothing to tell, None where the model failed
        at showing it."""
        audience, basis = mirror.audience, mirror.basis
        patch = b""
        if basis is not None:
            _, patch = self._leads.get(audience, {}).get(id(basis), (None, b""))
            if not patch:
                return b""
        viewer = mirror.viewer
        # What secrets and words of their own lie in is not compressed: its length would tell of both.
        deflates = viewer.deflates and self._views.is_public(audience)
        key = audience, id(basis), self._log.head(viewer), deflates
        frame = self._frames.get(key)
        if frame is None:
            if patch:
                payload = encode_patch(patch, key[2])
            else:
                state = self._state(audience)
                if state is None:
                    return None
                payload = encode_state(state, key[2])
            frame = self._frames[key] = deflated_frame(payload) if deflates else text_frame(payload)
        mirror.basis = self._latest[audience]
        return frame

    def _state(self, audience: Audience) -> bytes | None:
        # Of the last turn: what has come since belongs to the next one.
        standing = self._views.standing or self._now()
        try:
            self._latest.setdefault(audience, self._views.view(standing, audience))
            return self._views.state(standing, audience)
        except ViewError as error:
            self._fail(audience, error)
            return None

    def _fail(self, audience: Audience, error: ViewError) -> None:
        # The operator is told once, however many can't be shown it.
        if not self._failing:
            self._failed("a view", error)
        self._failing.add(audience)

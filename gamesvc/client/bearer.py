"""The token with which a client comes in: one for good, or what a function says that is asked again in its time."""

from __future__ import annotations

import inspect
from typing import Any

from gamesvc.client.address import Token


class Bearer:
    """A token, if any.

    Args:
        token: it, or a function that returns one.

    Raises:
        ValueError: it can be none.
    """

    def __init__(self, token: Token) -> None:
        self._ask = token if callable(token) else None
        self._token = None if callable(token) else checked_token(token)

    @property
    def is_renewable(self) -> bool:
        """Whether another one can be had."""
        return self._ask is not None

    async def current(self, renew: bool) -> str | None:
        """The token; None where there is none.

        Args:
            renew: whether to ask for another one.

        Raises:
            ValueError: what was given can be none.
        """
        if self._ask is not None and (renew or self._token is None):
            found = self._ask()
            self._token = checked_token(await found if inspect.isawaitable(found) else found)
        return self._token


def checked_token(token: Any) -> str | None:
    """A token, or None, where it is one.

    Raises:
        ValueError: it can be none. What it is, is not repeated.
    """
    if token is None:
        return None
    if not isinstance(token, str):
        what = f"it is of type {type(token).__name__}"
    elif not token:
        what = "it is empty"
    elif not token.isascii() or not token.isprintable() or " " in token:
        what = "it has white space in it, or what is no letter"
    else:
        return token
    raise ValueError(f"that is no token ({what}): a token is a text such as eyJhbGci...")

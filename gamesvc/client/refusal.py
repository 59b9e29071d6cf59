"""Why a handshake was refused, as far as the answer tells."""

from __future__ import annotations

import contextlib
import json
import math
from collections.abc import Mapping
from typing import NamedTuple


class Refusal(NamedTuple):
    """What a server answered instead of opening a WebSocket.

    Attributes:
        code: the one in the body; empty where there is none.
        message: the one in the body; empty where there is none.
        retry_after: how many seconds it says to wait.
    """

    code: str
    message: str
    retry_after: float


def refusal_in(headers: Mapping[str, str], body: bytes) -> Refusal:
    """Read an answer, which may be anybody's.

    Args:
        headers: its header fields.
        body: its body, or its beginning.
    """
    code = message = ""
    with contextlib.suppress(ValueError, LookupError, TypeError):
        error = json.loads(body)["error"]
        code, message = str(error["code"]), str(error["message"])
    retry_after = 0.0
    with contextlib.suppress(ValueError):
        told = float(headers.get("Retry-After") or headers.get("retry-after") or 0)
        retry_after = told if math.isfinite(told) else 0.0
    return Refusal(code, message, retry_after)

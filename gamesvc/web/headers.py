"""The header fields of every response: what a browser may do with what it gets from here, as little as works."""

from __future__ import annotations

_POLICY = (
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self' data:",
    # Games may be on other servers than the page is, and 'self' does not stand for WebSockets everywhere.
    "connect-src 'self' ws: wss:",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
)

HEADERS = (
    (b"Cache-Control", b"no-store"),
    (b"Content-Security-Policy", "; ".join(_POLICY).encode("ascii")),
    (b"Cross-Origin-Resource-Policy", b"same-origin"),
    (b"Referrer-Policy", b"no-referrer"),
    (b"X-Content-Type-Options", b"nosniff"),
)
"""Those with which a response begins. A resource may replace one, such as how long it may be kept."""

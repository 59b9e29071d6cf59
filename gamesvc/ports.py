"""Where to listen: ports, as numbers or as Twisted's endpoint strings, and the interface of those that name none."""

from __future__ import annotations

import re

BACKLOG = 1024
"""Connections that may wait to be accepted, at ports given as numbers. With Twisted's 50, thousands of players who come
back at once after a restart would wait for seconds: the kernel drops those for whom there is no place."""

_INTERFACES = {"tcp": ("127.0.0.1", 2), "tcp6": ("::1", 3), "ssl": ("127.0.0.1", 5), "tls": ("127.0.0.1", 4)}
"""Endpoints that have an interface: which one only this machine reaches, and its place among unnamed fields."""


def parse_port(text: str) -> str:
    """A port as it was written, if it can be one.

    Raises:
        ValueError: it can't; says what would be right.
    """
    if text.isascii() and text.isdigit():
        if int(text) > 65535:
            raise ValueError("a port is a number from 0 to 65535, or an endpoint such as tcp:8080:interface=127.0.0.1")
        return str(int(text))
    if text.partition(":")[0].isalnum() and ":" in text:
        return text
    raise ValueError("write a number from 0 to 65535, or an endpoint such as ssl:8443:privateKey=key.pem")


def endpoint(port: str, address: str | None, *, loopback: bool) -> str:
    """The endpoint string of a port.

    Args:
        port: from `parse_port`.
        address: the interface to listen on where the port names none; None: decided by `loopback`.
        loopback: whether that is the one which only this machine reaches, or else all of them.
    """
    if port.isdigit():
        kind = "tcp6" if ":" in (address or "") else "tcp"
        return f"{endpoint(f'{kind}:{port}', address, loopback=loopback)}:backlog={BACKLOG}"
    # In an endpoint string a colon ends a field, unless it is escaped. haproxy: is put before an endpoint.
    fields = re.split(r"(?<!\\):", port)
    wrappers = next((place for place, each in enumerate(fields) if each != "haproxy"), len(fields))
    if fields[wrappers:] and fields[wrappers] in _INTERFACES:
        local, place = _INTERFACES[fields[wrappers]]
        interface = address or (local if loopback else "")
        fields[wrappers:] = _with_interface(fields[wrappers:], place, interface.replace(":", "\\:"))
    return ":".join(fields)


def _with_interface(fields: list[str], place: int, address: str) -> list[str]:
    """The fields of an endpoint that names its interface: its own, or else this one. An empty one is none.

    Args:
        fields: the endpoint's kind, then its arguments.
        place: the interface's among the arguments without a name, from 1.
        address: the interface, escaped; empty for all of them.
    """
    fields = [each for each in fields if each != "interface="]
    unnamed = [position for position, each in enumerate(fields) if position and "=" not in each]
    if any(each.startswith("interface=") for each in fields):
        return fields
    if len(unnamed) >= place:
        at = unnamed[place - 1]
        return [*fields[:at], fields[at] or address, *fields[at + 1 :]]
    return [*fields, f"interface={address}"] if address else fields

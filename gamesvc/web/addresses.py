"""Addresses: how much is asked for from each network address, which is bounded."""

from __future__ import annotations

import ipaddress
from collections import OrderedDict

from gamesvc.limits import TokenBucket

MAX_ADDRESSES = 4096
"""Of how many network addresses it is remembered how much they ask for."""


class Addresses:
    """Lets through so much from each. What comes from this machine itself is a proxy's, or the operator's.

    Args:
        rate: requests a second, in the long run; 0: any number.
        burst: requests that may come at once.
    """

    def __init__(self, rate: float, burst: float) -> None:
        self._rate = rate
        self._burst = burst
        self._buckets: OrderedDict[str, TokenBucket] = OrderedDict()

    def take(self, host: str, now: float) -> float:
        """Take one request.

        Args:
            host: the address; empty where there is none.
            now: seconds of a clock that nobody sets.

        Returns:
            0.0 where it may be answered, else the seconds until one may.
        """
        network = network_of(host)
        if self._rate <= 0 or not network:
            return 0.0
        bucket = self._buckets.get(network)
        if bucket is None:
            bucket = self._buckets[network] = TokenBucket(self._rate, self._burst, now)
            if len(self._buckets) > MAX_ADDRESSES:
                self._buckets.popitem(last=False)
        self._buckets.move_to_end(network)
        return bucket.take(now)


def network_of(host: str) -> str:
    """The addresses that are one subscriber's; empty for this machine's own, and for what is none.

    Args:
        host: one of them.
    """
    try:
        address = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return ""
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is None:
            # Who has one has as many as there are in this.
            return "" if address.is_loopback else str(ipaddress.IPv6Network((address, 64), strict=False))
        address = address.ipv4_mapped
    return "" if address.is_loopback else str(address)

"""How much may be asked for from one network address."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from gamesvc.web.addresses import MAX_ADDRESSES, Addresses


class AddressesTest(SynchronousTestCase):
    def setUp(self) -> None:
        self.addresses = Addresses(1.0, 2)

    def taken(self, *hosts: str, now: float = 0.0) -> list[bool]:
        return [self.addresses.take(host, now) == 0.0 for host in hosts]

    def test_each_has_its_own(self) -> None:
        self.assertEqual(self.taken(*["192.0.2.7"] * 3, "192.0.2.8"), [True, True, False, True])
        self.assertEqual(self.taken("192.0.2.7", "192.0.2.7", now=1.0), [True, False])

    def test_whoever_has_one_ipv6_address_has_many(self) -> None:
        self.assertEqual(self.taken(*(f"2001:db8::{number}" for number in range(1, 4))), [True, True, False])
        self.assertEqual(self.taken("2001:db8:0:1::1"), [True])
        self.assertEqual(self.taken("fe80::1%eth0", "fe80::2%eth0", "fe80::3"), [True, True, False])

    def test_one_of_ipv4_that_came_to_a_socket_for_both_is_what_it_is(self) -> None:
        self.assertEqual(self.taken("192.0.2.7", "::ffff:192.0.2.7", "::ffff:192.0.2.7"), [True, True, False])
        self.assertEqual(self.taken("::ffff:192.0.2.8"), [True])

    def test_this_machines_own_are_not_counted_nor_what_has_none(self) -> None:
        for host in ("127.0.0.1", "127.8.8.8", "::1", "::ffff:127.0.0.1", "", "/run/socket"):
            self.assertEqual(self.taken(*[host] * 5), [True] * 5, host)

    def test_without_a_rate_nothing_is(self) -> None:
        self.addresses = Addresses(0.0, 2)
        self.assertEqual(self.taken(*["192.0.2.7"] * 5), [True] * 5)

    def test_so_many_are_remembered_those_that_asked_last(self) -> None:
        self.taken("192.0.2.7", "192.0.2.7", "192.0.2.8")
        self.taken(*(f"10.0.{number >> 8}.{number & 255}" for number in range(MAX_ADDRESSES - 2)))
        self.assertEqual(self.taken("192.0.2.7"), [False])
        self.taken("10.1.0.0", "10.1.0.1")
        self.assertEqual(self.taken("192.0.2.7"), [False])
        self.assertEqual(len(self.addresses._buckets), MAX_ADDRESSES)

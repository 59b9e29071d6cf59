"""The tables of everything that gamesvc can say no with."""

from __future__ import annotations

import re
from dataclasses import replace

from twisted.trial.unittest import SynchronousTestCase

import gamesvc
from gamesvc import errors
from gamesvc.errors import (
    ERROR_CODES,
    HTTP_REFUSALS,
    LOBBY_REFUSALS,
    CloseCode,
    DefinitionError,
    ErrorCode,
    Fenced,
    HttpRefusal,
    JournalError,
    RequestRefused,
    Unavailable,
)

SNAKE_CASE = re.compile(r"[a-z]+(_[a-z]+)*")

TABLES = (ERROR_CODES, HTTP_REFUSALS, LOBBY_REFUSALS)

RETRYABLE_CODES = {"not_started", "no_seat", "rate_limited", "too_many_in_flight", "unavailable", "outcome_unknown"}

STATUSES = {
    "bad_request": 400,
    "duplicate_header": 400,
    "bad_upgrade": 400,
    "bad_game_id": 400,
    "bad_query": 400,
    "bad_player": 400,
    "token_twice": 400,
    "unknown_subprotocol": 400,
    "token_missing": 401,
    "token_expired": 401,
    "token_invalid": 401,
    "wrong_game": 403,
    "player_not_in_game": 403,
    "origin_not_allowed": 403,
    "host_not_allowed": 403,
    "kind_not_served": 404,
    "game_deleted": 410,
    "not_found": 404,
    "method_not_allowed": 405,
    "request_timeout": 408,
    "body_too_large": 413,
    "upgrade_required": 426,
    "too_many_connections": 429,
    "too_many_games": 429,
    "headers_too_large": 431,
    "internal_error": 500,
    "draining": 503,
    "journal_down": 503,
    "game_busy": 503,
    "server_full": 503,
}

# What a response of a status must have beside it, wherever it is used (RFC 9110).
HEADER_OF_STATUS = {401: "WWW-Authenticate", 405: "Allow", 426: "Upgrade", 429: "Retry-After", 503: "Retry-After"}

# Every close code that a client may ever meet, and whether it may come back by itself.
MAY_RECONNECT = {
    **dict.fromkeys((1000, 1001, 1002, 1003, 1007, 1008, 1009, 1011, 1012, 1013, 4000, 4001, 4002), True),
    **dict.fromkeys((4401, 4403, 4409, 4410), False),
}


class Tables(SynchronousTestCase):
    def test_no_error_code_or_refusal_is_missing_from_its_table_and_none_is_in_it_twice(self) -> None:
        for kind, table in ((ErrorCode, ERROR_CODES), (HttpRefusal, {**HTTP_REFUSALS, **LOBBY_REFUSALS})):
            defined = [value for value in vars(errors).values() if isinstance(value, kind)]
            self.assertEqual(sorted(each.code for each in defined), sorted(table))
            self.assertEqual([each.code for each in table.values()], list(table))

    def test_codes_are_snake_case(self) -> None:
        for code in (*ERROR_CODES, *HTTP_REFUSALS, *LOBBY_REFUSALS):
            self.assertTrue(SNAKE_CASE.fullmatch(code), code)

    def test_everything_has_a_message_for_people(self) -> None:
        for message in (each.message for table in TABLES for each in table.values()):
            self.assertRegex(message, r"\A\S[\x20-\x7e]*[^\s.]\Z")

    def test_commands_that_may_be_retried_unchanged_are_those_that_wait_for_something(self) -> None:
        self.assertEqual({code for code, error in ERROR_CODES.items() if error.retryable}, RETRYABLE_CODES)


class Refusals(SynchronousTestCase):
    def test_each_has_the_status_that_clients_know_it_by(self) -> None:
        self.assertEqual({code: refusal.status for code, refusal in HTTP_REFUSALS.items()}, STATUSES)

    def test_each_has_the_header_that_its_status_asks_for(self) -> None:
        for refusal in (*HTTP_REFUSALS.values(), *LOBBY_REFUSALS.values()):
            names = [name for name, _ in refusal.headers]
            if wanted := HEADER_OF_STATUS.get(refusal.status):
                self.assertIn(wanted, names, refusal.code)
            self.assertEqual(len(names), len(set(names)), refusal.code)
        for code in ("token_missing", "token_expired", "token_invalid"):
            self.assertIn(("WWW-Authenticate", "Bearer"), HTTP_REFUSALS[code].headers)

    def test_what_may_be_retried_says_when_and_nothing_else_does(self) -> None:
        for refusal in (*HTTP_REFUSALS.values(), *LOBBY_REFUSALS.values()):
            later = dict(refusal.headers).get("Retry-After", "")
            self.assertEqual(refusal.retryable, refusal.status in (429, 503), refusal.code)
            self.assertEqual(refusal.retryable, later.isdigit(), refusal.code)

    def test_an_incident_is_told_beside_the_message_and_changes_nothing_else(self) -> None:
        refusal = errors.SERVER_ERROR.for_incident("12ab34cd")
        self.assertEqual(refusal.message, f"{errors.SERVER_ERROR.message} (incident 12ab34cd)")
        self.assertEqual(refusal, replace(errors.SERVER_ERROR, message=refusal.message))

    def test_an_exception_carries_its_refusal_and_says_no_more_than_its_code(self) -> None:
        error = RequestRefused(errors.TOKEN_EXPIRED)
        self.assertIs(error.refusal, errors.TOKEN_EXPIRED)
        self.assertEqual(str(error), "token_expired")


class Exceptions(SynchronousTestCase):
    def test_whatever_a_journal_says_no_with_is_a_journal_error(self) -> None:
        for kind in (Fenced, Unavailable):
            self.assertTrue(issubclass(kind, JournalError))
        self.assertFalse(issubclass(Fenced, Unavailable) or issubclass(Unavailable, Fenced))

    def test_an_author_may_catch_a_wrong_definition_as_the_type_error_that_it_is(self) -> None:
        self.assertTrue(issubclass(DefinitionError, TypeError))
        self.assertIs(gamesvc.DefinitionError, DefinitionError)


class CloseCodes(SynchronousTestCase):
    def test_who_is_sent_away_because_of_the_game_or_the_server_may_come_back_and_resume(self) -> None:
        for code in (CloseCode.SERVICE_RESTART, CloseCode.GAME_MOVED, CloseCode.SLOW_CONSUMER):
            self.assertTrue(code.may_reconnect)
        self.assertEqual(int(CloseCode.GAME_MOVED), 4002)

    def test_each_is_one_that_clients_were_told_of_and_says_whether_they_may_come_back(self) -> None:
        for code in CloseCode:
            self.assertIn(int(code), MAY_RECONNECT)
            self.assertIs(code.may_reconnect, MAY_RECONNECT[code], code)

    def test_no_two_share_a_number(self) -> None:
        # A second name for a number would be an alias, and so lost its own reason.
        self.assertEqual(len(CloseCode.__members__), len(CloseCode))

    def test_reasons_fit_into_a_close_frame(self) -> None:
        for code in CloseCode:
            # RFC 6455, section 5.5: a control frame has 125 bytes, and the code takes two of them.
            self.assertTrue(0 < len(code.reason.encode()) <= 123, code)

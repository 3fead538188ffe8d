"""Which errors are an outage, and what may be said about any of them."""

import json
import re
from json import JSONDecodeError

import asyncpg
import pytest
from aiokafka.errors import KafkaConnectionError
from asyncpg.exceptions import InvalidCachedStatementError, OutdatedSchemaCacheError
from asyncpg.exceptions._base import DataError
from pydantic import BaseModel, TypeAdapter, ValidationError

from chassis.errors import HoleError, OutageError, OversizeError, PoisonError, describe, is_outage
from chassis.queries import numbered

OUTAGES = [
    OutageError("the carrier is silent"),
    ConnectionRefusedError(111, "Connect call failed"),
    TimeoutError(),
    KafkaConnectionError(),
    asyncpg.PostgresConnectionError("gone"),
    asyncpg.ConnectionDoesNotExistError("gone"),
    asyncpg.CannotConnectNowError("starting up"),
    asyncpg.AdminShutdownError("shutting down"),
    asyncpg.DeadlockDetectedError("deadlock"),
    asyncpg.SerializationError("serialization"),
    asyncpg.DiskFullError("no space left"),
    asyncpg.TooManyConnectionsError("too many"),
    asyncpg.QueryCanceledError("statement timeout"),
    asyncpg.LockNotAvailableError("lock timeout"),
    asyncpg.IdleInTransactionSessionTimeoutError("too slow"),
    asyncpg.TransactionTimeoutError("too slow altogether"),
    asyncpg.PostgresIOError("could not read block 3"),
    asyncpg.ReadOnlySQLTransactionError("a standby answered"),
    asyncpg.InterfaceError("pool is closed"),
    asyncpg.InterfaceError("cannot call Connection.fetch(): connection has been released back to the pool"),
    asyncpg.InternalClientError("got result for unknown protocol state 3"),
    OutdatedSchemaCacheError("cached types are out of date"),
    InvalidCachedStatementError("cached statement plan is invalid"),
]
NOT_OUTAGES = [
    PoisonError("body_unreadable"),
    HoleError("intake-orders", 4, 3, 5),
    KeyError("lamp"),
    AssertionError(),
    asyncpg.UniqueViolationError("duplicate key"),
    asyncpg.CheckViolationError("negative stock"),
    asyncpg.UndefinedColumnError("no such column"),
    asyncpg.InsufficientPrivilegeError("not yours"),
    asyncpg.DataError("invalid input for query argument $1"),
    asyncpg.InterfaceError("the server expects 2 arguments for this query, 1 was passed"),
]


class Parcel(BaseModel):
    """A body with something private in it."""

    street: int


@pytest.mark.parametrize("error", OUTAGES, ids=lambda error: type(error).__name__)
def test_an_error_of_a_dependency_is_an_outage(error: Exception) -> None:
    assert is_outage(error)


@pytest.mark.parametrize("error", NOT_OUTAGES, ids=lambda error: type(error).__name__)
def test_an_error_of_the_message_is_no_outage(error: Exception) -> None:
    assert not is_outage(error)


def test_a_description_of_a_parsing_error_omits_the_value() -> None:
    with pytest.raises(ValidationError) as caught:
        Parcel.model_validate({"street": "12 Canary Lane"})

    told = describe(caught.value)

    assert told == "ValidationError street: int_parsing"


def test_a_description_of_a_database_error_omits_its_text() -> None:
    told = describe(asyncpg.UniqueViolationError("Key (email)=(canary@example.com) already exists."))

    assert told == "UniqueViolationError 23505"


def test_a_value_that_was_never_sent_is_neither_told_nor_an_outage() -> None:
    # What asyncpg raises for a parameter that it cannot encode; "closed" in it is the order's word, not asyncpg's.
    error = DataError(
        "invalid input for query argument $1: ['Canary Ada, gate closed \\ud800'] (surrogates not allowed)"
    )

    assert describe(error) == "DataError"
    assert not is_outage(error)


def test_a_description_of_a_bug_names_the_line_but_no_value() -> None:
    with pytest.raises(KeyError) as caught:
        _ = dict[str, int]()["12 Canary Lane"]

    told = describe(caught.value)

    assert told.startswith("KeyError at chassis/test_errors.py:")
    assert "Canary" not in told


def test_a_description_names_the_caller_s_line_and_none_of_the_chassis_or_of_libraries() -> None:
    with pytest.raises(AssertionError) as ours:
        numbered("q", "select :sku").bind({})
    with pytest.raises(JSONDecodeError) as library:
        json.loads("{")
    with pytest.raises(KeyError) as generated:
        exec("dict()[1]")  # noqa: S102 -- code that is in no file

    for caught in (ours, library, generated):
        assert re.match(r"\w+ at chassis/test_errors\.py:\d+ test_a_description", describe(caught.value))


def test_our_own_errors_are_described_in_their_own_words() -> None:
    assert describe(OversizeError("intake-orders", 2_000_000, 1_000_000)) == (
        "OversizeError body_oversize: 2000000 bytes for intake-orders, at most 1000000"
    )
    assert describe(PoisonError("no_carrier")) == "PoisonError no_carrier"
    assert describe(ConnectionRefusedError(111, "refused")) == "ConnectionRefusedError refused"
    assert describe(TimeoutError()) == "TimeoutError"
    assert describe(asyncpg.InterfaceError("pool is closed")) == "InterfaceError pool is closed"


def test_of_many_faults_in_a_body_the_first_five_are_told() -> None:
    with pytest.raises(ValidationError) as caught:
        TypeAdapter(list[int]).validate_python(["12 Canary Lane"] * 7)

    assert describe(caught.value) == "ValidationError " + ", ".join(f"{place}: int_parsing" for place in range(5))


def test_a_database_error_that_a_service_provoked_names_its_line() -> None:
    with pytest.raises(asyncpg.UniqueViolationError) as caught:
        raise asyncpg.UniqueViolationError("Key (email)=(canary@example.com) already exists.")

    assert re.fullmatch(r"UniqueViolationError 23505 at chassis/test_errors\.py:\d+ \w+", describe(caught.value))

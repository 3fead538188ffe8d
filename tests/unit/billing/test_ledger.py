"""The ledger's postings: netted by account, balanced, or nothing at all."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.billing.core.ledger import Account, Entry, move, post

ACCOUNTS = st.sampled_from(list(Account))
MOVES = st.lists(st.tuples(ACCOUNTS, ACCOUNTS, st.integers(0, 10**12)), max_size=8)


@given(MOVES)
def test_any_moves_make_a_posting_that_balances(moves: list[tuple[Account, Account, int]]) -> None:
    posting = post("kind", "ref", None, "JPY", [entry for one in moves for entry in move(*one)])

    if posting:
        assert sum(entry.amount for entry in posting.entries) == 0
        assert all(entry.amount for entry in posting.entries)
        assert len({entry.account for entry in posting.entries}) == len(posting.entries) >= 2


def test_entries_that_do_not_balance_are_a_bug() -> None:
    with pytest.raises(AssertionError):
        post("kind", "ref", None, "EUR", [Entry(Account.BANK, 1)])


def test_money_that_ends_where_it_began_is_not_posted() -> None:
    there, back = move(Account.BANK, Account.SUSPENSE, 5), move(Account.SUSPENSE, Account.BANK, 5)

    assert post("kind", "ref", None, "EUR", [*there, *back]) is None

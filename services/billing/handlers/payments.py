"""What the payment provider says, as answer of our call or as notice, and what is asked again by timer."""

from collections.abc import Sequence
from typing import NamedTuple

from chassis import Heard, Home, PoisonError, Turn
from contracts import payment
from services.billing.core.account import OrderAccount
from services.billing.core.ledger import Account, move, post
from services.billing.core.operations import (
    OUTCOME_OF,
    Operation,
    Request,
    ask_authorization,
    ask_capture,
    ask_refund,
    expire,
    take_known_operation,
    take_operation,
)
from services.billing.core.step import Step
from services.billing.gateway import ProviderAnswered
from services.billing.handlers.group import ORDER, Group, service, subjects
from services.billing.store import accounts, provider
from services.billing.translate import heard as facts
from services.billing.translate.notes import PaymentDue

PAYMENT = Home("payment", key=lambda notice: notice.reference, find=accounts.orders_of_payments)


class _Word(NamedTuple):
    """One thing that the provider said."""

    heard: Heard[payment.PaymentOperation] | Heard[ProviderAnswered]
    operation: Operation
    request_id: str | None


async def take_notices(turn: Turn, notices: Sequence[Heard[payment.PaymentOperation]]) -> None:
    """Book what the provider tells, unless our call's answer was first."""
    group = await Group.of(turn, subjects(notices))
    requests = await provider.load_requests(turn, {h.event.request_id for h in notices if h.event.request_id})
    words = [_noticed(heard, group.accounts[heard.subject], requests) for heard in notices]
    _book_fees(group, notices)
    await _take(turn, group, words, requests)


for _notice in facts.OUTCOMES:
    service.hears(_notice, home=PAYMENT, needs=[ORDER])(take_notices)


@service.hears(ProviderAnswered, needs=[ORDER])
async def take_answers(turn: Turn, answers: Sequence[Heard[ProviderAnswered]]) -> None:
    """Book the answers of our calls, unless the provider's notice was first."""
    group = await Group.of(turn, subjects(answers))
    requests = await provider.load_requests(turn, {heard.event.request_id for heard in answers})
    words = [_answered(heard, requests[heard.event.request_id].request) for heard in answers]
    await _take(turn, group, words, requests)


@service.hears(PaymentDue, needs=[ORDER])
async def ask_again(turn: Turn, due: Sequence[Heard[PaymentDue]]) -> None:
    """Look at payments again: expired, never heard of, or refused; most timers find nothing to do."""
    group = await Group.of(turn, subjects(due))
    requests = await provider.load_requests(turn, {h.event.request_id for h in due if h.event.request_id})
    for heard in due:
        refused = requests.get(heard.event.request_id or "")
        step = _look_again(turn, group.accounts[heard.subject], heard.event, refused)
        group.take(heard, step, "payment_due", heard.id)
    await group.write()


def _look_again(turn: Turn, account: OrderAccount, due: PaymentDue, refused: provider.Answered | None) -> Step:
    match due.wish:
        case "expiry":
            return expire(account, due.payment_id, turn.now)
        case "capture":
            return ask_capture(account, due.payment_id)
        case "refund":
            assert refused, f"request {due.request_id} was ours"
            return ask_refund(account, refused.request)
        case _:
            return ask_authorization(account, due.payment_id)


def _noticed(
    heard: Heard[payment.PaymentOperation], account: OrderAccount, requests: dict[str, provider.Answered]
) -> _Word:
    notice = heard.event
    if notice.currency != account.currency:
        raise PoisonError(f"{notice.operation_id} is in {notice.currency}, its order in {account.currency}")
    ours = requests.get(notice.request_id or "")
    if ours:
        payment_id = ours.request.payment_id
    else:
        payment_id = next(p.payment_id for p in account.payments if p.reference == notice.reference)
    return _Word(heard, facts.operation(notice, payment_id, heard.at), notice.request_id)


def _answered(heard: Heard[ProviderAnswered], request: Request) -> _Word:
    answer = heard.event
    outcome = OUTCOME_OF[request.wish] if answer.succeeded else "declined"
    operation = Operation(answer.operation_id, request.payment_id, outcome, answer.amount, heard.at, answer.expires_at)
    return _Word(heard, operation, request.request_id)


def _book_fees(group: Group, notices: Sequence[Heard[payment.PaymentOperation]]) -> None:
    for heard in notices:
        fee = move(Account.PAYMENT_FEES, Account.CASH_IN_TRANSIT, heard.event.fee or 0)
        if posting := post("fee", heard.event.operation_id, heard.subject, heard.event.currency, fee):
            group.postings.append(posting)


async def _take(turn: Turn, group: Group, words: Sequence[_Word], requests: dict[str, provider.Answered]) -> None:
    known = await provider.known_operations(turn, {word.operation.operation_id for word in words})
    taken: list[provider.Taken] = []
    states: dict[str, str] = {}
    for word in words:
        account, operation = group.accounts[word.heard.subject], word.operation
        request = _still_open(requests, states, word.request_id)
        is_known = operation.operation_id in known or (word.request_id in requests and request is None)
        step = (take_known_operation if is_known else take_operation)(account, operation, request)
        if request:
            states[request.request_id] = "refused" if operation.outcome == "declined" else "granted"
        if not is_known:
            known.add(operation.operation_id)
            taken.append(provider.Taken(account.order_id, operation, word.request_id))
        kind = "known_operation" if is_known else operation.outcome
        group.take(word.heard, step, kind, operation.operation_id)
    await provider.insert_operations(turn, taken, turn.now)
    await provider.answer_requests(turn, states)
    await group.write()


def _still_open(
    requests: dict[str, provider.Answered], states: dict[str, str], request_id: str | None
) -> Request | None:
    known = requests.get(request_id or "")
    return known.request if known and known.state == "open" and request_id not in states else None

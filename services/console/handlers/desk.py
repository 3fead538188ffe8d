"""What is told to those who run the pipeline: mails, what could not be handled, what the auditor found."""

from contracts import auditor, notifications
from contracts.dead_letters import MessageDeadLettered, MessageResolved
from contracts.topics import DEAD_LETTERS
from services.console.handlers.hearing import Told, hears
from services.console.store.writing import Rows


@hears(notifications.MessageSent)
def message_sent(rows: Rows, told: Told, event: notifications.MessageSent) -> None:
    """Note a mail that went out."""
    _message(rows, told, event, sent_at=told.at)


@hears(notifications.MessageFailed)
def message_failed(rows: Rows, told: Told, event: notifications.MessageFailed) -> None:
    """Note a mail that did not, and why."""
    _message(rows, told, event, failed_at=told.at, reason=event.reason)


def _message(rows: Rows, told: Told, event: notifications.Message, **columns: object) -> None:
    rows.put(
        "message",
        {"message_id": event.message_id},
        order_id=told.subject,
        milestone=event.milestone,
        about=event.about,
        medium=event.medium,
        template=event.template,
        **columns,
    )


@hears(*[kind for topic in DEAD_LETTERS.values() for kind in topic.events if issubclass(kind, MessageDeadLettered)])
def message_dead_lettered(rows: Rows, told: Told, event: MessageDeadLettered) -> None:
    """Note a message that rests."""
    # One that was settled before in the same batch rests again; one settled after it is told so afterwards.
    rows.resolved = [row for row in rows.resolved if row["dead_letter_id"] != event.dead_letter_id]
    rows.put_newest(
        "dead_letter",
        {"dead_letter_id": event.dead_letter_id},
        "revision",
        service=event.type.partition(".")[0],
        topic=event.topic,
        lane=event.partition,
        position=event.offset,
        key=told.subject,
        message_type=event.message_type,
        message_id=event.message_id,
        reason=event.reason,
        error=event.error,
        attempts=event.attempts,
        dead_at=told.at,
        revision=told.revision,
    )


@hears(*[kind for topic in DEAD_LETTERS.values() for kind in topic.events if issubclass(kind, MessageResolved)])
def message_resolved(rows: Rows, told: Told, event: MessageResolved) -> None:
    """Note that somebody settled a message, who and why."""
    rows.resolved.append(
        {
            "dead_letter_id": event.dead_letter_id,
            "resolution": event.resolution,
            "actor": event.actor,
            "why": event.reason,
            "resolved_at": told.at,
            "revision": told.revision,
        }
    )


@hears(auditor.LawsChecked)
def laws_checked(rows: Rows, _told: Told, event: auditor.LawsChecked) -> None:
    """Note what the auditor found, as it told it."""
    rows.reports[event.taken_at] = event.encode().decode()

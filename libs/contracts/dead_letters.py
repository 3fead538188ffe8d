"""What a service tells about messages it cannot handle (`<service>-dead-letters`): a pointer, never the bytes."""

from typing import Literal

from contracts.event import Event


class MessageDeadLettered(Event):
    """A message rests after its tries, in the service's own table; its key is the message's own.

    `dead_letter_id` is `service/number`: decisions about it name it so. `partition` and `offset` are where it came.
    """

    dead_letter_id: str
    topic: str
    partition: int | None = None
    offset: int | None = None
    message_type: str | None = None
    message_id: str | None = None
    reason: Literal["malformed", "failed"]
    error: str
    attempts: int


class MessageResolved(Event):
    """Somebody settled a dead letter."""

    dead_letter_id: str
    resolution: Literal["edited", "retried", "discarded"]
    actor: str
    reason: str


def dead_lettered(service: str) -> type[MessageDeadLettered]:
    """Make the event by which one service tells that it set a message aside."""
    attributes = {
        "type": f"{service}.message_dead_lettered.v1",
        "__module__": __name__,
        "__doc__": MessageDeadLettered.__doc__,
    }
    return type(f"{service.title()}MessageDeadLettered", (MessageDeadLettered,), attributes)


def resolved(service: str) -> type[MessageResolved]:
    """Make the event by which one service tells that a message of it is settled."""
    attributes = {"type": f"{service}.message_resolved.v1", "__module__": __name__, "__doc__": MessageResolved.__doc__}
    return type(f"{service.title()}MessageResolved", (MessageResolved,), attributes)

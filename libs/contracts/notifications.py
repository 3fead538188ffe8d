"""What notifications tells about its messages (`notification-messages`): never to whom, never what they said."""

from typing import Literal

from contracts.event import Event


class Message(Event):
    """One message about one milestone (order_confirmed, shipment_delivered, a code) of one thing.

    `about` is the id of that thing: the order, shipment, parcel, refund, invoice.
    """

    milestone: str
    about: str
    medium: Literal["email"] = "email"
    template: str
    message_id: str


class MessageSent(Message):
    """The mail server took the message: once per milestone and thing, the same Message-ID on every try."""

    type = "notifications.message_sent.v1"


class MessageFailed(Message):
    """The message will not be sent: no_contact, erased, refused, unreachable, a code."""

    type = "notifications.message_failed.v1"

    reason: str
    attempts: int

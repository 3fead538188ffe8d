"""What notifications tells about its messages (`notification-messages`): never to whom, never what they said."""

from typing import Literal

from contracts.event import Event

Milestone = Literal[
    "order_confirmed",
    "order_rejected",
    "order_held",
    "promise_changed",
    "lines_backordered",
    "shipment_dispatched",
    "shipment_delivered",
    "parcel_closed",
    "order_cancelled",
    "order_refunded",
    "order_invoiced",
    "order_completed",
]


class Message(Event):
    """One message about one milestone of one thing: `about` is the id of the order, parcel, refund and so on."""

    milestone: Milestone
    about: str
    medium: Literal["email"] = "email"
    template: str
    message_id: str


class MessageSent(Message):
    """The mail server took the message: once per milestone and thing, the same Message-ID on every try."""

    type = "notifications.message_sent.v1"


class MessageFailed(Message):
    """The message will not be sent."""

    type = "notifications.message_failed.v1"

    reason: Literal["no_contact", "refused", "erased", "unreachable"]
    attempts: int

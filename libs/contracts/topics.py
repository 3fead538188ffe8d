"""The registry: every topic with its owner, its events and who hears them. What is not declared does not start."""

from collections.abc import Iterator
from datetime import timedelta

from contracts import (
    auditor,
    billing,
    carrier,
    channel,
    desk,
    floor,
    fulfillment,
    intake,
    inventory,
    master,
    notifications,
    payment,
    shipping,
    supplier,
)
from contracts.dead_letters import dead_lettered, resolved
from contracts.event import Event
from contracts.topic import Outside, Party, Service, Topic

# Lanes of every topic. Changing it moves keys to other lanes: an operation with a runbook, not a setting.
LANES = 12

_OUTSIDE = timedelta(days=14)
# As short as an outage over a long weekend allows.
_PERSONAL = timedelta(days=7)
_DEAD_LETTERS = timedelta(days=90)


_INTAKE, _INVENTORY, _FULFILLMENT = Service.INTAKE, Service.INVENTORY, Service.FULFILLMENT
_SHIPPING, _BILLING, _NOTIFICATIONS = Service.SHIPPING, Service.BILLING, Service.NOTIFICATIONS

# --- from outside -----------------------------------------------------------------------------------------------------

CHANNEL_ORDERS = Topic(
    name="channel-orders",
    owner=Outside.CHANNELS,
    key="channel:channel_order_id",
    retention=_PERSONAL,
    personal=True,
    heard={channel.OrderPlaced: (_INTAKE,), channel.CancellationRequested: (_INTAKE,)},
)
PAYMENT_NOTICES = Topic(
    name="payment-notices",
    owner=Outside.PAYMENT_PROVIDER,
    writers=(Outside.PAYMENT_PROVIDER, Outside.BANK),
    key="payment reference",
    retention=_PERSONAL,
    personal=True,
    heard={
        payment.Authorized: (_BILLING,),
        payment.Captured: (_BILLING,),
        payment.Declined: (_BILLING,),
        payment.Refunded: (_BILLING,),
        payment.Voided: (_BILLING,),
        payment.AuthorizationExpired: (_BILLING,),
        payment.TransferReceived: (_BILLING,),
    },
)
SUPPLIER_NOTICES = Topic(
    name="supplier-notices",
    owner=Outside.SUPPLIERS,
    key="purchase order id",
    retention=_OUTSIDE,
    heard={
        supplier.OrderConfirmed: (_INVENTORY,),
        supplier.OrderRefused: (_INVENTORY,),
        supplier.OrderDelayed: (_INVENTORY,),
    },
)
FLOOR_SCANS = Topic(
    name="floor-scans",
    owner=Outside.FLOOR,
    key="work id (receipts: purchase order id; counts: location id)",
    retention=_OUTSIDE,
    heard={
        floor.GoodsReceived: (_INVENTORY,),
        floor.ItemPicked: (_FULFILLMENT,),
        floor.ParcelPacked: (_FULFILLMENT,),
        floor.StockCounted: (_INVENTORY,),
    },
)
CARRIER_TRACKING = Topic(
    name="carrier-tracking",
    owner=Outside.CARRIERS,
    key="tracking number",
    retention=_OUTSIDE,
    heard={carrier.TrackingReported: (_SHIPPING,)},
)
DESK_REQUESTS = Topic(
    name="desk-requests",
    owner=Outside.DESK,
    key="order id",
    retention=_PERSONAL,
    personal=True,
    heard={desk.HoldLiftRequested: (_INTAKE,), desk.AddressCorrected: (_INTAKE,)},
)
DESK_DECISIONS = Topic(
    name="desk-decisions",
    owner=Outside.DESK,
    writers=(Service.CONSOLE, Outside.OPERATORS),
    key="the dead letter's id",
    retention=_PERSONAL,
    personal=True,  # a mended body is personal wherever the message was
    heard={desk.DeadLetterDecided: tuple(service for service in Service if service is not Service.CONSOLE)},
)
AUDIT_REPORTS = Topic(
    name="audit-reports",
    owner=Outside.AUDITOR,
    key="laws",
    retention=_OUTSIDE,
    heard={auditor.LawsChecked: ()},
)
MASTER_DATA = Topic(
    name="master-data",
    owner=Outside.OPERATORS,
    key="kind:id:effective from",
    retention=None,
    compacted=True,
    heard={
        master.ItemDefined: (_INVENTORY, _FULFILLMENT),
        master.LocationDefined: (_INVENTORY, _FULFILLMENT, _SHIPPING),
        master.TermsDefined: (_BILLING,),
        master.RateCardDefined: (_INVENTORY, _SHIPPING),
        master.CartonDefined: (_FULFILLMENT,),
    },
)

# --- own --------------------------------------------------------------------------------------------------------------

INTAKE_ORDERS = Topic(
    name="intake-orders",
    owner=_INTAKE,
    key="order id",
    heard={
        intake.OrderReceived: (_INVENTORY, _BILLING, _NOTIFICATIONS),
        intake.OrderRejected: (),
        intake.OrderHeld: (),
        intake.HoldLifted: (),
        intake.OrderReleased: (_INVENTORY,),
        intake.OrderChanged: (_INVENTORY, _SHIPPING),
        intake.CancellationAsked: (_INVENTORY,),
        intake.OrderCancelled: (_INVENTORY, _BILLING, _NOTIFICATIONS),
        intake.OrderCompleted: (),
    },
)
INTAKE_CONTACTS = Topic(
    name="intake-contacts",
    owner=_INTAKE,
    key="order id",
    retention=None,
    compacted=True,
    personal=True,
    heard={intake.ContactsRecorded: (_FULFILLMENT, _SHIPPING, _NOTIFICATIONS)},
)
CHANNEL_UPDATES = Topic(
    name="channel-updates",
    owner=_INTAKE,
    key="channel:channel_order_id",
    heard={
        channel.OrderAcknowledged: (Outside.CHANNELS,),
        channel.OrderRefused: (Outside.CHANNELS,),
        channel.OrderFulfilled: (Outside.CHANNELS,),
        channel.OrderCancelled: (Outside.CHANNELS,),
        channel.OrderRefunded: (Outside.CHANNELS,),
    },
)
INVENTORY_ALLOCATIONS = Topic(
    name="inventory-allocations",
    owner=_INVENTORY,
    key="order id",
    heard={
        inventory.OrderPromised: (_INTAKE,),
        inventory.PromiseChanged: (_SHIPPING, _NOTIFICATIONS),
        inventory.OrderAllocated: (_FULFILLMENT, _SHIPPING),
        inventory.LinesBackordered: (_NOTIFICATIONS,),
        inventory.RecallPassed: (_FULFILLMENT,),
        inventory.RecallAnswered: (_INTAKE,),
        inventory.AllocationConsumed: (_BILLING,),
    },
)
INVENTORY_STOCK = Topic(
    name="inventory-stock",
    owner=_INVENTORY,
    key="sku",
    shared=True,
    heard={inventory.StockMoved: ()},
)
INVENTORY_PURCHASES = Topic(
    name="inventory-purchases",
    owner=_INVENTORY,
    key="purchase order id",
    heard={
        inventory.PurchaseOrdered: (Outside.SUPPLIERS,),
        inventory.GoodsBooked: (Outside.SUPPLIERS, _BILLING),
    },
)
FULFILLMENT_WORK = Topic(
    name="fulfillment-work",
    owner=_FULFILLMENT,
    key="order id",
    heard={
        fulfillment.WorkReleased: (Outside.FLOOR,),
        fulfillment.ScanRefused: (Outside.FLOOR,),
        fulfillment.LinesPicked: (_INVENTORY,),
        fulfillment.LineShortPicked: (_INVENTORY, Outside.FLOOR),
        fulfillment.ShipmentPacked: (_SHIPPING,),
        fulfillment.RecallPassed: (_SHIPPING,),
        fulfillment.RecallAnswered: (_INTAKE, _INVENTORY),
    },
)
SHIPPING_SHIPMENTS = Topic(
    name="shipping-shipments",
    owner=_SHIPPING,
    key="order id",
    heard={
        shipping.LabelBought: (Outside.CARRIERS,),
        shipping.LabelVoided: (Outside.CARRIERS,),
        shipping.ShipmentDispatched: (_INTAKE, _INVENTORY, _BILLING, _NOTIFICATIONS, Outside.CARRIERS),
        shipping.ShipmentProgressed: (),
        shipping.ShipmentDelivered: (_INTAKE, _BILLING, _NOTIFICATIONS),
        shipping.ParcelClosed: (_INTAKE, _INVENTORY, _BILLING, _NOTIFICATIONS),
        shipping.RecallAnswered: (_INTAKE, _INVENTORY, _FULFILLMENT),
    },
)
BILLING_ACCOUNTS = Topic(
    name="billing-accounts",
    owner=_BILLING,
    key="order id",
    heard={
        billing.FundsSecured: (_INTAKE,),
        billing.FundsLost: (_INTAKE,),
        billing.AuthorizationRequested: (),
        billing.CaptureRequested: (),
        billing.VoidRequested: (),
        billing.RefundRequested: (),
        billing.OrderInvoiced: (_NOTIFICATIONS, Outside.BANK),
        billing.PaymentApplied: (),
        billing.OrderSettled: (_INTAKE,),
        billing.CreditNoted: (_NOTIFICATIONS,),
        billing.RefundCompleted: (_INTAKE, _NOTIFICATIONS),
    },
)
NOTIFICATION_MESSAGES = Topic(
    name="notification-messages",
    owner=_NOTIFICATIONS,
    key="order id",
    heard={notifications.MessageSent: (), notifications.MessageFailed: ()},
)


def _dead_letters(service: Service) -> Topic:
    return Topic(
        name=f"{service}-dead-letters",
        owner=service,
        key="the message's own",
        retention=_DEAD_LETTERS,
        heard={dead_lettered(service): (Outside.OPERATORS,), resolved(service): (Outside.OPERATORS,)},
    )


DEAD_LETTERS: dict[Service, Topic] = {
    service: _dead_letters(service) for service in Service if service is not Service.CONSOLE
}

TOPICS: tuple[Topic, ...] = (
    CHANNEL_ORDERS,
    PAYMENT_NOTICES,
    SUPPLIER_NOTICES,
    FLOOR_SCANS,
    CARRIER_TRACKING,
    DESK_REQUESTS,
    DESK_DECISIONS,
    AUDIT_REPORTS,
    MASTER_DATA,
    INTAKE_ORDERS,
    INTAKE_CONTACTS,
    CHANNEL_UPDATES,
    INVENTORY_ALLOCATIONS,
    INVENTORY_STOCK,
    INVENTORY_PURCHASES,
    FULFILLMENT_WORK,
    SHIPPING_SHIPMENTS,
    BILLING_ACCOUNTS,
    NOTIFICATION_MESSAGES,
    *DEAD_LETTERS.values(),
)

_TOPIC_BY_EVENT: dict[type[Event], Topic] = {event: topic for topic in TOPICS for event in topic.events}
_EVENT_BY_TYPE: dict[str, type[Event]] = {event.type: event for event in _TOPIC_BY_EVENT}
_TOPIC_BY_NAME: dict[str, Topic] = {topic.name: topic for topic in TOPICS}


def topic_of(event: type[Event]) -> Topic:
    """Give the one topic on which an event travels; `KeyError` where none is declared."""
    return _TOPIC_BY_EVENT[event]


def event_class(wire_type: str) -> type[Event]:
    """Give the class of a wire type; `KeyError` where none is declared."""
    return _EVENT_BY_TYPE[wire_type]


def topic_named(name: str) -> Topic:
    """Give the topic of a name; `KeyError` where none is declared."""
    return _TOPIC_BY_NAME[name]


def topics_heard_by(party: Party) -> Iterator[Topic]:
    """Give the topics of which a party hears at least one event."""
    return (topic for topic in TOPICS if party in topic.readers)

"""The service, and how the orders of one group go on: read once, changed in memory event by event, written once."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, assert_never

from chassis import Heard, Need, Service, Turn
from contracts import intake
from services.intake import store, translate
from services.intake.core.lifecycle import Change, Completed, Held, Lifted, Order, Released, Saying

service = Service("intake")

# What others tell about an order may overtake the order itself: a cancellation, a word of the desk.
ORDER = Need("order", key=lambda heard: heard.subject, known=store.known_orders)

Said = tuple[Heard[Any], Order, Saying]


@dataclass
class Course:
    """The orders of one group as they go on, and what is to be said about each, with its cause."""

    before: dict[str, Order]
    now: dict[str, Order] = field(init=False)
    says: list[Said] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.now = dict(self.before)

    @classmethod
    async def of(cls, turn: Turn, heard: Iterable[Heard[Any]]) -> "Course":
        """Read and lock the orders that these messages are about."""
        return cls(await store.lock_orders(turn, [message.subject for message in heard]))

    def go(self, cause: Heard[Any], change: Change) -> None:
        """Take a change as it is decided."""
        self.now[change.order.order_id] = change.order
        self.says.extend((cause, change.order, saying) for saying in change.says)


async def conclude(turn: Turn, course: Course) -> None:
    """Write what changed about the orders and say it."""
    changed = [order for order_id, order in course.now.items() if order is not course.before[order_id]]
    await store.update_orders(turn, [order for order in changed if order != course.before[order.order_id]])
    await _write_holds(turn, course)
    await announce(turn, course.says)


async def _write_holds(turn: Turn, course: Course) -> None:
    """A hold that was opened and lifted within one group is written as lifted."""
    if not course.says:
        return
    lifted = {(order.order_id, says.hold.number): says.by for _, order, says in course.says if isinstance(says, Lifted)}
    opened = {
        (order.order_id, says.hold.number): says.hold
        for _, order, says in course.says
        if isinstance(says, Held) and says.hold.number > course.before[order.order_id].holds_made
    }
    await store.insert_holds(turn, [(place[0], hold, lifted.get(place)) for place, hold in opened.items()])
    await store.lift_holds(turn, [(*place, actor) for place, actor in lifted.items() if place not in opened])


async def announce(turn: Turn, says: Sequence[Said]) -> None:
    """Say what became of orders; a release and a completion name the units."""
    released = {order.order_id for _, order, saying in says if isinstance(saying, Released)}
    completed = {order.order_id for _, order, saying in says if isinstance(saying, Completed)}
    wanted = await store.wanted_lines(turn, released) if released else {}
    delivered = await store.delivered_lines(turn, completed) if completed else {}
    for cause, order, saying in says:
        match saying:
            case Held():
                turn.announce(cause, translate.held(order, saying))
            case Lifted():
                turn.announce(cause, translate.lifted(order, saying))
            case Released():
                lines = translate.line_quantities(wanted[order.order_id])
                turn.announce(cause, intake.OrderReleased(version=order.version, lines=lines, priority=order.priority))
            case Completed():
                lines = translate.line_quantities(delivered[order.order_id])
                turn.announce(cause, intake.OrderCompleted(version=order.version, lines=lines))
            case _:
                assert_never(saying)

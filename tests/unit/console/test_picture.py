"""The pipeline's picture: every service has a place in it, also one that nobody foresaw."""

from itertools import combinations

from contracts.topics import DEAD_LETTERS
from services.console.core.drawing import BOX_HEIGHT, BOX_WIDTH, Drawing, Measured, Node, drawing
from services.console.core.instances import together
from services.console.gateway.broker import Broker
from services.console.gateway.neighbours import Neighbours
from services.console.web.pages.flow import draw
from services.console.web.rendering import TEMPLATES
from services.console.web.watch import Watch

SERVICES = tuple(map(str, DEAD_LETTERS))
UNSEEN = Watch(Broker("nowhere:9", "tests"), Neighbours({}))  # before its first look


def measured(name: str, *, hears: tuple[str, ...] = (), writes: tuple[str, ...] = ()) -> Measured:
    return Measured(service=together(name, []), lag=0, rate=None, trend=(), hears=hears, writes=writes)


def picture_with(**newcomers: Measured) -> Drawing:
    services = {name: measured(name) for name in ("intake", "billing", "inventory", "shipping")}
    return drawing(services | newcomers, {}, {"intake-orders": "intake", "loyalty-points": "loyalty"})


def lie_apart(one: Node, other: Node) -> bool:
    return abs(one.x - other.x) >= BOX_WIDTH or abs(one.y - other.y) >= BOX_HEIGHT


def test_every_service_of_the_registry_has_a_place_of_its_own() -> None:
    picture = draw(UNSEEN)

    assert {node.name for node in picture.nodes} == set(SERVICES)
    assert all(lie_apart(one, other) for one, other in combinations(picture.nodes, 2))
    assert all(node.y + BOX_HEIGHT < picture.height for node in picture.nodes)


def test_the_picture_and_the_list_for_phones_name_every_service() -> None:
    shown = TEMPLATES.get_template("drawing.html").module
    picture = draw(UNSEEN)

    for text in (shown.picture(picture), shown.listing(picture)):  # type: ignore[attr-defined]
        assert [name for name in SERVICES if f">{name}<" not in text] == []


def test_a_service_without_a_place_stands_below_with_its_topics_beside_it() -> None:
    newcomer = measured("loyalty", hears=("intake-orders",), writes=("loyalty-points",))
    before, picture = picture_with(), picture_with(loyalty=newcomer)

    [node] = [node for node in picture.nodes if node.name == "loyalty"]
    heard, written = picture.edges[len(before.edges) :]
    assert before.height < node.y < node.y + BOX_HEIGHT < picture.height
    assert [(edge.topic, edge.writer) for edge in (heard, written)] == [
        ("intake-orders", "intake"),
        ("loyalty-points", "loyalty"),
    ]
    assert all(edge.label_x and edge.label_x > node.x + BOX_WIDTH for edge in (heard, written))


def test_the_picture_grows_with_services_and_with_their_topics() -> None:
    few = picture_with(**{name: measured(name) for name in "ab"})
    more = picture_with(**{name: measured(name) for name in "abc"})
    many_topics = picture_with(a=measured("a", hears=tuple(f"topic-{number}" for number in range(20))))

    assert few.height < more.height
    assert more.height < many_topics.height
    assert max(edge.label_y or 0 for edge in many_topics.edges) < many_topics.height
    assert all(lie_apart(one, other) for one, other in combinations(more.nodes, 2))

"""The order in which a picker visits bins."""

from hypothesis import given
from hypothesis import strategies as st

from services.fulfillment.core.walking import place_of, walking_order

NAMES = st.one_of(
    st.builds("{}-{:02d}-{}".format, st.sampled_from("ABCD"), st.integers(1, 12), st.integers(1, 4)),
    st.text(alphabet="AB-12", min_size=1, max_size=8),
)


def test_every_second_visited_aisle_is_walked_downwards() -> None:
    bins = ["B-01-1", "A-02-1", "C-01-1", "A-01-1", "B-09-1", "C-05-1"]

    assert walking_order(bins, {}) == ["A-01-1", "A-02-1", "B-09-1", "B-01-1", "C-01-1", "C-05-1"]
    assert walking_order([*bins, "D-01-1", "D-02-1"], {})[-2:] == ["D-02-1", "D-01-1"]


def test_an_aisle_without_picks_does_not_turn_the_walk() -> None:
    assert walking_order(["A-01-1", "A-05-1", "D-01-1", "D-05-1"], {}) == ["A-01-1", "A-05-1", "D-05-1", "D-01-1"]


def test_in_front_of_a_bay_levels_go_upwards_either_way() -> None:
    bins = ["A-01-2", "A-01-1", "B-03-2", "B-03-1", "B-01-1"]

    assert walking_order(bins, {}) == ["A-01-1", "A-01-2", "B-03-1", "B-03-2", "B-01-1"]


def test_aisle_ten_comes_after_aisle_nine() -> None:
    assert walking_order(["10-01-1", "9-01-1"], {}) == ["9-01-1", "10-01-1"]


def test_operators_numbers_rank_aisles_before_their_names() -> None:
    assert walking_order(["A-01-1", "B-01-1", "Z-01-1"], {"Z-01-1": 5, "B-01-1": 9}) == ["Z-01-1", "B-01-1", "A-01-1"]


def test_an_aisle_ranks_by_the_lowest_of_its_numbers() -> None:
    numbers = {"A-01-1": 7, "A-02-1": 1, "B-01-1": 3}

    assert walking_order(["B-01-1", "A-01-1", "A-02-1"], numbers) == ["A-01-1", "A-02-1", "B-01-1"]


def test_a_bin_of_another_scheme_is_an_aisle_alone() -> None:
    assert walking_order(["DOCK", "A-01-1", "CAGE7"], {}) == ["A-01-1", "CAGE7", "DOCK"]


def test_a_zone_before_the_aisle_belongs_to_its_name() -> None:
    place = place_of("MAIN-A-07-2")

    assert (place.bay, place.aisle == place_of("MAIN-A-01-1").aisle) == (7, True)


@given(st.lists(NAMES, max_size=30))
def test_each_bin_is_visited_exactly_once(bins: list[str]) -> None:
    assert sorted(walking_order(bins, {})) == sorted(set(bins))


@given(st.lists(NAMES, max_size=30))
def test_no_aisle_is_entered_a_second_time(bins: list[str]) -> None:
    aisles = [place_of(name).aisle for name in walking_order(bins, {})]
    entries = [aisle for index, aisle in enumerate(aisles) if index == 0 or aisles[index - 1] != aisle]

    assert len(entries) == len(set(aisles))


@given(st.lists(NAMES, max_size=30))
def test_within_an_aisle_bays_go_one_way(bins: list[str]) -> None:
    bays: dict[object, list[int]] = {}
    for name in walking_order(bins, {}):
        bays.setdefault(place_of(name).aisle, []).append(place_of(name).bay)

    assert all(walk in (sorted(walk), sorted(walk, reverse=True)) for walk in bays.values())


@given(st.lists(NAMES, max_size=30), st.randoms(use_true_random=False))
def test_the_order_of_the_question_does_not_matter(bins: list[str], random: object) -> None:
    shuffled = list(bins)
    random.shuffle(shuffled)  # type: ignore[attr-defined]

    assert walking_order(shuffled, {}) == walking_order(bins, {})

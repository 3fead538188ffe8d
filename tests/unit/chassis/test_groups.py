"""Groups: one handler call for as many messages as possible, and no subject reordered."""

from itertools import groupby, product

from chassis.groups import cut
from tests.unit.chassis.entries import entry


def test_no_subject_is_reordered_in_any_short_batch() -> None:
    """All batches of up to six messages of two subjects and three types."""
    letters = [entry(subject, kind) for subject in "xy" for kind in "abc"]
    for length in range(7):
        for batch in product(letters, repeat=length):
            order = {place: (one.heard.subject, one.type) for place, one in enumerate(batch)}
            groups = cut(batch)
            assert sum(map(len, groups)) == length
            for subject in "xy":
                before = [kind for name, kind in order.values() if name == subject]
                after = [one.type for group in groups for one in group if one.heard.subject == subject]
                assert after == before


def test_each_group_is_of_one_type() -> None:
    batch = [entry(subject, kind) for subject, kind in zip("xyxyzzx", "abcabca", strict=True)]

    assert all(len({one.type for one in group}) == 1 for group in cut(batch))


def test_many_movements_of_one_thing_are_one_group() -> None:
    assert len(cut([entry("sku", "moved", revision) for revision in range(1, 501)])) == 1


def test_interleaved_subjects_need_no_more_groups_than_types() -> None:
    batch = [entry(f"o-{number}", kind) for number in range(50) for kind in "abcd"]

    assert [len(group) for group in cut(batch)] == [50, 50, 50, 50]
    assert len(list(groupby(batch, key=lambda one: one.type))) == 200, "as many as cutting at each change would make"

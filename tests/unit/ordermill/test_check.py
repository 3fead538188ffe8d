"""The laws of `ordermill check`, as far as they need no database."""

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, cast

import pytest

from ordermill.broker import Log, Place
from ordermill.check import Finding, Law, When, every_law, print_areas, print_findings
from ordermill.check.laws import LAWS as FILES
from ordermill.check.snapshot import Busy, known_of
from ordermill.services import service_names

if TYPE_CHECKING:
    from chassis.postgres import Connection

LAWS = every_law()
NOBODY = cast("Connection", object())


@pytest.mark.parametrize("law", LAWS, ids=lambda law: law.name)
def test_each_law_says_in_a_sentence_what_must_be_true(law: Law) -> None:
    assert law.says[0].isupper()
    assert law.says.endswith(".")


@pytest.mark.parametrize("law", [law for law in LAWS if law.when is When.ALWAYS], ids=lambda law: law.name)
def test_what_always_holds_is_asked_of_one_service(law: Law) -> None:
    text = (FILES / law.area / f"{law.name}.sql").read_text(encoding="utf-8")

    assert len(set(re.findall(rf"\b({'|'.join(service_names())})\.\w+", text))) <= 1


def test_a_law_is_asked_of_each_service(tmp_path: Path) -> None:
    path = tmp_path / "a_law.sql"
    path.write_text("-- drained\n-- Nothing is\n-- lost.\n[each service: select 1 from {service}.later]\n")

    law = Law.read(path)

    assert (law.when, law.says) == (When.DRAINED, "Nothing is lost.")
    assert law.query.text.count("union all") == len(service_names()) - 1
    assert re.findall(r"from (\w+)\.later", law.query.text) == service_names()


def test_a_law_that_does_not_say_when_is_none(tmp_path: Path) -> None:
    path = tmp_path / "a_law.sql"
    path.write_text("-- Nothing is lost.\nselect 1\n")

    with pytest.raises(ValueError, match="Nothing is lost"):
        Law.read(path)


def test_laws_wait_for_what_would_seem_to_break_them() -> None:
    busy = Busy(orders=3, mails=5)

    assert [busy.before(when) for when in (When.ALWAYS, When.DRAINED, When.TOLD)] == [0, 3, 5]


@pytest.mark.parametrize(("when", "waits_for"), [(When.DRAINED, "drained"), (When.TOLD, "the mails are out too")])
async def test_a_law_says_what_it_waits_for_and_asks_nobody(when: When, waits_for: str) -> None:
    law = next(law for law in LAWS if law.when is when)

    finding = await law.ask(NOBODY, {}, busy=3)

    assert finding == Finding(law, skipped=f"only when {waits_for}, and 3 messages are on their way")


def test_laws_know_who_reads_which_log() -> None:
    known = known_of({"billing": {Place("intake-orders", 3): 4}}, {Place("intake-orders", 3): Log(0, 7)})

    assert json.loads(known["logs"]) == [{"topic": "intake-orders", "lane": 3, "end": 7}]
    assert json.loads(known["positions"]) == [{"service": "billing", "topic": "intake-orders", "lane": 3, "next": 4}]
    assert {"service": "billing", "topic": "intake-orders"} in json.loads(known["readers"])
    assert {"service": "shipping", "topic": "billing-accounts"} not in json.loads(known["readers"])


def test_only_mails_may_be_on_their_way_at_the_end() -> None:
    told, drained = (next(law for law in LAWS if law.when is when) for when in (When.TOLD, When.DRAINED))

    assert Finding(told, skipped="3 messages are on their way").ties
    assert not Finding(drained, skipped="3 messages are on their way").ties
    assert not Finding(told, rows=[{"order_id": "1"}]).ties


def test_an_area_is_one_line_where_all_of_it_holds(capsys: pytest.CaptureFixture[str]) -> None:
    print_areas([Finding(law) for law in LAWS if law.area == "stock"])

    [line] = capsys.readouterr().out.splitlines()
    assert line.startswith("  ✓ stock")


def test_what_breaks_a_law_is_shown_with_its_first_rows(capsys: pytest.CaptureFixture[str]) -> None:
    print_areas([Finding(LAWS[0], rows=[{"order_id": number} for number in range(7)])])

    told = capsys.readouterr().out
    assert f"✗ {LAWS[0].says}" in told
    assert "order_id=4" in told
    assert "order_id=5" not in told
    assert "and 2 more" in told


def test_a_law_not_asked_says_what_it_waits_for(capsys: pytest.CaptureFixture[str]) -> None:
    print_findings([Finding(LAWS[0], skipped="3 messages are on their way")])

    assert f"- {LAWS[0].says} Skipped: 3 messages are on their way." in capsys.readouterr().out

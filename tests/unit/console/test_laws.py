"""The page of laws: what holds, and which laws were not asked for what reason."""

from datetime import UTC, datetime

from contracts.auditor import LawsChecked, NotAsked
from services.console.core.audit import AuditReport, audit_of
from services.console.web.rendering import fragment

AT = datetime(2026, 5, 5, 9, 30, tzinfo=UTC)
DRAINED = NotAsked(why="only when drained, and 3 messages are on their way", laws=("funds_agree", "orders_have_owners"))
TOLD = NotAsked(why="only when the mails are out too, and 5 messages are on their way", laws=("orders_are_confirmed",))


def page(*not_asked: NotAsked) -> str:
    report = LawsChecked(report_id="r", taken_at=AT, took_ms=9, laws=83, unbalanced=0, not_asked=not_asked)
    audit = audit_of(AuditReport(taken_at=AT, report=report.model_dump(mode="json")))
    return fragment("parts/laws.html", {"audit": audit, "now": AT})


def test_laws_that_were_not_asked_are_named_with_their_reason() -> None:
    told = page(DRAINED, TOLD)

    assert "80 of 83" in told
    assert "3 not asked" in told
    for each, names in ((DRAINED, ("funds agree", "orders have owners")), (TOLD, ("orders are confirmed",))):
        _, _, card = told.partition(f"Not asked: {each.why}")
        assert [f"<li>{name}</li>" in card for name in names] == [True] * len(names)


def test_where_every_law_was_asked_no_word_is_said_of_it() -> None:
    assert "ot asked" not in page()

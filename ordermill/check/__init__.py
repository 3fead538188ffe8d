"""`ordermill check`: whether stock, money, orders, logs and mails tie, and what they come to."""

from ordermill.check.command import check
from ordermill.check.laws import Finding, Law, When, every_law
from ordermill.check.shown import print_areas, print_findings
from ordermill.check.snapshot import examine, under_way

__all__ = [
    "Finding",
    "Law",
    "When",
    "check",
    "every_law",
    "examine",
    "print_areas",
    "print_findings",
    "under_way",
]

"""A projection: topics read into tables for others to look at.  It decides nothing and says nothing.

So it needs less than the loop, and costs less: no group and no lanes (it reads all partitions, disturbs nobody, and a
second instance stands by), no revisions to draw, no outbox, no queue of what came too early.  Each batch is applied in
one transaction together with how far it was read; what was applied already, by whomever, is left out.  So a crash at
any point, an unknown commit or a zombie neither loses a record nor applies it twice.

A record that cannot be read, or fails alone, is kept aside with its place and the error, and the rest goes on.
"""

from chassis.projection.applying import Applier, Chore, Projection
from chassis.projection.process import Projector, run_projection
from chassis.projection.reading import Entry, Unreadable, part_of, read_all

__all__ = [
    "Applier",
    "Chore",
    "Entry",
    "Projection",
    "Projector",
    "Unreadable",
    "part_of",
    "read_all",
    "run_projection",
]

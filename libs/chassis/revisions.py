"""Revisions: one comparison is deduplication, order and proof that nothing is missing.

Messages from outside carry none: their sender's id is remembered for ever, with a digest of the content.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from hashlib import blake2b
from typing import TYPE_CHECKING

from chassis.entry import Entry
from chassis.errors import HoleError
from contracts.topics import TOPICS, topic_named

if TYPE_CHECKING:
    from chassis.ports import Ledger
    from chassis.service import Route, Service


def newest(entries: Iterable[Entry]) -> dict[str, int]:
    """The highest revision of each queue."""
    revisions: dict[str, int] = {}
    for entry in entries:
        revision = entry.heard.envelope.revision
        if revision > revisions.get(entry.queue, 0):
            revisions[entry.queue] = revision
    return revisions


def judge(entries: Iterable[Entry], before: Mapping[str, int], restating: Mapping[str, Route]) -> list[Entry]:
    """Tell the next revisions from duplicates; `before` is the last one heard of each queue.

    On a compacted or shared topic any newer revision is the next.  `restating` are the types of our own compacted
    topics: an older revision after a newer one is now the last word of its log, so that we say the current one again.
    Raises HoleError when a revision is missing: what came before it was lost, and no later one may be handled.
    """
    fresh, last, leaps = [], dict(before), _leaps()
    for entry in entries:
        revision, heard = entry.heard.envelope.revision, last[entry.queue]
        if revision < heard and entry.type in restating:
            entry.route = restating[entry.type]
            fresh.append(entry)
        if revision <= heard:
            continue
        if revision > heard + 1 and entry.heard.topic not in leaps:
            raise HoleError(entry.heard.topic, entry.lane, heard + 1, revision)
        last[entry.queue] = revision
        fresh.append(entry)
    return fresh


async def fresh(service: Service, ledger: Ledger, entries: Sequence[Entry]) -> list[Entry]:
    """Keep the entries that were never heard before, in their order; remember them as heard."""
    numbered = [entry for entry in entries if entry.heard.envelope.revision]
    outside = [entry for entry in entries if not entry.heard.envelope.revision]
    new: list[Entry] = []
    if numbered:
        new += judge(numbered, await ledger.hear(newest(numbered)), service.restating)
    if outside:
        new += await unseen(service, ledger, outside)
    kept = set(map(id, new))
    return [entry for entry in entries if id(entry) in kept]


@cache
def _leaps() -> frozenset[str]:
    return frozenset(topic.name for topic in TOPICS if topic.compacted or topic.shared)


async def unseen(service: Service, ledger: Ledger, entries: Sequence[Entry]) -> list[Entry]:
    """Keep what strangers did not say before; remember it for ever."""
    named = [(entry, *_mark(entry)) for entry in entries]
    digests: dict[str, bytes] = {}
    for _, identity, digest in named:
        if identity:
            digests.setdefault(identity, digest)
    known = await ledger.remember(digests) if digests else {}
    new = [entry for entry, identity, digest in named if identity is None or _is_new(entry, identity, digest, known)]
    return await _without_known_conflicts(service, ledger, new)


def _is_new(entry: Entry, identity: str, digest: bytes, known: dict[str, bytes]) -> bool:
    """Same id and same content: a duplicate.  Same id and other content: a conflict."""
    if identity not in known:
        known[identity] = digest  # a twin later in this batch is compared with this one
        return True
    entry.is_conflict = known[identity] != digest
    return entry.is_conflict


async def _without_known_conflicts(service: Service, ledger: Ledger, entries: list[Entry]) -> list[Entry]:
    """Give each conflict to its own handler to tell, once: one that is delivered again is known by its place."""
    places = {_place(entry): b"" for entry in entries if entry.is_conflict}
    told = await ledger.remember(places) if places else {}
    new = [entry for entry in entries if not (entry.is_conflict and _place(entry) in told)]
    for entry in new:
        if entry.is_conflict:
            entry.route = service.conflicting.get(entry.type)
            if entry.route is None:
                entry.problem = "id_collision"
                if entry.row is None:  # it stands alone: nobody waits behind a sender's mistake
                    entry.queue = _place(entry)
    return new


def _place(entry: Entry) -> str:
    return f"{entry.heard.topic}!{entry.place}"


def _mark(entry: Entry) -> tuple[str | None, bytes]:
    """The sender's id and a digest of the content.

    An unreadable message is known by its place in the log; repeated definitions are no harm.
    """
    if entry.problem:
        return _place(entry), b""
    event = entry.heard.event
    if entry.route is None or event is None or topic_named(entry.heard.topic).compacted:
        return None, b""
    return f"{entry.heard.topic}:{event.identity()}", blake2b(event.content(), digest_size=16).digest()

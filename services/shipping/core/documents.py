"""Reads the documents that shipping keeps as they were written: rate cards, locations, an order's contacts.

They are JSON of events that were checked when they came, so every key that the contract demands is there.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, time
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from services.shipping.core.calendar import Calendar
from services.shipping.core.parcel import Destination
from services.shipping.core.rating import RateCard, Surcharge, Zone

Document = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Addressee:
    """Who is written on a label, line by line, and where that is."""

    lines: tuple[str, ...]
    postcode: str
    city: str
    country: str


# --- rate cards -------------------------------------------------------------------------------------------------------


@lru_cache(maxsize=1024)
def rate_card(text: str) -> RateCard:
    """Read a rate card; the same text is read once a process."""
    card: Document = json.loads(text)
    steps: dict[str, list[tuple[int, int]]] = {}
    for step in card["weight_steps"]:
        steps.setdefault(step["zone"], []).append((step["weight_up_to_g"], step["amount"]))
    return RateCard(
        carrier=card["carrier"],
        service=card["service"],
        currency=card["currency"],
        effective_from=date.fromisoformat(card["effective_from"]),
        zones=_zones(card["zones"]),
        steps={zone: sorted(of_zone) for zone, of_zone in steps.items()},
        surcharges=tuple(map(_surcharge, card["surcharges"])),
        volume_divisor=card["volume_divisor_cm3_per_kg"],
    )


def _zones(zones: Sequence[Document]) -> dict[str, list[Zone]]:
    """Sort zones by country, the longest prefix first, so that the first that fits is the right one."""
    by_country: dict[str, list[Zone]] = {}
    for zone in zones:
        for destination in zone["destinations"]:
            for prefix in destination["postcode_prefixes"] or ("",):
                by_country.setdefault(destination["country"], []).append(
                    Zone(
                        zone=zone["zone"],
                        locations=frozenset(zone["locations"]),
                        country=destination["country"],
                        prefix=prefix.replace(" ", "").upper(),
                        transit_days=zone["transit_days"],
                    )
                )
    return {country: sorted(found, key=_by_narrowness) for country, found in by_country.items()}


def _by_narrowness(zone: Zone) -> tuple[int, bool]:
    """Order zones so that a longer prefix, and then one's own location, comes first."""
    return (-len(zone.prefix), not zone.locations)


def _surcharge(surcharge: Document) -> Surcharge:
    whole, _, decimals = (surcharge.get("rate") or "0").partition(".")
    return Surcharge(
        code=surcharge["code"],
        amount=surcharge.get("amount") or 0,
        parts=int(whole + decimals),
        whole=10 ** len(decimals),
    )


# --- locations --------------------------------------------------------------------------------------------------------


@lru_cache(maxsize=1024)
def calendar(text: str) -> Calendar:
    """Read when a location hands parcels over; the same text is read once a process."""
    location: Document = json.loads(text)
    return Calendar(
        zone=_zone(location["zone"]),
        cut_off=time.fromisoformat(location["cut_off"]),
        weekdays=frozenset(location["calendar"]["weekdays"]),
        days_off=frozenset(map(date.fromisoformat, location["calendar"]["days_off"])),
    )


def _zone(name: str) -> ZoneInfo:
    """Find a time zone; a location whose zone names none keeps the world's time.

    The name of a folder of zones, such as Europe, is an OSError: let through, it would pass for an outage.
    """
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return ZoneInfo("UTC")


def sender(text: str) -> Addressee:
    """Read whence a parcel comes."""
    location: Document = json.loads(text)
    return _addressee((location["location_id"],), location["address"])


# --- contacts ---------------------------------------------------------------------------------------------------------


def recipient(text: str | None, ship_group_id: str) -> Addressee | None:
    """Find to whom a ship group goes: its own recipient, else the order's; None where that was erased."""
    contacts: Sequence[Document] = [one for one in json.loads(text or "[]") if one.get("address")]
    chosen = min(contacts, key=lambda one: _distance(one, ship_group_id), default=None)
    if chosen is None:
        return None
    names = dict.fromkeys(filter(None, (chosen.get("company"), chosen["name"])))
    return _addressee(tuple(names), chosen["address"])


def destination(text: str | None, ship_group_id: str) -> Destination | None:
    """Find as much of the recipient's address as rating needs."""
    found = recipient(text, ship_group_id)
    return Destination(country=found.country, postcode=found.postcode) if found else None


def _distance(contact: Document, ship_group_id: str) -> int:
    if contact["role"] == "ship_to":
        return {ship_group_id: 0, None: 1}.get(contact.get("ship_group_id"), 4)
    return 2 if contact["role"] == "buyer" else 3


def _addressee(names: tuple[str, ...], address: Document) -> Addressee:
    return Addressee(
        lines=(*names, *filter(None, address["lines"]), *filter(None, (address.get("region"),))),
        postcode=address["postcode"],
        city=address["city"],
        country=address["country"],
    )

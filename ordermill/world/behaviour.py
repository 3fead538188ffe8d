"""How the outside world behaves: shares of what goes wrong, and how long things take."""

from dataclasses import dataclass, field, fields
from typing import Self


@dataclass(frozen=True, slots=True)
class Behaviour:
    """Shares are of 1; times are seconds of real time, a simulated day is `day_s`."""

    day_s: float = field(default=0.5, metadata={"help": "seconds a simulated day takes"})
    duplicate: float = field(default=0.0, metadata={"help": "messages that are sent twice"})
    disorder: float = field(default=0.0, metadata={"help": "messages that are held back for a while"})
    short_pick: float = field(default=0.0, metadata={"help": "picks that find less than they should"})
    decline: float = field(default=0.0, metadata={"help": "payments that are declined"})
    expire: float = field(default=0.0, metadata={"help": "authorisations that expire at once"})
    slip: float = field(default=0.1, metadata={"help": "purchase orders that come later than confirmed"})
    under_deliver: float = field(default=0.1, metadata={"help": "purchase orders that come in two deliveries"})
    lose: float = field(default=0.0, metadata={"help": "parcels that carriers lose"})
    send_back: float = field(default=0.0, metadata={"help": "parcels that come back"})
    cancel: float = field(default=0.0, metadata={"help": "orders that are cancelled"})
    cancel_part: float = field(default=0.0, metadata={"help": "orders of which a line is cancelled"})

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read 'short_pick=0.02,lose=0.01', or the name of a mood: calm, rough."""
        if text in MOODS:
            return cls(**MOODS[text])
        known = {each.name for each in fields(cls)}
        wanted = dict(part.split("=", 1) for part in text.split(",") if part)
        if unknown := sorted(wanted.keys() - known):
            raise ValueError(f"unknown behaviour {unknown}; known: {', '.join(sorted(known))}, or {', '.join(MOODS)}")
        return cls(**{name: float(share) for name, share in wanted.items()})


MOODS: dict[str, dict[str, float]] = {
    "calm": {},
    "rough": {
        "duplicate": 0.05, "disorder": 0.05, "short_pick": 0.02, "decline": 0.02, "expire": 0.02, "slip": 0.3,
        "under_deliver": 0.3, "lose": 0.01, "send_back": 0.01, "cancel": 0.04, "cancel_part": 0.03,
    },
}  # fmt: skip

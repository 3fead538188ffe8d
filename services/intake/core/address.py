"""Whether goods can be sent to where a ship group goes.  What is missing is named and held, never guessed."""

from typing import Final

from contracts.values import COUNTRIES
from services.intake.core.placed import Address

# Countries and territories that have no postal codes, or where mail does without (Universal Postal Union, 2024).
NO_POSTCODES: Final = frozenset(
    """AE AG AO AW BF BI BJ BO BQ BS BW BZ CD CF CG CI CK CM CW DJ DM ER FJ GA GD GH GM GN GQ GW GY HK IE JM KI KM KN KP
    LY ML MO MR MW NA NR NU PA QA RW SB SC SL SR SS ST SX SY TD TF TG TK TL TO TT TV UG VU WS YE ZW""".split()  # noqa: SIM905
)


def missing(method: str, address: Address | None, name: str) -> tuple[str, ...]:
    """Name what keeps goods from being sent there; only what is shipped needs an address."""
    if method != "ship":
        return ()
    if address is None:
        return ("address",)
    parts = {
        "name": name.strip(),
        "street": any(line.strip() for line in address.lines),
        "city": address.city.strip(),
        "postcode": address.postcode.strip() or address.country in NO_POSTCODES,
        "country": address.country in COUNTRIES,
    }
    return tuple(part for part, is_there in parts.items() if not is_there)

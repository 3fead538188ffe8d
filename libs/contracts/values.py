"""Plain values that every side agrees on: money, identifiers, lanes. Standard library only: a core may import it.

Money is an integer of minor units beside an ISO 4217 code; an identifier is a `str`.
"""

from collections.abc import Sequence
from hashlib import sha1
from uuid import UUID
from zlib import crc32

NAMESPACE = UUID("6f0d5f6e-2f0b-5c1c-9b5a-0a4c8f1f5e11")
_NAMED = sha1(NAMESPACE.bytes, usedforsecurity=False)
# RFC 9562: the two high bits of this digit say which kind of UUID it is.
_VARIANT = {digit: "89ab"[int(digit, 16) & 3] for digit in "0123456789abcdef"}
SSCC_LENGTH = 18


def _codes(text: str) -> list[str]:
    return text.split()


# ISO 4217 list one without funds of accounting and metals (their exponent is "not applicable"); 2 unless listed first.
EXPONENTS: dict[str, int] = (
    dict.fromkeys(
        _codes("""
        AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BMD BND BOB BOV BRL BSD BTN BWP BYN BZD CAD CDF CHE CHF CHW
        CNY COP COU CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD HKD HNL HTG HUF
        IDR ILS INR IRR JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK
        MXN MXV MYR MZN NAD NGN NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP
        SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TOP TRY TTD TWD TZS UAH USD USN UYU UZS VED VES WST XAD XCD XCG
        YER ZAR ZMW ZWG
    """),
        2,
    )
    | dict.fromkeys(_codes("BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF"), 0)
    | dict.fromkeys(_codes("BHD IQD JOD KWD LYD OMR TND"), 3)
    | dict.fromkeys(_codes("CLF UYW"), 4)
)

# ISO 3166-1 alpha-2, officially assigned.
COUNTRIES: frozenset[str] = frozenset(
    _codes("""
        AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT BV BW BY
        BZ CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI FJ FK
        FM FO FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR
        IS IT JE JM JO JP KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK
        ML MM MN MO MP MQ MR MS MT MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM
        PN PR PS PT PW PY QA RE RO RS RU RW SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF
        TG TH TJ TK TL TM TN TO TR TT TV TW TZ UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS YE YT ZA ZM ZW
    """)
)


# --- Money ------------------------------------------------------------------------------------------------------------


def decimal_text(amount: int, currency: str) -> str:
    """Turn 1099 EUR into "10.99"."""
    exponent = EXPONENTS[currency]
    sign, digits = "-" if amount < 0 else "", str(abs(amount)).zfill(exponent + 1)
    return sign + digits if exponent == 0 else f"{sign}{digits[:-exponent]}.{digits[-exponent:]}"


def share_of(total: int, part: int, whole: int) -> int:
    """Round total * part / whole, halves away from zero: the one place where money is rounded."""
    magnitude, remainder = divmod(abs(total) * part, whole)
    rounded = magnitude + (2 * remainder >= whole)
    return rounded if total >= 0 else -rounded


def share_out(total: int, weights: Sequence[int]) -> list[int]:
    """Split a total by weight so that the parts add up: largest remainder, the earlier part on a tie.

    Where all weights are zero (free lines that still share carriage) all parts weigh the same.
    """
    if not weights or min(weights) < 0:
        raise ValueError("parts need at least one weight, and none below zero")
    whole = sum(weights)
    if whole == 0:
        return share_out(total, [1] * len(weights))
    quotients = [divmod(abs(total) * weight, whole) for weight in weights]
    shares = [quotient for quotient, _ in quotients]
    by_remainder = sorted(range(len(weights)), key=lambda index: -quotients[index][1])
    for index in by_remainder[: abs(total) - sum(shares)]:
        shares[index] += 1
    return shares if total >= 0 else [-share for share in shares]


# --- Lanes and identifiers --------------------------------------------------------------------------------------------


def lane_of(key: str, lanes: int) -> int:
    """Tell the partition of a key on our own topics (crc32: a pure-Python murmur2 costs ten times as much)."""
    return crc32(key.encode()) % lanes


def named_id(name: str) -> str:
    """Derive a UUID (version 5) from a name: `uuid.uuid5` in a quarter of its time, on every event's way."""
    named = _NAMED.copy()
    named.update(name.encode())
    digits = named.hexdigest()
    return f"{digits[:8]}-{digits[8:12]}-5{digits[13:16]}-{_VARIANT[digits[16]]}{digits[17:20]}-{digits[20:32]}"


def order_id_of(channel: str, channel_order_id: str) -> str:
    """Give the one order of a channel's order, however often and by whichever way it arrives."""
    return named_id(f"{channel}:{channel_order_id}")


def event_id_of(topic: str, subject: str, revision: int) -> str:
    """Give an event's id, the same on every retry."""
    return named_id(f"{topic}:{subject}:{revision}")


def outside_id_of(topic: str, identity: str) -> str:
    """Give the id under which a message from outside is known: its header's need not be unique, its identity is."""
    return named_id(f"{topic} {identity}")


def refund_id_of(cause_id: str, payment_id: str) -> str:
    """Give the one refund of a payment for a cancellation, a closed parcel or a return."""
    return named_id(f"{cause_id}:{payment_id}")


def order_id_within(derived_id: str) -> str:
    """Read the order id back out of any of the derived ids below: it tells the home lane without a look-up."""
    return derived_id.partition(".")[0]


def shipment_id_of(order_id: str, number: int) -> str:
    """Name an order's n-th shipment."""
    return f"{order_id}.{number}"


def parcel_id_of(shipment_id: str, number: int) -> str:
    """Name a shipment's n-th parcel."""
    return f"{shipment_id}.{number}"


def work_id_of(shipment_id: str, number: int) -> str:
    """Name the n-th piece of floor work given out for a shipment."""
    return f"{shipment_id}.work-{number}"


def pick_id_of(shipment_id: str, number: int) -> str:
    """Name a shipment's n-th pick: one line from one bin."""
    return f"{shipment_id}.pick-{number}"


def allocation_id_of(order_id: str, number: int) -> str:
    """Name an order's n-th allocation: each later one is an increment."""
    return f"{order_id}.allocation-{number}"


def hold_id_of(order_id: str, number: int) -> str:
    """Name an order's n-th hold."""
    return f"{order_id}.hold-{number}"


def ask_id_of(order_id: str, number: int) -> str:
    """Name an order's n-th ask to give goods back: a cancellation, a change or a late hold."""
    return f"{order_id}.ask-{number}"


def request_id_of(order_id: str, number: int) -> str:
    """Name the n-th request to the payment provider for an order; it is the idempotency key of the call."""
    return f"{order_id}.request-{number}"


# --- GS1 --------------------------------------------------------------------------------------------------------------


def check_digit(digits: str) -> str:
    """Compute the GS1 modulo-10 check digit of any GS1 key: weights 3, 1, 3 … from the right."""
    weighted = sum(int(digit) * (3 if index % 2 == 0 else 1) for index, digit in enumerate(reversed(digits)))
    return str(-weighted % 10)


def sscc_of(company_prefix: str, serial: int, extension: int = 0) -> str:
    """Build the 18 digits of a serial shipping container code."""
    reference = str(serial).zfill(SSCC_LENGTH - 2 - len(company_prefix))
    digits = f"{extension}{company_prefix}{reference}"
    if len(digits) != SSCC_LENGTH - 1 or not (digits.isascii() and digits.isdigit()):
        raise ValueError(f"serial {serial} does not fit company prefix {company_prefix!r}")
    return digits + check_digit(digits)


def is_sscc(text: str) -> bool:
    """Tell whether a text is a serial shipping container code with a right check digit."""
    return len(text) == SSCC_LENGTH and text.isascii() and text.isdigit() and check_digit(text[:-1]) == text[-1]

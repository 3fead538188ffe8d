"""Values in words and figures as the pages show them: short, of one width, and the same everywhere."""

from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from typing import Final

from contracts.values import EXPONENTS, decimal_text

NOTHING: Final = "\u2013"
_MINUTE, _HOUR, _DAY = 60, 3_600, 86_400
_KILO: Final = 1024
_FIGURES: Final = 10  # below it one decimal tells more than none


def number(value: float | None) -> str:
    """Write a number with thin groups; a fraction below ten keeps one decimal."""
    if value is None:
        return NOTHING
    if value != int(value) and abs(value) < _FIGURES:
        return f"{value:.1f}"
    return f"{value:,.0f}".replace(",", "\u202f")


def rate(per_second: float | None) -> str:
    """Write messages a second: below one in a minute's terms would be another unit, so two decimals are kept."""
    if per_second is None:
        return NOTHING
    if 0 < per_second < 1:
        return f"{per_second:.2f}"
    return number(per_second)


def size(count: float | None) -> str:
    """Write a number of bytes."""
    if count is None:
        return NOTHING
    for unit in ("B", "KB", "MB", "GB"):
        if count < _KILO:
            return f"{number(count)} {unit}"
        count /= _KILO
    return f"{number(count)} TB"


def duration(seconds: float | None) -> str:
    """Write a length of time in its two leading units; the second where it says something."""
    if seconds is None:
        return NOTHING
    if seconds < 1:
        return f"{seconds * 1000:.0f} ms" if seconds > 0 else "0 s"
    if seconds < _MINUTE:
        return f"{seconds:.1f} s" if seconds < _FIGURES else f"{seconds:.0f} s"
    for unit, name, part, part_name in (
        (_DAY, "d", _HOUR, "h"),
        (_HOUR, "h", _MINUTE, "min"),
        (_MINUTE, "min", 1, "s"),
    ):
        if seconds >= unit:
            rest = int(seconds % unit // part)
            return f"{int(seconds // unit)} {name}" + (f" {rest} {part_name}" if rest else "")
    raise AssertionError(seconds)


def moment(value: datetime | None) -> str:
    """Write an instant to the second, in UTC."""
    return f"{value.astimezone(UTC):%Y-%m-%d %H:%M:%S}" if value else NOTHING


def precise(value: datetime | None) -> str:
    """Write an instant to the millisecond, in UTC."""
    return f"{value.astimezone(UTC):%Y-%m-%d %H:%M:%S.%f}"[:-3] if value else NOTHING


def clock(value: datetime | None) -> str:
    """Write the time of day of an instant to the millisecond, in UTC."""
    return f"{value.astimezone(UTC):%H:%M:%S.%f}"[:-3] if value else NOTHING


def day(value: date | None) -> str:
    """Write a day."""
    return f"{value:%Y-%m-%d}" if value else NOTHING


def hour(value: datetime | None) -> str:
    """Write the time of day of an instant to the minute, in UTC."""
    return f"{value.astimezone(UTC):%H:%M} UTC" if value else ""


def money(amount: int | None, currency: str) -> str:
    """Write an amount of minor units with its currency; one that nobody knows keeps its minor units."""
    if amount is None:
        return NOTHING
    if currency not in EXPONENTS:
        return f"{amount} {currency}"
    whole, point, rest = decimal_text(abs(amount), currency).partition(".")
    sign = "\u2212" if amount < 0 else ""
    return f"{sign}{int(whole):,}{point}{rest} {currency}".replace(",", "\u202f")


def percent(share: float | None) -> str:
    """Write a share of one as a percentage."""
    return NOTHING if share is None else f"{share * 100:.1f} %"


def plural(count: int, noun: str) -> str:
    """Write a number of things: 1 message, 2 messages."""
    return f"{number(count)} {noun if count == 1 else _many(noun)}"


def _many(noun: str) -> str:
    if noun.endswith("y") and not noun.endswith(("ay", "ey", "oy")):
        return f"{noun[:-1]}ies"
    return f"{noun}{'es' if noun.endswith(('s', 'x', 'ch')) else 's'}"


def short(identifier: str, length: int = 8) -> str:
    """Write the beginning of an identifier that is too long for a column; the whole is in the row's link."""
    return identifier if len(identifier) <= length + 1 else f"{identifier[:length]}…"


def mail_name(message_id: str) -> str:
    """Write a Message-ID as a path may hold it: what stands before the @, which is ours and unique."""
    return message_id.strip("<> ").partition("@")[0]


def words(name: str) -> str:
    """Write a code or a wire type's name as words: `order_received` is "order received"."""
    return name.replace("_", " ").replace("-", " ")


_ALL: Final[tuple[Callable[..., str], ...]] = (
    number, rate, size, duration, moment, precise, clock, day, hour, money, percent, plural, short, mail_name, words,
)  # fmt: skip
FILTERS: Final[Mapping[str, Callable[..., str]]] = {each.__name__: each for each in _ALL}

"""Passwords as they are kept: scrypt's answer beside the salt and the cost it was computed with."""

import hashlib
import hmac
from base64 import b64decode, b64encode
from typing import Final

PASSWORD_MIN: Final = 12
PASSWORD_MAX: Final = 256  # scrypt takes any length; nobody's password is a megabyte
# OWASP's least for scrypt with 16 MiB of memory: a quarter of a second on a slow core.
_COST, _BLOCK, _PARALLEL = 2**14, 8, 5
_MEMORY_MAX: Final = 64 * 1024 * 1024
_LENGTH: Final = 32


def verifier_of(password: str, salt: bytes) -> str:
    """Compute what is kept of a password."""
    answer = _scrypt(password, salt, (_COST, _BLOCK, _PARALLEL))
    return f"scrypt${_COST}${_BLOCK}${_PARALLEL}${b64encode(salt).decode()}${b64encode(answer).decode()}"


def is_password(password: str, verifier: str) -> bool:
    """Tell whether a password is the one of which this is kept, in a time that does not tell how near it is."""
    _, cost, block, parallel, salt, answer = verifier.split("$")
    computed = _scrypt(password, b64decode(salt), (int(cost), int(block), int(parallel)))
    return hmac.compare_digest(computed, b64decode(answer))


def fault_of(password: str) -> str:
    """Say why a password is none that may be chosen; empty when it may."""
    if len(password) < PASSWORD_MIN:
        return f"A password has at least {PASSWORD_MIN} characters."
    if len(password) > PASSWORD_MAX:
        return f"A password has at most {PASSWORD_MAX} characters."
    if len(set(password)) < PASSWORD_MIN // 2:
        return "A password has more different characters than that."
    return ""


def _scrypt(password: str, salt: bytes, cost: tuple[int, int, int]) -> bytes:
    n, r, p = cost
    return hashlib.scrypt(password.encode(), salt=salt, n=n, r=r, p=p, maxmem=_MEMORY_MAX, dklen=_LENGTH)

"""What an operator sets about intake: the service that hears topics, and the edge that takes orders over HTTP."""

import base64
import binascii
from typing import Final

from pydantic import Field, SecretStr, field_validator, model_validator
from pydantic_settings import SettingsConfigDict

import chassis

_PREFIX: Final = "whsec_"
# Standard Webhooks: at least what cannot be guessed, at most what a block of SHA-256 holds.
_SECRET_BYTES: Final = range(24, 65)


class Settings(chassis.Settings):
    """Intake as a hearer of topics: it needs nothing of its own."""

    model_config = SettingsConfigDict(env_prefix="INTAKE_")


class EdgeSettings(chassis.Settings):
    """Intake's HTTP edge.  It has no database; the limits are those of a generous but bounded order."""

    model_config = SettingsConfigDict(env_prefix="INTAKE_API_")

    host: str = Field("127.0.0.1", description="where POST /v1/orders listens; 0.0.0.0 in a container")
    port: int = Field(8081, ge=0, le=65535, description="its port; 0 takes a free one and prints it")
    secrets: dict[str, tuple[SecretStr, ...]] = Field(
        min_length=1, description='JSON: {"web": ["whsec_…", "whsec_…"]}; two a channel while one is being rotated'
    )
    hosts: tuple[str, ...] = Field(
        ("localhost", "127.0.0.1"), description="JSON: names under which the edge may be called; others get 400"
    )
    trusted_proxies: tuple[str, ...] = Field(
        (), description="JSON: addresses whose X-Forwarded-For and -Proto are believed; none by default"
    )
    body_bytes_max: int = Field(900_000, ge=1_000, le=1_000_000, description="a broker takes messages of 1 MiB")
    body_timeout_s: float = Field(10.0, gt=0, description="for a whole request; 900 kB take 7 s at 1 Mbit/s")
    publish_timeout_s: float = Field(10.0, gt=0, description="for Kafka's acknowledgement; usually 5 ms")
    requests_max: int = Field(100, ge=1, description="at once; more get 503: 100 bodies of 900 kB are 90 MB")
    rate_per_s: float = Field(1000.0, gt=0, description="requests a second of one channel, with a burst of as many")

    @model_validator(mode="after")
    def _choose_database(self) -> "EdgeSettings":
        """Nothing to choose: the edge remembers nothing, so it needs no database."""
        return self

    @field_validator("secrets")
    @classmethod
    def _check_secrets(cls, secrets: dict[str, tuple[SecretStr, ...]]) -> dict[str, tuple[SecretStr, ...]]:
        for channel, values in secrets.items():
            if not values:
                raise ValueError(f"channel {channel} has no secret")
            for value in values:
                secret_bytes(value)
        return secrets


def secret_bytes(secret: SecretStr) -> bytes:
    """Decode `whsec_<base64>`; refuse what is empty, short or not base64."""
    text = secret.get_secret_value()
    try:
        decoded = base64.b64decode(text.removeprefix(_PREFIX), validate=True)
    except (binascii.Error, ValueError):
        decoded = b""
    if not text.startswith(_PREFIX) or len(decoded) not in _SECRET_BYTES:
        raise ValueError("a secret is whsec_ and the base64 of 24 to 64 random bytes")
    return decoded

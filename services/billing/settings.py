"""What an operator may set about billing; what every service has is in the chassis."""

from datetime import timedelta
from typing import Final

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

import chassis


class Settings(chassis.Settings):
    """Where the payment provider is; without it nothing can be captured, so there is no default."""

    model_config = SettingsConfigDict(env_prefix="BILLING_")

    provider_url: str = Field(pattern=r"^https?://", description="the payment provider's address: http://host:port")
    provider_timeout_s: float = Field(
        15.0, gt=0, lt=20, description="one call: card networks answer within 10 s; the chassis gives up after 20 s"
    )
    provider_connections: int = Field(
        16, ge=1, description="calls at once: a provider's usual limit for one account is 25 a second"
    )


class Patience(BaseSettings):
    """How long billing waits before it asks again. Read once, at import, since every handler goes by it."""

    model_config = SettingsConfigDict(env_prefix="BILLING_", frozen=True)

    notice_patience_s: float = Field(
        900.0, gt=0, description="for the notice of a reservation made at checkout; then billing asks itself"
    )
    retry_pause_s: float = Field(
        14_400.0, gt=0, description="after a refusal, doubling: funds that were short come with a new day"
    )

    def after(self, refusals: int) -> timedelta:
        """How long to wait after so many refusals in a row."""
        if not refusals:
            return timedelta(seconds=self.notice_patience_s)
        return timedelta(seconds=self.retry_pause_s * 2 ** (refusals - 1))


PATIENCE: Final = Patience()

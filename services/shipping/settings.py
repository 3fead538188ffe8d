"""What an operator may set about shipping."""

from datetime import timedelta

from pydantic import Field
from pydantic_settings import SettingsConfigDict

import chassis


class Settings(chassis.Settings):
    """The settings every service has, and shipping's own."""

    model_config = SettingsConfigDict(env_prefix="SHIPPING_")

    dispatch_after_s: float = Field(
        0.0, ge=0, description="from label to manifest: until then a recall succeeds; 0 hands over at once"
    )

    @property
    def dispatch_after(self) -> timedelta:
        """How long a labelled shipment waits for its manifest."""
        return timedelta(seconds=self.dispatch_after_s)


class ApiSettings(Settings):
    """Where labels are served."""

    api_host: str = Field("127.0.0.1", description="where to listen; labels name people, so think before 0.0.0.0")
    api_port: int = Field(8472, ge=0, le=65535, description="the port to listen on")

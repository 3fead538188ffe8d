"""What an operator may set about shipping."""

from datetime import timedelta

from pydantic import Field
from pydantic_settings import SettingsConfigDict

import chassis
from chassis.documents import DocumentSettings


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


class ApiSettings(DocumentSettings):
    """The process that serves labels."""

    model_config = SettingsConfigDict(env_prefix="SHIPPING_API_")

    port: int = Field(8472, ge=0, le=65535, description="its port; 0 takes a free one and prints it")

"""What an operator may change about fulfillment; a wrong value ends the start, with what to do."""

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

import chassis
from chassis.documents import DocumentSettings


class Settings(chassis.Settings):
    """Where this service works."""

    model_config = SettingsConfigDict(env_prefix="FULFILLMENT_")


class ApiSettings(DocumentSettings):
    """The process that serves packing slips."""

    model_config = SettingsConfigDict(env_prefix="FULFILLMENT_API_")

    port: int = Field(8471, ge=0, le=65535, description="its port; 0 takes a free one and prints it")


class Practice(BaseSettings):
    """How this service works: every handler may ask, so every setting has a default."""

    model_config = SettingsConfigDict(env_prefix="FULFILLMENT_", frozen=True, extra="ignore")

    company_prefix: str = Field(
        "0614141", pattern=r"^[0-9]{7,10}$", description="our GS1 company prefix; the default is GS1's own example"
    )
    fill_percent_max: int = Field(
        85, ge=1, le=100, description="how full a mixture of goods may make a carton; packers reach 80 to 90 %"
    )

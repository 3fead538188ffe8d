"""What an operator may change about inventory: nothing beyond what every service has."""

from pydantic_settings import SettingsConfigDict

import chassis


class Settings(chassis.Settings):
    """Read from the environment, each name after INVENTORY_."""

    model_config = SettingsConfigDict(env_prefix="INVENTORY_")

"""The small service as a process, for tests that kill it."""

from pydantic_settings import SettingsConfigDict

import chassis
from tests.service.counter.service import Counter


class Settings(chassis.Settings):
    """Billing's place: its group, its role and its schema."""

    model_config = SettingsConfigDict(env_prefix="BILLING_", frozen=True, extra="ignore", populate_by_name=True)


chassis.run(Counter().service, Settings())

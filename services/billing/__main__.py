"""Assemble billing: its handlers, its settings, and the payment provider that it calls. Nothing here decides."""

from chassis import run
from services.billing.gateway import provider_calls
from services.billing.handlers import service
from services.billing.settings import Settings

if __name__ == "__main__":
    settings = Settings()
    run(
        service,
        settings,
        provider_calls(settings.provider_url, settings.provider_timeout_s, settings.provider_connections),
    )

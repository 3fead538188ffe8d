"""Shipping as a process. Assembly only; nothing here decides anything."""

from chassis import run
from services.shipping.handlers import Manifests, service
from services.shipping.settings import Settings

if __name__ == "__main__":
    settings = Settings()
    Manifests.close_after = settings.dispatch_after
    run(service, settings)

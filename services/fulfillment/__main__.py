"""Fulfillment: work on the floor, from an allocation to closed parcels.  Assembly only; nothing here decides."""

from chassis import run
from services.fulfillment.handlers import service
from services.fulfillment.settings import Settings

if __name__ == "__main__":
    run(service, Settings())

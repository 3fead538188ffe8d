"""Inventory: what lies where, what was promised, and where each order's goods come from. Assembly only."""

from chassis import run
from services.inventory.handlers import service
from services.inventory.settings import Settings

if __name__ == "__main__":
    run(service, Settings())

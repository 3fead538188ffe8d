"""What billing does on each event: one room each for orders, shipments, payments, transfers, customers and costs."""

from services.billing.handlers import costs, customers, orders, payments, shipments, transfers
from services.billing.handlers.group import service

__all__ = ["costs", "customers", "orders", "payments", "service", "shipments", "transfers"]

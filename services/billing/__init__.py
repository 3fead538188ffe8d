"""Billing: secure an order's funds, invoice what left, collect, give back, and keep the books."""

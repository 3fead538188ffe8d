"""Notifications: tell the customer, once per milestone."""

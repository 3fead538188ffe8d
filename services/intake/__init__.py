"""Intake: one canonical order per channel order, and the life of each from receipt to its end."""

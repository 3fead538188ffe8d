"""Shipping: find the right carrier, label, hand over, and follow each parcel to its end."""

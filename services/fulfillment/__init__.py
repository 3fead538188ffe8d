"""Fulfillment: work on the floor, from an allocation to closed parcels."""

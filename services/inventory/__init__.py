"""Inventory: stock by location, promises, allocations, purchases."""

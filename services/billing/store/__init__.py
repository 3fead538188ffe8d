"""Typed functions over billing's tables: one for each named query, always for many rows at once."""

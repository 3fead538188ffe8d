"""The services: one folder each, the same rooms in each."""

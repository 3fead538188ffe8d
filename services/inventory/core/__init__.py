"""Every decision of inventory, pure: no clock, no I/O, no ids of its own.

`sourcing` chooses where an order comes from; `allocation` does so for a batch and says what changes; `stock` is the
picture of the shelves that all of them work on; `network` knows locations, carriers and days; `backlog` gives new
units to the oldest promise; `replenishment` buys what is short; `custody` answers recalls; `outbound` and `inbound`
book what the floor did.
"""

"""Every decision of intake: what is an order (canon, address), what state it is in (lifecycle), what can be cancelled.

Pure: no clock, no ids drawn, no I/O.
"""

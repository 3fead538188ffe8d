"""Every decision of fulfillment, pure: how to walk, what fits where, which scan is right, who gives back.

No clock, no ids, no I/O.
"""

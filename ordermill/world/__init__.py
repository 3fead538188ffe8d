"""The outside world, simulated: sales channels, payment provider, bank, floor, carriers, suppliers and the desk.

A program of its own that speaks only topics, HTTP and SMTP, like anyone else.  It answers by f(seed, subject, attempt),
never from a shared stream of chance, so that a run can be repeated; it can misbehave.
"""

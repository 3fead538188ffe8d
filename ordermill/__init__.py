"""Ordermill's command line: the embedded stack, the demo, the tools that look into a running pipeline."""

"""`ordermill bench`: how fast the pipeline is, beside the least that any such pipeline must do, on the same machine."""

from ordermill.bench.command import bench

__all__ = ["bench"]

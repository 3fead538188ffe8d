"""The outside world as a process."""

import asyncio
import signal
from contextlib import suppress

import uvloop

from chassis.process import tune_garbage_collection
from ordermill.world.world import Settings, World


async def serve() -> None:
    """Run the world until SIGTERM or SIGINT."""
    world = World(Settings())
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, world.stop)
    tune_garbage_collection()
    await world.run()


if __name__ == "__main__":
    with suppress(KeyboardInterrupt), asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(serve())

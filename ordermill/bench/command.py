"""`ordermill bench`: what is to be measured, and where the results go."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter
from cyclopts.types import PositiveInt

from ordermill.bench import docs
from ordermill.bench.home import fresh
from ordermill.bench.measure import Plan, What, measure
from ordermill.bench.picture import draw
from ordermill.bench.report import print_report
from ordermill.options import Flag
from ordermill.serving import step_by_step

DEFAULT_ORDERS, DEFAULT_ROUNDS = 3_000, 3
ALWAYS = frozenset({What.PIPELINE, What.FLOOR, What.NAIVE, What.HALF_LOAD})


def bench(  # noqa: PLR0913 (each is an option of the command line)
    *,
    orders: PositiveInt = DEFAULT_ORDERS,
    rounds: PositiveInt = DEFAULT_ROUNDS,
    hot: Flag = False,
    instances: Flag = False,
    idle: Flag = False,
    mechanisms: Flag = False,
    only: Annotated[tuple[What, ...], Parameter(consume_multiple=True, negative="", show_default=False)] = (),
    json_file: Annotated[Path | None, Parameter(name="--json")] = None,
    write_docs: Flag = False,
) -> int:
    """Measure the pipeline, beside the least that it could cost and beside the naive form. Takes minutes.

    Starts a stack of its own, empty, with all services, runs generated two-line orders through it and stops it again.
    When anything does not tie at the end of a run, the whole bench is void: exit code 1. docs/performance.md says what
    is measured and how; on a machine that does other things as well, the figures mean little.

    Args:
        orders: How many orders a run places.
        rounds: How often pipeline, floor and naive form are run in turn; their medians count.
        hot: Measure orders of one item as well.
        instances: Measure two and four instances of each service as well.
        idle: Measure what everything uses while there is nothing to do as well.
        mechanisms: Measure what the services' CPU goes into as well; py-spy looks at them meanwhile.
        only: Measure this alone; what it is compared with runs too.
        json_file: Write the results there, and their picture beside it.
        write_docs: Write the results into docs/performance.md, with their picture.
    """
    further = {What.HOT: hot, What.INSTANCES: instances, What.IDLE: idle, What.MECHANISMS: mechanisms}
    wanted = frozenset(only) or ALWAYS | {what for what, is_wanted in further.items() if is_wanted}
    progress = step_by_step()
    with fresh(progress) as running:
        results = asyncio.run(measure(running, Plan(orders, rounds, wanted), progress))
    if json_file:
        json_file.write_text(json.dumps(results.as_json(), indent=2) + "\n", encoding="utf-8")
        json_file.with_suffix(".svg").write_text(draw(results), encoding="utf-8")
    if write_docs:
        docs.write(results)
    print_report(results)
    return 0

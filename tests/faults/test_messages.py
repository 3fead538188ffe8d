"""Messages twice, late, before their causes, from the beginning, and such as nobody can handle."""

from random import Random

import pytest

from chassis.wire import Outgoing
from contracts import intake
from ordermill.lag import lags_of
from ordermill.world.speech import outgoing
from tests.faults.ground import Ground
from tests.faults.machines import ALL
from tests.faults.poison import strange_records
from tests.faults.report import is_long
from tests.faults.workload import SEED, id_of

pytestmark = pytest.mark.faults

COPIES = 2
LATE = ("intake", "inventory", "notifications")  # the first, one in the middle, the last
UNHARMED_S = 0.5  # a batch is halved eleven times at most, and each half is a transaction


async def test_everybody_outside_says_everything_late_and_twice(ground: Ground) -> None:
    async with ground.scenario("all that comes from outside late and twice, in any order") as run:
        post = [*run.work.free, *run.work.notices(run.work.free), *run.work.cancellations()] * COPIES
        Random(SEED).shuffle(post)
        ground.chance.unrest.update(late=0.5, twice=1.0)
        await ground.say(post)
        await run.until_under_way(1.0)
        await ground.drained(run.drain_s)
        ground.chance.unrest.clear()
        run.fired += len(post) - len(post) // COPIES


async def test_every_record_comes_again_in_any_order(ground: Ground) -> None:
    async with ground.scenario("every record of every topic again while they flow, and after, in any order") as run:
        run.begin(4.0)
        await run.until_under_way(0.5)
        for is_over in (False, True):
            if is_over:
                await run.loaded()
                await ground.drained(run.drain_s)
            records = [record for record in await ground.records() if run.work.plain(_text(record)) is not None]
            Random(SEED).shuffle(records)
            await ground.publish(records)
            run.fired += len(records)


@pytest.mark.parametrize("name", ALL if is_long() else LATE)
async def test_one_service_hears_everything_afterwards(ground: Ground, name: str) -> None:
    async with ground.scenario(f"{name} down for the whole run, then started") as run:
        assert await ground.supervisor.stop([name]) == {name: 0}
        await run.load()
        if name != "intake":
            await run.until_under_way(1.0)
        await ground.silent()
        ground.supervisor[name].start()
        await ground.healed()
        run.fired += 1


async def test_everything_from_the_beginning_has_no_effect(ground: Ground) -> None:
    async with ground.scenario("consumer groups deleted: every topic from offset 0") as run:
        await run.load()
        await run.until_under_way(1.0)
        await ground.drained(run.drain_s)
        state, mails, said = await ground.state(), ground.mails(), ground.counts()
        await ground.supervisor.stop(ALL)
        await ground.delete_groups(ALL)
        for name in ALL:
            ground.supervisor[name].start()
        await ground.healed()
        await ground.drained(3 * run.drain_s)
        after = await ground.state()
        run.fired += sum(each.messages for each in await lags_of(ground.stack.kafka))
        assert {table for table in state if after[table] != state[table]} == set()
        assert (ground.mails() - mails, ground.counts() - said) == ({}, {})
        run.remark = f"{run.fired:,} records heard again: no effect, no mail, no message"


async def test_poison_of_every_kind_holds_up_only_itself(ground: Ground) -> None:
    async with ground.scenario("poison of every kind among good orders, then repaired") as run:
        work = run.work
        poisoned, others = work.free[0], work.free[1:]
        strange = list(strange_records(work.mark))
        body = outgoing(poisoned, poisoned.placed_at)._replace(value=poisoned.encode()[:-40])
        await ground.publish([*strange[::2], body])
        run.begin(without=poisoned)
        await ground.publish(strange[1::2])
        await run.loaded()
        await ground.insist(work.notices([poisoned]))
        letter = await ground.until_rests("intake", poisoned.subject())
        await ground.wait(lambda: all(ground.of(intake.OrderReleased, id_of(order)) for order in others), "released")
        assert not ground.of(intake.OrderReceived, id_of(poisoned))
        await ground.decide("intake", letter, "edit", poisoned.encode())
        await ground.until(intake.OrderCompleted, id_of(poisoned))
        run.fired += 1 + await ground.discard_all()
        usual_s, slowest_s = ground.golden[work.number, False].slowest_s, run.slowest_s(others)
        assert slowest_s < 2 * usual_s + UNHARMED_S
        run.remark = f"the slowest of the others was released in {slowest_s:.2f} s; without poison in {usual_s:.2f} s"


def _text(record: Outgoing) -> str:
    return f"{record.key} {(record.value or b'').decode(errors='replace')}"

import asyncio

import pytest
from queue_workers.channel import Channel, ClosedError, forward
from queue_workers.pool import Pool, Report


def noting(log, name, error=None):
    async def call():
        log.append(name)
        await asyncio.sleep(0)
        if error:
            raise error
        return name.upper()

    return call


def run(pool, log, *jobs):
    for name, urgency in jobs:
        pool.add(name, noting(log, name), urgency)
    return asyncio.run(pool.run())


def test_results_by_name():
    report = run(Pool(), [], ("a", 0), ("b", 0), ("c", 0))
    assert report.results == {"a": "A", "b": "B", "c": "C"}
    assert report.share == 1.0


def test_urgent_jobs_first():
    log = []
    run(Pool(workers=1), log, ("late", 0), ("urgent", 5), ("soon", 2))
    assert log == ["urgent", "soon", "late"]


def test_equal_jobs_in_the_order_of_adding():
    log = []
    run(Pool(workers=1), log, ("z", 1), ("m", 1), ("a", 1))
    assert log == ["z", "m", "a"]


@pytest.mark.parametrize("workers", [1, 2, 3])
def test_not_more_workers_than_allowed(workers):
    report = run(Pool(workers), [], ("a", 0), ("b", 0), ("c", 0), ("d", 0))
    assert report.busiest == workers


def test_failures_are_reported():
    log = []
    pool = Pool(workers=1, attempts=2)
    pool.add("bad", noting(log, "bad", OSError("down")))
    pool.add("good", noting(log, "good"))
    report = asyncio.run(pool.run())
    assert report.failures == {"bad": "down"}
    assert report.results == {"good": "GOOD"}
    assert log == ["bad", "bad", "good"]
    assert report.share == 0.5


def test_nothing_to_do():
    assert asyncio.run(Pool().run()) == Report()
    assert Report().share == 1.0


def test_a_pool_needs_a_worker():
    with pytest.raises(ValueError):
        Pool(0)


async def filled(values, size=10):
    channel = Channel(size)
    for value in values:
        await channel.send(value)
    return channel


def test_values_come_in_order():
    async def story():
        channel = await filled("ab")
        return [await channel.receive(), await channel.receive(), await channel.receive()]

    assert asyncio.run(story()) == ["a", "b", None]


def test_a_full_channel_drops_the_oldest():
    async def story():
        channel = await filled("abcd", size=2)
        return await channel.drain(), channel.dropped

    assert asyncio.run(story()) == (["c", "d"], 2)


def test_a_closed_channel_can_be_emptied():
    async def story():
        channel = await filled("a")
        channel.close()
        assert await channel.receive() == "a"
        with pytest.raises(ClosedError):
            await channel.receive()
        with pytest.raises(ClosedError):
            await channel.send("b")

    asyncio.run(story())


def test_drain_leaves_nothing_out_but_none():
    async def story():
        channel = await filled(["a", None, "b"])
        return await channel.drain(), await channel.drain()

    assert asyncio.run(story()) == (["a", "b"], [])


def test_forward_passes_over_closed_targets():
    async def story():
        source, closed, target = await filled("xyz"), Channel(), Channel()
        closed.close()
        count = await forward(source, [closed, target])
        return count, await target.drain()

    assert asyncio.run(story()) == (3, ["x", "y", "z"])

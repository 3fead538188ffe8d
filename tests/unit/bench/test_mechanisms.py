"""Which mechanism a look at a running service belongs to."""

import pytest

from ordermill.bench.mechanisms import REST, VACUUM, WRITERS, of_postgres, of_title, shares

TAKE = "<module> (services/billing/__main__.py:9);run (chassis/process.py:57);Runner.run (asyncio/runners.py:118)"


def test_a_look_belongs_to_the_innermost_frame_that_is_known() -> None:
    reading = f"{TAKE};Process._take (chassis/process.py:151);read_record (chassis/reading.py:40)"
    seen = [
        f"{reading};Event.decode (contracts/event.py:80);BaseModel.model_validate_json (pydantic/main.py:766) 3",
        f"{reading};_read (chassis/reading.py:60);invoice <locals> (services/billing/core/orders.py:7) 4",
        f"{TAKE};Post.write (services/notifications/gateway.py:30);root.<locals>.macro (en.txt:102) 2",
        f"{TAKE} 1",
    ]

    assert shares("\n".join(seen)) == {
        "reading messages": 0.3, "deciding": 0.4, "calls to the outside": 0.2, REST: 0.1,
    }  # fmt: skip


def test_a_thread_that_waits_is_no_work() -> None:
    waits = "Thread._bootstrap (threading.py:995);_watch (chassis/health.py:12);Condition.wait (threading.py:331) 9"

    assert shares(f"{waits}\n{TAKE} 1") == {REST: 1.0}


@pytest.mark.parametrize(
    ("title", "what"),
    [
        ("postgres: billing ordermill 127.0.0.1(45710) idle", "statements of billing"),
        ("postgres: postgres ordermill 127.0.0.1(45710) SELECT", "looks of the bench"),
        ("postgres: autovacuum worker ordermill", VACUUM),
        ("/somewhere/bin/postgres -D postgres/data -p 5432", VACUUM),
        ("postgres: checkpointer", WRITERS),
        ("postgres: io worker 1", WRITERS),
    ],
)
def test_a_process_of_postgres_tells_by_its_title_what_it_does(title: str, what: str) -> None:
    assert of_title(title, ["billing"]) == what


def test_connections_of_a_service_add_up_whatever_they_are_about() -> None:
    used = {"postgres: billing ordermill [local] idle": 1.5, "postgres: billing ordermill [local] COMMIT": 2.0}

    assert of_postgres(used, ["billing"]) == {"statements of billing": 3.5}

"""What a service counts, as Prometheus reads it."""

from prometheus_client.parser import text_string_to_metric_families

from chassis.metrics import Metrics


def samples(metrics: Metrics) -> dict[tuple[str, tuple[str, ...]], float]:
    """Read the page back: value by name and label values, in the order of the labels' names, but the service's."""
    families = text_string_to_metric_families(metrics.page().decode())
    return {
        (
            sample.name.removeprefix("ordermill_"),
            tuple(v for k, v in sample.labels.items() if k != "service"),
        ): sample.value
        for family in families
        for sample in family.samples
    }


def test_the_version_that_runs_is_told() -> None:
    metrics = Metrics("shop")

    metrics.build("v1-2-gabc")

    assert b'ordermill_build_info{service="shop",version="v1-2-gabc"} 1.0' in metrics.page()


def test_a_batch_is_counted_by_type_and_outcome() -> None:
    metrics = Metrics("shop")

    metrics.batch(3, 0.02, {("shop.sold.v1", "handled"): 2, ("shop.sold.v1", "dead"): 1})
    metrics.batch(1, 0.01, {("shop.sold.v1", "handled"): 1})

    page = samples(metrics)
    assert page["messages_total", ("handled", "shop.sold.v1")] == 3
    assert page["messages_total", ("dead", "shop.sold.v1")] == 1
    assert page["batch_size_sum", ()] == 4
    assert page["batch_seconds_count", ()] == 2


def test_reasons_that_have_gone_count_no_rows() -> None:
    metrics = Metrics("shop")
    metrics.later({"early": (5, 12.0), "dead": (1, 90.0)})

    metrics.later({"dead": (2, 91.0)})

    page = samples(metrics)
    assert page["later_rows", ("early",)] == 0
    assert page["later_oldest_seconds", ("early",)] == 0
    assert page["later_rows", ("dead",)] == 2


def test_gauges_show_the_last_value_told() -> None:
    metrics = Metrics("shop")

    metrics.lag("intake-orders", 40, 1.5)
    metrics.outbox(7, 2.5)
    metrics.troubles({"broker_silent": 3.0, "database_silent": 1.0})
    metrics.troubles({"broker_silent": 4.0})
    metrics.breaker("billing.capture", is_open=True)
    metrics.call("billing.capture", "unreachable")
    metrics.group("shop.sold.v1", 0.004)
    metrics.event_loop(0.02)
    metrics.takeovers.inc(6)

    page = samples(metrics)
    assert page["lag_messages", ("intake-orders",)] == 40
    assert page["trouble_seconds", ("broker_silent",)] == 4
    assert page["trouble_seconds", ("database_silent",)] == 0
    assert page["breaker_open", ("billing.capture",)] == 1
    assert page["calls_total", ("unreachable", "billing.capture")] == 1
    assert page["handler_seconds_count", ("shop.sold.v1",)] == 1
    assert page["event_loop_lag_seconds", ()] == 0.02
    assert page["takeovers_total", ()] == 6
    assert (page["outbox_rows", ()], page["outbox_age_seconds", ()]) == (7, 2.5)


def test_two_services_in_one_process_count_apart() -> None:
    shop, depot = Metrics("shop"), Metrics("depot")

    shop.fenced.inc()

    assert samples(depot)["fenced_total", ()] == 0
    assert b'service="depot"' in depot.page()

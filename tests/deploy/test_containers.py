"""The recipes for containers, checked by the tools that will read them, and against the code that they run."""

from __future__ import annotations

import importlib
import json
import subprocess
import sys
import tomllib
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from pydantic_settings import BaseSettings

from ordermill.auditor import AuditorSettings
from services.console.settings import WebSettings
from services.intake.settings import EdgeSettings

CHECKOUT = Path(__file__).resolve().parents[2]
PROGRAMS = Path(sys.prefix) / "bin"
SERVICES = sorted(path.parent.name for path in (CHECKOUT / "services").glob("*/__main__.py"))
IMAGES_OF_OTHERS = {"kafka", "postgres", "prometheus", "grafana"}
HEALTH_PORT = 8080
DRAIN_S = 20


def run(*command: str | Path) -> str:
    """Run a tool in the checkout; its complaint is the test's."""
    done = subprocess.run([str(part) for part in command], cwd=CHECKOUT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@cache
def compose() -> dict[str, dict[str, Any]]:
    """The services of docker-compose.yml as the engine would run them."""
    answer = run(PROGRAMS / "docker-compose", "--profile", "world", "--profile", "watch", "config", "--format", "json")
    return dict(json.loads(answer)["services"])


def ours() -> dict[str, dict[str, Any]]:
    return {name: settings for name, settings in compose().items() if name not in IMAGES_OF_OTHERS}


def staying() -> dict[str, dict[str, Any]]:
    """What runs until it is stopped."""
    return {name: settings for name, settings in ours().items() if name != "prepare"}


def variables_of(settings: type[BaseSettings]) -> set[str]:
    """Every environment variable that these settings read."""
    prefix = str(settings.model_config["env_prefix"])
    return {str(field.validation_alias or f"{prefix}{name.upper()}") for name, field in settings.model_fields.items()}


def test_compose_accepts_the_file_without_an_engine() -> None:
    assert set(SERVICES) <= set(compose())


def test_hadolint_finds_nothing_in_the_image_recipe() -> None:
    run(PROGRAMS / "hadolint", "Dockerfile")


@pytest.mark.parametrize("script", ["deploy/docker/start", "tools/setup", "tools/lock", ".ci/run"])
def test_shell_scripts_parse_and_may_be_run(script: str) -> None:
    run("sh", "-n", script)

    assert (CHECKOUT / script).stat().st_mode & 0o111


@pytest.mark.parametrize("service", SERVICES)
def test_compose_sets_only_variables_the_service_reads(service: str) -> None:
    module = importlib.import_module(f"services.{service}.settings")

    assert set(compose()[service]["environment"]) <= variables_of(module.Settings)


def test_compose_sets_only_variables_the_edge_reads() -> None:
    assert set(compose()["intake-api"]["environment"]) <= variables_of(EdgeSettings)


@pytest.mark.parametrize("service", ["fulfillment", "shipping"])
def test_compose_sets_only_variables_that_documents_read(service: str) -> None:
    settings = importlib.import_module(f"services.{service}.settings").ApiSettings

    assert set(compose()[f"{service}-api"]["environment"]) <= variables_of(settings)


def test_compose_sets_only_variables_the_onlookers_read() -> None:
    web, auditor = compose()["console-web"]["environment"], compose()["auditor"]["environment"]

    assert set(web) <= variables_of(WebSettings)
    assert set(auditor) <= variables_of(AuditorSettings)
    assert json.loads(web["CONSOLE_WEB_FIRST_ACCOUNTS"])["admin"]["role"] == "admin"


def test_the_console_asks_every_process_how_it_is() -> None:
    told = json.loads(compose()["console-web"]["environment"]["CONSOLE_WEB_SERVICES"])

    assert set(told) == set(staying()) - {"world", "console-web"}
    assert all(addresses == [f"http://{name}:{HEALTH_PORT}"] for name, addresses in told.items())


def test_every_image_of_ours_knows_its_version() -> None:
    project = tomllib.loads((CHECKOUT / "pyproject.toml").read_text())["project"]

    for name, settings in ours().items():
        assert settings["build"]["args"]["VERSION"] == project["version"], name


def test_no_container_of_ours_may_write_or_gain_rights() -> None:
    for name, settings in ours().items():
        assert settings["read_only"], name
        assert settings["cap_drop"] == ["ALL"], name
        assert settings["security_opt"] == ["no-new-privileges:true"], name


def test_every_container_gets_more_time_than_a_drain_takes() -> None:
    for name, settings in staying().items():
        assert int(settings["stop_grace_period"].removesuffix("s")) > DRAIN_S, name


def test_nothing_starts_before_its_servers_are_healthy() -> None:
    for name, settings in staying().items():
        conditions = {needed: how["condition"] for needed, how in settings["depends_on"].items()}
        assert conditions == {
            "kafka": "service_healthy",
            "postgres": "service_healthy",
            "prepare": "service_completed_successfully",
        }, name


def test_ports_are_published_on_the_loopback_only() -> None:
    published = [port for settings in compose().values() for port in settings.get("ports", [])]

    assert published
    assert {port["host_ip"] for port in published} == {"127.0.0.1"}

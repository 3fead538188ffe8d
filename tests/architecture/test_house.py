"""The house rules that no linter knows, held by reading the files."""

import ast
import os
import re
import subprocess
import sys
import tokenize
import tomllib
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import pytest

from contracts.topic import Service as Party
from contracts.topics import DEAD_LETTERS, TOPICS
from tests.servers import OF_A_PIPELINE

ROOT = Path(__file__).resolve().parents[2]
SERVICES = tuple(map(str, DEAD_LETTERS))
HEADINGS = ("Owns", "Hears", "Says", "Never", "When it is down")
LINES_MAX = 400
FUNCTION_LINES_MAX = 60
# What has to be trusted can be read in an evening (docs/decisions/0018).
LOOP = [
    "loop", "attempt", "entry", "turn", "reading", "records", "revisions", "groups", "needs", "later", "decisions",
    "outbox", "calls", "ports", "ledger",
]  # fmt: skip
LOOP_LINES_MAX = 1_500
NO_CODE = {tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT, tokenize.ENDMARKER}
STATEMENT = re.compile(
    r"\b(select\s.+\sfrom|insert\s+into|update\s+\w+\s+set|delete\s+from)\b", re.IGNORECASE | re.DOTALL
)
LOG_NAME = re.compile(r"[a-z]+(_[a-z]+)+")


def sources(*folders: str) -> Iterator[Path]:
    for folder in folders:
        yield from sorted((ROOT / folder).rglob("*.py"))


def trees(*folders: str) -> Iterator[tuple[Path, ast.Module]]:
    for path in sources(*folders):
        yield path, ast.parse(path.read_text(encoding="utf-8"))


def docstrings(tree: ast.Module) -> set[int]:
    """The constants that are documentation."""
    places = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    first = [node.body[0] for node in ast.walk(tree) if isinstance(node, places) and node.body]
    return {id(node.value) for node in first if isinstance(node, ast.Expr)}


def test_no_room_is_longer_than_four_hundred_lines() -> None:
    long = {
        str(path.relative_to(ROOT)): lines
        for path in sources("services", "libs", "ordermill")
        if (lines := len(path.read_text(encoding="utf-8").splitlines())) > LINES_MAX
    }

    assert not long


def lines_of_code(path: Path) -> int:
    """Without what is blank, a comment or documentation."""
    with path.open("rb") as source:
        tokens = [token for token in tokenize.tokenize(source.readline) if token.type not in NO_CODE]
    documented = documentation(ast.parse(path.read_text(encoding="utf-8")))
    # The first token tells the encoding, and stands on no line.
    return len({line for token in tokens[1:] for line in range(token.start[0], token.end[0] + 1)} - documented)


def documentation(tree: ast.Module) -> set[int]:
    """The lines of docstrings."""
    known = docstrings(tree)
    nodes = [node for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)]
    spans = [range(node.lineno, (node.end_lineno or 0) + 1) for node in nodes if id(node) in known]
    return {line for span in spans for line in span}


def test_what_the_loop_is_made_of_can_be_read_in_an_evening() -> None:
    lines = {room: lines_of_code(ROOT / "libs" / "chassis" / f"{room}.py") for room in LOOP}

    assert all(lines.values())
    assert sum(lines.values()) <= LOOP_LINES_MAX, lines


def test_no_function_is_longer_than_sixty_lines() -> None:
    long = [
        f"{path.relative_to(ROOT)}:{node.lineno} {node.name}"
        for path, tree in trees("services", "libs", "ordermill")
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and (node.end_lineno or 0) - node.lineno >= FUNCTION_LINES_MAX
    ]

    assert not long


def test_no_service_has_sql_in_its_python() -> None:
    found = [
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for path, tree in trees("services")
        for documented in [docstrings(tree)]
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant)
        and isinstance(node.value, str)
        and id(node) not in documented
        and STATEMENT.search(node.value)
    ]

    assert not found


def test_no_core_reads_a_clock_or_draws_chance() -> None:
    found = [
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for path, tree in trees("services")
        if "core" in path.parts or path.name == "core.py"
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and node.attr in {"now", "today", "utcnow", "monotonic", "uuid4"}
        and isinstance(node.value, ast.Name) and node.value.id in {"datetime", "date", "time", "uuid"}
    ]  # fmt: skip

    assert not found


def test_no_test_sleeps_or_patches() -> None:
    banned = {"setattr": "monkeypatch", "sleep": "time"}
    found = [
        f"{path.relative_to(ROOT)}:{node.lineno} {node.func.attr}"
        for path, tree in trees("tests")
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and isinstance(node.func.value, ast.Name)
        and banned.get(node.func.attr) == node.func.value.id
    ]

    assert not found


def test_no_test_can_reach_the_servers_of_a_pipeline() -> None:
    told = dict.fromkeys(OF_A_PIPELINE, "a pipeline's")
    script = f"import os, tests.conftest; print([name for name in {OF_A_PIPELINE} if name in os.environ])"

    kept = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, env={**os.environ, **told, "PYTHONPATH": f"{ROOT}:{ROOT / 'libs'}"},
        capture_output=True, text=True, check=True,
    )  # fmt: skip

    assert kept.stdout.strip() == "[]"


def test_every_fault_lies_where_make_faults_looks() -> None:
    recipe = next(line for line in (ROOT / "Makefile").read_text().splitlines() if "-m faults" in line)
    folders = recipe.partition("-m faults")[2].split()
    marked = [path for path in sources("tests") if "mark." + "faults" in path.read_text()]

    assert marked
    assert [path for path in marked if not any(path.is_relative_to(ROOT / folder) for folder in folders)] == []


def test_every_test_is_named_by_a_sentence() -> None:
    short = [
        f"{path.relative_to(ROOT)}: {node.name}"
        for path, tree in trees("tests")
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and node.name.startswith("test_")
        and len(node.name.split("_")) < 5
    ]

    assert not short


def test_every_log_line_has_a_constant_name() -> None:
    found = [
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for path, tree in trees("services", "libs")
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and isinstance(node.func.value, ast.Name)
        and node.func.value.id in {"_LOG", "log", "_log"}
        and not (node.args and isinstance(node.args[0], ast.Constant) and LOG_NAME.fullmatch(str(node.args[0].value)))
    ]

    assert not found


def test_every_module_opens_with_what_it_is_responsible_for() -> None:
    silent = [
        str(path.relative_to(ROOT))
        for path, tree in trees("services", "libs", "ordermill")
        if tree.body and not ast.get_docstring(tree)
    ]

    assert not silent


@pytest.mark.parametrize("name", [*SERVICES, "console"])
def test_a_readme_has_the_five_headings_and_the_registrys_topics(name: str) -> None:
    text = (ROOT / "services" / name / "README.md").read_text(encoding="utf-8")
    own = [topic.name for topic in TOPICS if topic.owner == name and not topic.name.endswith("dead-letters")]

    assert [heading for heading in HEADINGS if f"## {heading}" not in text] == []
    assert [topic for topic in own if topic not in text] == []


@pytest.mark.parametrize("name", SERVICES)
def test_a_service_hears_just_what_the_registry_declares(name: str) -> None:
    service = import_module(f"services.{name}.handlers").service
    declared = {event.type for topic in TOPICS for event in topic.events if Party(name) in topic.heard[event]}

    heard = {kind for kind in service.routes if kind in {event.type for topic in TOPICS for event in topic.events}}

    assert heard == declared


def test_the_rooms_of_every_service_are_held_in_order() -> None:
    linted = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"]["contracts"]
    (layers,) = [contract for contract in linted if contract["type"] == "layers"]

    assert layers["containers"] == sorted(
        f"services.{path.parent.name}" for path in ROOT.glob("services/*/__main__.py")
    )


def test_every_link_within_the_documents_leads_somewhere() -> None:
    broken = [
        f"{path.relative_to(ROOT)}: {target}"
        for path in [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "services").rglob("README.md")]
        for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", path.read_text(encoding="utf-8"))
        if not (path.parent / target).exists()
    ]

    assert not broken

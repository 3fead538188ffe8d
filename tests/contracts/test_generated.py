"""What is generated from the registry is fresh, and the tools of other people accept it."""

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from contracts.generate import ROOT, stale
from contracts.topics import TOPICS

# The parser's version is fixed so that a new one cannot fail an old commit.
PARSER = "@asyncapi/parser@3.6.3"
PARSE = """
const { Parser } = require('@asyncapi/parser');
const { readFileSync } = require('node:fs');
new Parser().parse(readFileSync(process.argv[1], 'utf8')).then(({ document, diagnostics }) => {
  const errors = diagnostics.filter(({ severity }) => severity < 2).map(({ message, path }) => [message, ...path]);
  console.log(JSON.stringify({ version: document?.version(), channels: document?.channels().length, errors }));
});
"""


@pytest.fixture(scope="module")
def parser_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a folder in which node finds the AsyncAPI parser."""
    npm = shutil.which("npm")
    if npm is None or shutil.which("node") is None:
        pytest.skip("node and npm are not installed: the AsyncAPI parser is a package of theirs")
    home = tmp_path_factory.mktemp("asyncapi")
    install = [npm, "install", "--prefix", str(home), "--no-audit", "--no-fund", "--ignore-scripts", PARSER]
    try:
        installed = subprocess.run(install, capture_output=True, text=True, check=False, timeout=120)
    except subprocess.TimeoutExpired:
        pytest.skip(f"npm did not bring {PARSER} within two minutes")
    if installed.returncode:
        pytest.skip(f"npm cannot bring {PARSER} here: {installed.stderr.strip().splitlines()[-1:]}")
    return home


def test_everything_generated_from_the_registry_is_fresh() -> None:
    assert [str(path.relative_to(ROOT)) for path in stale()] == [], "run `python -m contracts.generate`"


@pytest.mark.slow
def test_the_official_parser_accepts_the_asyncapi_document(parser_home: Path) -> None:
    parse = ["node", "-e", PARSE, str(ROOT / "docs" / "asyncapi.json")]
    parsed = subprocess.run(parse, cwd=parser_home, capture_output=True, text=True, check=True, timeout=120)
    verdict: dict[str, Any] = json.loads(parsed.stdout)

    assert verdict == {"version": "3.0.0", "channels": len(TOPICS), "errors": []}


def test_the_asyncapi_document_references_only_what_it_holds() -> None:
    document = json.loads((ROOT / "docs" / "asyncapi.json").read_text())

    assert [reference for reference in _references(document) if not _holds(document, reference)] == []


def test_the_topics_page_names_every_topic_and_event() -> None:
    page = (ROOT / "docs" / "topics.md").read_text()

    assert [topic.name for topic in TOPICS if f"### {topic.name}\n" not in page] == []
    assert [event.type for topic in TOPICS for event in topic.events if f"`{event.type}`" not in page] == []


def _references(value: object) -> list[str]:
    if isinstance(value, list):
        return [reference for each in value for reference in _references(each)]
    if not isinstance(value, dict):
        return []
    own = [value["$ref"]] if isinstance(value.get("$ref"), str) else []
    return own + [reference for each in value.values() for reference in _references(each)]


def _holds(document: object, reference: str) -> bool:
    for part in reference.removeprefix("#/").split("/"):
        if not isinstance(document, dict) or part not in document:
            return False
        document = document[part]
    return True

"""Write what follows from the registry: JSON Schemas, docs/topics.md and docs/asyncapi.json.

`python -m contracts.generate` writes; with `--check` it writes nothing and fails when a file is stale or left over.
"""

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from contracts.asyncapi import document
from contracts.event import Event
from contracts.overview import page
from contracts.topics import TOPICS

CONTRACTS = Path(__file__).parent
ROOT = CONTRACTS.parent.parent
SCHEMAS = CONTRACTS / "schemas"


def schema_of(event: type[Event]) -> dict[str, Any]:
    """Give an event's JSON Schema."""
    own = event.model_json_schema()
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "$id": f"{event.type}.json", **own}


def wanted() -> Iterator[tuple[Path, str]]:
    """Give each generated file with the text that it must have."""
    for topic in TOPICS:
        for event in topic.events:
            yield SCHEMAS / f"{event.type}.json", _json(schema_of(event))
    yield ROOT / "docs" / "asyncapi.json", _json(document())
    yield ROOT / "docs" / "topics.md", page()


def stale() -> list[Path]:
    """Give the files that are missing, differ from what they must be, or belong to no event any more."""
    texts = dict(wanted())
    differing = [path for path, text in texts.items() if not path.exists() or path.read_text() != text]
    left_over = [path for path in SCHEMAS.glob("*") if path not in texts]
    return sorted(differing + left_over)


def write() -> None:
    """Write all files anew and remove what belongs to no event any more."""
    for path in stale():
        path.unlink(missing_ok=True)
    for path, text in wanted():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def _json(value: dict[str, Any]) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False) + "\n"


def main(arguments: list[str]) -> int:
    """Write, or check with `--check`; tell which files are concerned."""
    paths = stale()
    if arguments != ["--check"]:
        write()
    verb = "stale" if arguments == ["--check"] else "written"
    sys.stdout.writelines(f"{verb}: {path.relative_to(ROOT)}\n" for path in paths)
    return int(verb == "stale" and bool(paths))


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))

"""What may be shown of a message to whoever looks: all but what tells about a person, which the contracts mark."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

from pydantic import BaseModel
from pydantic.fields import FieldInfo

MASK = "•••"


def masked(fact: BaseModel) -> dict[str, Any]:
    """The facts as plain values, absent ones left out, personal ones masked."""
    plain = fact.model_dump(mode="json", exclude_none=True)
    if not _tells_of_a_person(type(fact)):
        return plain
    return {name: _shown(value, getattr(fact, name), type(fact).model_fields[name]) for name, value in plain.items()}


@cache
def _tells_of_a_person(kind: type[BaseModel]) -> bool:
    """Whether anything in a fact of this kind is marked, however deep: most have nothing, and need no second look."""
    return '"x-personal"' in json.dumps(kind.model_json_schema())


def _shown(plain: Any, value: object, field: FieldInfo) -> Any:  # noqa: ANN401 (any JSON)
    extra = field.json_schema_extra
    if isinstance(extra, dict) and extra.get("x-personal"):
        return MASK if value else plain
    if isinstance(value, BaseModel):
        return masked(value)
    if isinstance(value, tuple):
        return [masked(each) if isinstance(each, BaseModel) else each for each in value]
    return plain

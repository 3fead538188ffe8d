"""The AsyncAPI 3.0 document: the registry in the form that tools of other people read."""

from typing import Any

from pydantic.json_schema import models_json_schema

from contracts.event import Event
from contracts.topic import Party, Topic
from contracts.topics import LANES, TOPICS

Document = dict[str, Any]

# CloudEvents 1.0, binary content mode: the attributes travel as Kafka headers, the body is the data.
_OWN_HEADERS: Document = {
    "ce_specversion": {"type": "string", "const": "1.0"},
    "ce_id": {"type": "string", "format": "uuid", "description": "uuid5 of topic, subject and revision"},
    "ce_type": {"type": "string", "description": "the wire type, which ends in its version"},
    "ce_source": {"type": "string", "description": "who says it"},
    "ce_time": {"type": "string", "format": "date-time"},
    "ce_subject": {"type": "string", "description": "what it is about: the message's key"},
    "ce_sequence": {"type": "string", "description": "the revision: 1, 2, 3 … within topic and subject"},
    "ce_causationid": {"type": "string", "description": "the id of what caused it"},
    "traceparent": {"type": "string", "description": "W3C trace context"},
}
_OUTSIDE_HEADERS: Document = {
    name: schema for name, schema in _OWN_HEADERS.items() if name not in {"ce_sequence", "ce_causationid"}
}


def document() -> Document:
    """Give the whole document."""
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Ordermill",
            "version": "1.0.0",
            "description": "Every topic of the pipeline, generated from the registry in libs/contracts.",
            "license": {"name": "Apache-2.0", "url": "https://www.apache.org/licenses/LICENSE-2.0"},
        },
        "defaultContentType": "application/json",
        "channels": {topic.name: _channel(topic) for topic in TOPICS},
        "operations": dict(_operation(*edge) for edge in _edges()),
        "components": {"messages": _messages(), "messageTraits": _traits(), "schemas": _schemas()},
    }


def _channel(topic: Topic) -> Document:
    return {
        "address": topic.name,
        "description": f"Key: {topic.key}.",
        "messages": {event.type: {"$ref": f"#/components/messages/{event.type}"} for event in topic.events},
        "tags": [{"name": tag} for tag in ("personal", "compacted", "shared") if getattr(topic, tag)],
        "bindings": {"kafka": {"topic": topic.name, "partitions": LANES, "bindingVersion": "0.5.0"}},
    }


def _edges() -> list[tuple[Party, str, Topic]]:
    writes = [(party, "send", topic) for topic in TOPICS for party in topic.writers or (topic.owner,)]
    reads = [(party, "receive", topic) for topic in TOPICS for party in sorted(topic.readers)]
    return writes + reads


def _operation(party: Party, action: str, topic: Topic) -> tuple[str, Document]:
    events = [event for event in topic.events if action == "send" or topic.hears(event, party)]
    operation = {
        "action": action,
        "channel": {"$ref": f"#/channels/{topic.name}"},
        "tags": [{"name": str(party)}],
        "messages": [{"$ref": f"#/channels/{topic.name}/messages/{event.type}"} for event in events],
    }
    return f"{party}.{action}.{topic.name}", operation


def _messages() -> Document:
    return {event.type: _message(topic, event) for topic in TOPICS for event in topic.events}


def _message(topic: Topic, event: type[Event]) -> Document:
    trait = "outside" if topic.is_outside else "own"
    return {
        "name": event.type,
        "title": event.__name__,
        "summary": " ".join((event.__doc__ or "").split()),
        "contentType": "application/json",
        "traits": [{"$ref": f"#/components/messageTraits/{trait}"}],
        "payload": {"$ref": f"#/components/schemas/{event.type}"},
    }


def _traits() -> Document:
    return {
        "own": {
            "headers": {"type": "object", "required": ["ce_id", "ce_type", "ce_sequence"], "properties": _OWN_HEADERS}
        },
        "outside": {"headers": {"type": "object", "required": ["ce_type"], "properties": _OUTSIDE_HEADERS}},
    }


def _schemas() -> Document:
    """Give every model once: events under their wire type, the parts that they share under their class."""
    events = [event for topic in TOPICS for event in topic.events]
    references, schemas = models_json_schema(
        [(event, "validation") for event in events], ref_template="#/components/schemas/{model}"
    )
    definitions: Document = schemas["$defs"]
    names = {references[event, "validation"]["$ref"].rpartition("/")[2]: event.type for event in events}
    return {names.get(name, name): schema for name, schema in sorted(definitions.items())}

"""Answers of the API against the schemas of its discovery document, and that document against what
generators of clients need.

    api-schema.py DOCUMENT                 the document itself
    api-schema.py DOCUMENT SCHEMA < answer an answer; of a stream: each line

Strict: an answer has no field that the document does not know, and every one that it calls required.
"""
import json
import re
import sys

import jsonschema

METHOD = {
    "type": "object",
    "required": ["id", "description", "httpMethod", "path", "parameters"],
    "additionalProperties": False,
    "properties": {
        "id": {"type": "string", "pattern": r"^fleet\.[A-Z]\w*\.[A-Z]\w*$"},
        "description": {"type": "string", "minLength": 1},
        "httpMethod": {"enum": ["GET", "PUT", "PATCH", "POST", "DELETE"]},
        "path": {"type": "string", "pattern": r"^[a-z]+(/\{\w+\})?$"},
        "parameters": {
            "type": "object",
            "additionalProperties": {
                "type": "object",
                "required": ["type", "location"],
                "properties": {
                    "type": {"enum": ["string", "integer"]},
                    "location": {"enum": ["path", "query"]},
                },
            },
        },
        "parameterOrder": {"type": "array", "items": {"type": "string"}},
        "request": {"type": "object", "required": ["$ref"]},
        "response": {"type": "object", "required": ["$ref"]},
    },
}
DOCUMENT = {
    "type": "object",
    "required": ["kind", "discoveryVersion", "id", "name", "version", "title", "description", "protocol",
                 "rootUrl", "servicePath", "baseUrl", "basePath", "parameters", "schemas", "resources"],
    "properties": {
        "kind": {"const": "discovery#restDescription"},
        "discoveryVersion": {"const": "v1"},
        "protocol": {"const": "rest"},
        "servicePath": {"const": "fleet/v1/"},
        "schemas": {
            "type": "object",
            "additionalProperties": {"type": "object", "required": ["id", "type"]},
        },
        "resources": {
            "type": "object",
            "minProperties": 3,
            "additionalProperties": {
                "type": "object",
                "required": ["methods"],
                "properties": {"methods": {"type": "object", "additionalProperties": METHOD}},
            },
        },
    },
}
# The methods that CoreOS fleet had, by id.
OLD = {
    "fleet.Machine.List": "GET machines",
    "fleet.Unit.List": "GET units",
    "fleet.Unit.Get": "GET units/{unitName}",
    "fleet.Unit.Delete": "DELETE units/{unitName}",
    "fleet.Unit.Set": "PUT units/{unitName}",
    "fleet.UnitState.Get": "GET state/{unitName}",
    "fleet.UnitState.List": "GET state",
}


def refs(value):
    """Every $ref in a piece of JSON."""
    if isinstance(value, dict):
        for name, inner in value.items():
            if name == "$ref":
                yield inner
            else:
                yield from refs(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from refs(inner)


def methods(document):
    for resource in document["resources"].values():
        yield from resource["methods"].values()


def check_document(document):
    jsonschema.validate(document, DOCUMENT)
    for name, schema in document["schemas"].items():
        assert name == schema["id"], f"schema {name} calls itself {schema['id']}"
    for ref in refs(document):
        assert ref in document["schemas"], f"no schema '{ref}'"
    used = set(refs(document)) | {"Error"}
    assert used == set(document["schemas"]), f"used by none: {set(document['schemas']) - used}"
    for method in methods(document):
        in_path = re.findall(r"\{(\w+)\}", method["path"])
        told = [n for n, p in method["parameters"].items() if p["location"] == "path"]
        assert in_path == told == method.get("parameterOrder", []), f"{method['id']}: {in_path} {told}"
    found = {method["id"]: f"{method['httpMethod']} {method['path']}" for method in methods(document)}
    for name, where in OLD.items():
        assert found.get(name) == where, f"{name}: {found.get(name)} instead of {where}"


def to_json_schema(part):
    """The dialect of discovery documents (draft 3, in part) as JSON Schema of today."""
    if "$ref" in part:
        return {"$ref": f"#/definitions/{part['$ref']}"}
    schema = {} if part["type"] == "any" else {"type": part["type"]}
    if "enum" in part:
        schema["enum"] = part["enum"]
    if "items" in part:
        schema["items"] = to_json_schema(part["items"])
    if "additionalProperties" in part:
        schema["additionalProperties"] = to_json_schema(part["additionalProperties"])
    if "properties" in part:
        schema["additionalProperties"] = False
        schema["required"] = [n for n, p in part["properties"].items() if p.get("required")]
        schema["properties"] = {
            n: to_json_schema(p) if p.get("required") else {"anyOf": [to_json_schema(p), {"type": "null"}]}
            for n, p in part["properties"].items()
        }
    return schema


def check_answer(document, name, text):
    definitions = {n: to_json_schema(s) for n, s in document["schemas"].items()}
    schema = {"$ref": f"#/definitions/{name}", "definitions": definitions}
    answers = [json.loads(line) for line in text.splitlines() if line.strip()]
    assert answers, "there is no answer"
    for answer in answers:
        jsonschema.Draft7Validator(schema).validate(answer)


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        document = json.load(file)
    try:
        if len(sys.argv) == 2:
            check_document(document)
        else:
            check_answer(document, sys.argv[2], sys.stdin.read())
    except (AssertionError, ValueError, jsonschema.ValidationError) as error:
        sys.exit(str(error))


main()

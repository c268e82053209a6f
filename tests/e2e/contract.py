"""Answers are judged by spec/openapi.yaml, the document a foreign developer has: the part of JSON Schema it uses."""
import json
import re

import harness  # sets the path of the lint modules
import openapi
import simple_yaml

DOCUMENT = simple_yaml.load((harness.ROOT / openapi.PATH).read_text(encoding="utf-8"))
TYPES = {"object": dict, "array": list, "string": str, "boolean": bool, "null": type(None)}
KNOWN = {"$ref", "type", "enum", "pattern", "required", "properties", "additionalProperties", "items", "allOf", "minItems",
         "minimum", "maximum", "minLength", "maxLength", "description", "format", "default", "examples", "example"}


def has_type(value, name):
    if name in ("integer", "number"):
        return not isinstance(value, bool) and isinstance(value, int if name == "integer" else (int, float))
    return isinstance(value, TYPES[name])


def schema_problems(value, schema, where="$"):
    unknown = set(schema) - KNOWN
    assert not unknown, f"a schema keyword this test does not know: {unknown}"
    if "$ref" in schema:
        yield from schema_problems(value, openapi.look_up(DOCUMENT, schema["$ref"]), where)
        return
    names = schema.get("type", [])
    names = [names] if isinstance(names, str) else names
    if names and not any(has_type(value, name) for name in names):
        yield f"{where} is not {' or '.join(names)}"
        return
    if "enum" in schema and value not in schema["enum"]:
        yield f"{where} is {value!r}, not one of {schema['enum']}"
    if isinstance(value, str):
        if "pattern" in schema and not re.search(schema["pattern"], value):
            yield f"{where} does not match {schema['pattern']}"
        if not schema.get("minLength", 0) <= len(value) <= schema.get("maxLength", len(value)):
            yield f"{where} has {len(value)} characters"
    if has_type(value, "number") and not schema.get("minimum", value) <= value <= schema.get("maximum", value):
        yield f"{where} is {value}"
    if isinstance(value, list):
        if len(value) < schema.get("minItems", 0):
            yield f"{where} has {len(value)} items"
        for index, item in enumerate(value):
            yield from schema_problems(item, schema.get("items", {}), f"{where}[{index}]")
    if isinstance(value, dict):
        yield from (f"{where}.{name} is missing" for name in schema.get("required", []) if name not in value)
        for name, item in value.items():
            rule = schema.get("properties", {}).get(name, schema.get("additionalProperties"))
            if rule is not None:
                yield from schema_problems(item, rule, f"{where}.{name}")
    for part in schema.get("allOf", []):
        yield from schema_problems(value, part, where)


def answer_problems(method, template, answer):
    """What openapi.yaml has against this answer."""
    operation = DOCUMENT["paths"][template][method.lower()]
    response = operation["responses"].get(str(answer.status))
    if response is None:
        return [f"{method} {template}: {answer.status} is not in openapi.yaml: {answer}"]
    if "$ref" in response:
        response = openapi.look_up(DOCUMENT, response["$ref"])
    kind = answer.headers.get("content-type", "").split(";")[0].strip()
    if kind not in response["content"]:
        return [f"{method} {template}: {answer.status} with {kind} is not in openapi.yaml"]
    problems = [f"{method} {template}: header {name} is missing" for name in response.get("headers", {})
                if name.lower() not in answer.headers]
    if kind.endswith("json"):
        schema = response["content"][kind]["schema"]
        problems += [f"{method} {template}: {text}" for text in schema_problems(json.loads(answer.body), schema)]
    return problems

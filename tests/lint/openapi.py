"""spec/openapi.yaml is whole in itself: references resolve, every operation says what it answers, names its path
parameters and has Japanese and English words. That it equals the program's route table is routes.py."""
import re

import simple_yaml

PATH = "spec/openapi.yaml"
METHODS = {"get", "put", "post", "delete", "head", "options", "patch"}
JAPANESE = re.compile(r"[\u3040-\u30ff\u4e00-\u9fff]")


def look_up(document, reference):
    value = document
    for part in reference.removeprefix("#/").split("/"):
        value = value[part.replace("~1", "/").replace("~0", "~")]
    return value


def references(value):
    if isinstance(value, dict):
        for key, item in value.items():
            if key == "$ref":
                yield item
            else:
                yield from references(item)
    elif isinstance(value, list):
        for item in value:
            yield from references(item)


def operations(document):
    """(path, method, operation, parameters of path and operation), references of parameters followed."""
    for path, item in document["paths"].items():
        for method, operation in item.items():
            if method in METHODS:
                parameters = item.get("parameters", []) + operation.get("parameters", [])
                yield path, method, operation, [
                    look_up(document, parameter["$ref"]) if "$ref" in parameter else parameter for parameter in parameters]


def operation_problems(path, method, operation, parameters):
    where = f"{PATH}: {method.upper()} {path}"
    if not JAPANESE.search(operation.get("summary", "")) or not re.search(r"[a-z]{3}", operation.get("summary", "")):
        yield f"{where}: no summary in both languages"
    if not operation.get("tags"):
        yield f"{where}: no tag"
    if not any(status.startswith("2") for status in operation.get("responses", {})):
        yield f"{where}: no answer of success"
    if path.startswith("/v1/") and "403" not in operation.get("responses", {}):
        yield f"{where}: no 403"
    declared = {parameter["name"] for parameter in parameters if parameter["in"] == "path"}
    if declared != set(re.findall(r"\{([^}]+)\}", path)):
        yield f"{where}: path parameters {sorted(declared)} are not those of the path"


def check_document(document):
    problems = []
    for reference in sorted(set(references(document))):
        try:
            look_up(document, reference)
        except (KeyError, TypeError):
            problems.append(f"{PATH}: {reference} leads nowhere")
    if problems:
        return problems
    seen = set()
    for path, method, operation, parameters in operations(document):
        problems += operation_problems(path, method, operation, parameters)
        if operation.get("operationId") in seen or not operation.get("operationId"):
            problems.append(f"{PATH}: {method.upper()} {path}: operationId missing or used twice")
        seen.add(operation.get("operationId"))
    used = {reference for reference in references(document)}
    for group, items in document.get("components", {}).items():
        if group != "securitySchemes":
            problems += [f"{PATH}: components/{group}/{name} is never used" for name in items
                         if f"#/components/{group}/{name}" not in used]
    return problems


def check(tree):
    if PATH not in tree:
        return [f"{PATH}: missing"]
    try:
        return check_document(simple_yaml.load(tree[PATH]))
    except simple_yaml.YamlError as error:
        return [f"{PATH}: {error}"]


def document(operation, path="/v1/offices/{office}", rest=""):
    return {PATH: f"""openapi: 3.1.0
paths:
  {path}:
    parameters:
      - {{name: office, in: path}}
    get:
{operation}
{rest}"""}


WHOLE = """      tags: [directory]
      operationId: office
      summary: 事業所 / office
      responses: {"200": {description: x}, "403": {description: x}}"""
GOOD = [document(WHOLE)]
BAD = [
    (document(WHOLE.replace("description: x", '$ref: "#/components/responses/Gone"', 1)), "leads nowhere"),
    (document(WHOLE.replace("事業所 / ", "")), "both languages"),
    (document(WHOLE.replace('"200"', '"404"')), "no answer of success"),
    (document(WHOLE.replace('"403"', '"404"')), "no 403"),
    (document(WHOLE, path="/v1/offices/{number}"), "path parameters"),
    (document(WHOLE.replace("      operationId: office\n", "")), "operationId"),
    (document(WHOLE, rest="components:\n  schemas:\n    Lost: {type: string}\n"), "never used"),
    ({PATH: "paths: {a: &x 1}\n"}, "line"),
    ({}, "missing"),
]

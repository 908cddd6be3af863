"""Makes out of a server's document one whose requests reach what is there."""

import copy

# Names that the driver has made; a path that asks for another is mostly not found.
KNOWN = {
    "repository": ["lake"],
    "branch": ["main", "dev", "other"],
    "destinationBranch": ["main", "dev", "other"],
    "ref": ["main", "dev", "v1", "main~1", "main@", "dev$"],
    "sourceRef": ["main", "dev", "v1", "main~1"],
    "leftRef": ["main", "dev", "v1"],
    "rightRef": ["main", "dev", "main~1"],
    "commitId": ["main", "v1", "main~1"],
    "tag": ["v1"],
    "userId": ["admin"],
}
KNOWN_QUERY = {"path": ["a", "b/c", "nope"]}

# Would take the ground from under all others.
NEVER = {"deleteRepository", "deleteUser", "deleteCredentials", "setup"}
# Answer without end: whoever waits for that waits for nothing. The specs of the feed ask them.
ENDLESS = {"streamEvents"}


def aimed(document: dict) -> dict:
    """The same document, with the names of things that exist where a name is asked for."""
    result = copy.deepcopy(document)
    for operation, methods, method in operations(result):
        if operation["operationId"] in NEVER | ENDLESS:
            del methods[method]
            continue
        for parameter in operation.get("parameters", []):
            known = (KNOWN if parameter["in"] == "path" else KNOWN_QUERY).get(parameter["name"])
            if known:
                parameter["schema"] = {"type": "string", "enum": known}
    return result


def operations(document: dict) -> list[tuple[dict, dict, str]]:
    return [
        (operation, methods, method)
        for methods in document["paths"].values()
        for method, operation in list(methods.items())
    ]

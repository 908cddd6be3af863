"""An import whose server is killed in its middle: the next start finishes it, once."""

import json
import time
from pathlib import Path
from urllib.parse import urlencode

from checks import Checks
from client import Client
from server import Server

FOLDERS = 20
FILES_A_FOLDER = 1_000
# Long before it could be done, long after it was answered.
KILL_AFTER_S = 0.3
# A job is taken over when it has been silent for 8 s, and looked for every 2 s.
FINISH_S_MAX = 60
TRIES_MAX = 5


def kill_an_import(server: Server, checks: Checks) -> None:
    source = server.imports
    for folder in range(FOLDERS):
        (source / f"d{folder:02}").mkdir(parents=True)
        for number in range(FILES_A_FOLDER):
            (source / f"d{folder:02}" / f"f{number:04}").write_text(f"{folder}/{number}")
    for attempt in range(TRIES_MAX):
        repository = f"kill-import-{attempt}"
        if _killed_in_the_middle(server, checks, repository):
            return
    checks.that(False, "an import is killed in its middle", f"{TRIES_MAX} times it was done before")


def _killed_in_the_middle(server: Server, checks: Checks, repository: str) -> bool:
    ask = _Api(server, repository)
    status, body = ask("POST", "", {"name": repository, "storage_namespace": f"local://{repository}"})
    checks.same(status, 201, f"a repository for an import is created {body}")
    wish = {
        "paths": [{"type": "common_prefix", "path": f"local://{server.imports}", "destination": "in/"}],
        "commit": {"message": "in"},
    }
    status, started = ask("POST", "/branches/main/import", wish)
    checks.same(status, 202, f"an import is begun {started}")
    time.sleep(KILL_AFTER_S)
    there = "/branches/main/import?" + urlencode({"id": started["id"]})
    _, before = ask("GET", there)
    server.kill(with_postgres=False)
    server.start()
    if before["completed"]:
        return False
    begun = time.monotonic()
    after = before
    while time.monotonic() - begun < FINISH_S_MAX and not (after["completed"] or "error" in after):
        time.sleep(0.2)
        _, after = ask("GET", there)
    count = FOLDERS * FILES_A_FOLDER
    checks.same(after.get("error"), None, "an import that was killed does not fail")
    checks.same(after.get("ingested_objects"), count, "it has every file")
    checks.note(f"killed at {before['ingested_objects']}, finished {time.monotonic() - begun:.1f} s after")
    _check_listing(ask, checks, server.imports)
    _, log = ask("GET", "/refs/main/commits")
    checks.same(len(log["results"]), 2, "it has made one commit")
    return True


def _check_listing(ask: "_Api", checks: Checks, source: Path) -> None:
    wanted = sorted(
        (f"in/{file.parent.name}/{file.name}", f"local://{file}", file.stat().st_size)
        for file in source.glob("*/*")
    )
    found: list[tuple[str, str, int]] = []
    after = ""
    while True:
        _, page = ask("GET", "/refs/main/objects/ls?" + urlencode({"amount": 1000, "after": after}))
        found += [(each["path"], each["physical_address"], each["size_bytes"]) for each in page["results"]]
        if not page["pagination"]["has_more"]:
            break
        after = page["pagination"]["next_offset"]
    checks.that(found == wanted, f"the branch has all {len(wanted)} files, and no other", len(found))


class _Api:
    """Answers of one repository, as JSON."""

    def __init__(self, server: Server, repository: str) -> None:
        self.server = server
        self.repository = repository

    def __call__(self, method: str, path: str, body: object = None) -> tuple[int, dict]:
        client = Client(self.server.port, (self.server.access_key, self.server.secret_key))
        whole = "/repositories" if path == "" else f"/repositories/{self.repository}{path}"
        data = b"" if body is None else json.dumps(body).encode()
        headers = {} if body is None else {"Content-Type": "application/json"}
        status, text = client.send("other", method, whole, data, headers)
        return status, json.loads(text) if text else {}

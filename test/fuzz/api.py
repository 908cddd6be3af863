"""
Sends requests made out of a server's own /openapi.json, right ones and wrong ones: no answer may be
a fault of the server, have a status that the document does not tell of, or a body of another shape.

    python api.py --checkout PATH [--cases 2000] [--seed N]

Needs schemathesis: requirements.txt.
"""

import argparse
import json
import random
import re
import subprocess
import sys
import tempfile
import traceback
import urllib.error
import urllib.request
from base64 import b64encode
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent / "compat"))

from checks import Checks  # noqa: E402
from document import ENDLESS, aimed, operations  # noqa: E402
from server import Server  # noqa: E402

CHECKS = [
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
]
# 501 is what an option says that is not built: the document tells of it where it may come.
CONFIG = """
[checks]
not_a_server_error.expected-statuses = ["2xx", "3xx", "4xx", 501]
"""
RUN_S_MAX = 3600


class Fuzz:
    def __init__(self, server: Server, checks: Checks, seed: int) -> None:
        self.server = server
        self.checks = checks
        self.seed = seed
        self.folder = Path(tempfile.mkdtemp(prefix="moraine-fuzz-", dir=server.folder))
        self.cases = 0

    def prepare(self) -> None:
        """Something of each kind, for the requests to find."""
        lake = "/api/v1/repositories/lake"
        self.call("POST", "/api/v1/repositories", {"name": "lake", "storage_namespace": "local://lake"})
        for path in ["a", "b/c"]:
            self.call("POST", f"{lake}/branches/main/objects?path={path}", b"hello")
            self.call("POST", f"{lake}/branches/main/commits", {"message": path, "metadata": {"k": "v"}})
        for name in ["dev", "other"]:
            self.call("POST", f"{lake}/branches", {"name": name, "source": "main"})
        self.call("POST", f"{lake}/branches/dev/objects?path=d", b"staged")
        self.call("POST", f"{lake}/tags", {"id": "v1", "ref": "main"})

    def run(self, name: str, document: dict, cases: int) -> None:
        """Sends about `cases` requests; notes a check for each operation."""
        file = self.folder / f"{name}.json"
        file.write_text(json.dumps(document))
        config = self.folder / "schemathesis.toml"
        config.write_text(CONFIG)
        total = len(operations(document))
        command = [
            *[str(Path(sys.executable).parent / "schemathesis"), "--config-file", str(config)],
            *["run", str(file), "--url", f"{self.server.url}/api/v1"],
            *["--auth", f"{self.server.access_key}:{self.server.secret_key}"],
            *["--checks", ",".join(CHECKS), "--phases", "examples,coverage,fuzzing"],
            *["--max-examples", str(max(1, cases // total)), "--seed", str(self.seed)],
            # Python 3.11 loses count in `ast` when two threads build trees at once.
            *["--workers", "1", "--continue-on-failure", "--no-color", "--warnings", "off"],
            *["--generation-database", "none", "--suppress-health-check", "all"],
            *["--request-timeout", "60"],
        ]
        result = subprocess.run(
            command, cwd=self.folder, capture_output=True, text=True, timeout=RUN_S_MAX
        )
        output = result.stdout + result.stderr
        made = re.search(r"(\d+) generated", output)
        self.cases += int(made[1]) if made else 0
        faults = re.findall(r"^_+ (.+?) _+$\n(.*?)(?=^_{3,} |^={3,} )", output, re.M | re.S)
        for operation, told in faults:
            print(f"{operation}\n{told.rstrip()}", flush=True)
        self.checks.none([operation for operation, _ in faults], f"{name}: each operation keeps its word")
        is_done = made is not None and result.returncode in (0, 1) and (result.returncode == 0 or faults)
        self.checks.that(bool(is_done), f"{name}: it ran to its end", output[-2000:])
        self.checks.note(f"{name}: {made[1] if made else 0} requests to {total} operations")

    def afterwards(self) -> None:
        """Whatever was asked, the server is well and its log knows of no fault of its own."""
        known = self.call("GET", "/api/v1/user")["user"]["id"]
        self.checks.same(known, "admin", "it still answers who asks")
        log = self.server.log.read_text(errors="replace").splitlines()
        wrong = [line for line in log if re.search(r'"level":(50|60)', line)]
        self.checks.none(wrong, "its log tells of no fault of its own")
        leaked = [line for line in log if self.server.secret_key in line]
        self.checks.none(leaked, "its log holds no secret")

    def call(self, method: str, path: str, body: object = None) -> dict:
        pair = f"{self.server.access_key}:{self.server.secret_key}"
        headers = {"Authorization": f"Basic {b64encode(pair.encode()).decode()}"}
        data = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
        headers["Content-Type"] = "text/plain" if isinstance(body, bytes) else "application/json"
        request = urllib.request.Request(self.server.url + path, data, headers, method=method)
        try:
            with urllib.request.urlopen(request, timeout=60) as response:
                answer = response.read()
        except urllib.error.HTTPError as error:
            raise RuntimeError(f"{method} {path}: {error.code} {error.read()[:500]!r}") from error
        return json.loads(answer) if answer.startswith(b"{") else {}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--checkout", type=Path, required=True)
    parser.add_argument("--cases", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=random.randrange(2**32))
    options = parser.parse_args()
    checks = Checks()
    server = Server(options.checkout)
    try:
        server.start()
        fuzz = Fuzz(server, checks, options.seed)
        checks.note(f"seed {options.seed}")
        document = json.loads(
            urllib.request.urlopen(f"{server.url}/openapi.json", timeout=60).read()
        )
        fuzz.prepare()
        fuzz.run("what is there", aimed(document), options.cases * 4 // 5)
        fuzz.run("anything", document_of_others(document), options.cases // 5)
        fuzz.afterwards()
        print(f"{fuzz.cases} cases", flush=True)
    except Exception:
        checks.that(False, "it ran to its end", traceback.format_exc())
    finally:
        server.stop()
        server.destroy()
    checks.end()


def document_of_others(document: dict) -> dict:
    """All but what could never be done twice, would end the rest, or has no end."""
    for operation, methods, method in operations(document):
        if operation["operationId"] in {"deleteUser", "deleteCredentials"} | ENDLESS:
            del methods[method]
    return document


if __name__ == "__main__":
    main()

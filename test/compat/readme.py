"""
Runs the commands of README.md as a reader would, and compares what they print.

    python readme.py --checkout PATH

Blocks marked `sh` are run, in their order: what stands before `npm start` in the first one, then
the server, then the rest in one shell. `# → text` after a command is what it must print.
"""

import argparse
import re
import subprocess
import tempfile
import traceback
from pathlib import Path

from checks import Checks
from server import Server

START = "npm start"
INSTALL_S_MAX = 300
SESSION_S_MAX = 300


def blocks_of(markdown: str) -> list[str]:
    return re.findall(r"^```sh\n(.*?)^```$", markdown, flags=re.MULTILINE | re.DOTALL)


def promises_of(script: str) -> list[str]:
    """The texts after `# →`, in their order."""
    return re.findall(r"# → (.*)$", script, flags=re.MULTILINE)


class BannerServer(Server):
    """A server whose administrator's keys are read from what its first start prints."""

    def environment(self) -> dict[str, str]:
        return {
            name: value
            for name, value in super().environment().items()
            if not name.startswith("MORAINE_ADMIN_")
        }

    def read_keys(self) -> bool:
        """Returns whether the banner was there."""
        said = self.log.read_text(errors="replace")
        access = re.search(r"^ *access key id: +(\S+)$", said, flags=re.MULTILINE)
        # One secret in 32 begins with "/" or "+": what stands before it is spaces alone.
        secret = re.search(r"^ *secret access key: +(\S+)$", said, flags=re.MULTILINE)
        if not access or not secret:
            return False
        self.access_key, self.secret_key = access[1], secret[1]
        return True


def run_session(server: Server, script: str, checkout: Path) -> subprocess.CompletedProcess:
    requirements = Path(__file__).resolve().parent / "requirements.txt"
    with tempfile.TemporaryDirectory(prefix="moraine-reader-") as folder:
        environment = {
            **server.environment(),
            "LAKECTL_SERVER_ENDPOINT_URL": server.url,
            "LAKECTL_CREDENTIALS_ACCESS_KEY_ID": server.access_key,
            "LAKECTL_CREDENTIALS_SECRET_ACCESS_KEY": server.secret_key,
            # The newest client may change over night; this page is judged with the pinned one.
            "PIP_CONSTRAINT": str(requirements),
            "PIP_DISABLE_PIP_VERSION_CHECK": "1",
        }
        return subprocess.run(
            ["bash", "-euo", "pipefail", "-c", script],
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=SESSION_S_MAX,
        )


def judge(checkout: Path, checks: Checks) -> None:
    blocks = blocks_of((checkout / "README.md").read_text())
    first = blocks[0].splitlines() if blocks else []
    if not checks.that(START in first, "the first block of README.md starts a server", first):
        return
    server = BannerServer(checkout)
    try:
        install = "\n".join(first[: first.index(START)])
        installed = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", install],
            cwd=checkout,
            stdin=subprocess.DEVNULL,
            timeout=INSTALL_S_MAX,
        )
        checks.same(installed.returncode, 0, f"README's '{install}'")
        checks.note(f"README's '{START}' served after {server.start():.1f} s")
        if not checks.that(server.read_keys(), "the first start prints an access key", server.tail()):
            return
        judge_session(server, "\n".join(blocks[1:]), checkout, checks)
        checks.same(server.stop(), 0, "SIGTERM to npm start ends it with 0")
        checks.same(server.postgres_pids(), [], "no Postgres is left behind")
    finally:
        server.destroy()


def judge_session(server: Server, script: str, checkout: Path, checks: Checks) -> None:
    ended = run_session(server, script, checkout)
    print(ended.stdout)
    checks.same(ended.returncode, 0, f"README's {len(script.splitlines())} lines run to their end")
    at = 0
    for promise in promises_of(script):
        found = ended.stdout.find(promise, at)
        checks.that(found >= 0, f"prints '{promise}'", "not there, or not in this order")
        at = max(at, found + len(promise))


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--checkout", type=Path, required=True)
    options = parser.parse_args()
    checks = Checks()
    try:
        judge(options.checkout.resolve(), checks)
    except Exception:
        checks.that(False, "README.md came to its end", traceback.format_exc())
    checks.end()


if __name__ == "__main__":
    main()

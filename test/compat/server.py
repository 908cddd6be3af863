"""Starts a server by README's command, kills it or ends it, and finds the processes it is made of."""

import http.client
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

# A first start may build, and makes a database.
FIRST_START_S_MAX = 240
STOP_S_MAX = 30


class Server:
    """One server on a free port, in a data folder of its own."""

    def __init__(self, checkout: Path, data: Path | None = None) -> None:
        self.checkout = checkout
        self.folder = Path(tempfile.mkdtemp(prefix="moraine-server-"))
        self.data = data or self.folder / "data"
        self.port = free_port()
        self.access_key = "AKIA" + secrets.token_hex(8).upper()
        self.secret_key = secrets.token_urlsafe(30)
        self.log = self.folder / "server.log"
        self._npm: subprocess.Popen | None = None
        # Ended by SIGTERM a Python program skips its `finally`, and the server would stay.
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def imports(self) -> Path:
        """What may be imported from; nothing is there yet."""
        return self.folder / "imports"

    def environment(self) -> dict[str, str]:
        home = self.folder / "home"
        home.mkdir(exist_ok=True)
        # CI finds what it left running by its mark.
        mark = {name: os.environ[name] for name in ["CI_RUN_MARK"] if name in os.environ}
        return {
            **mark,
            "PATH": os.environ["PATH"],
            "HOME": str(home),
            "CI": "true",
            "MORAINE_DATA": str(self.data),
            "MORAINE_LISTEN": f"127.0.0.1:{self.port}",
            "MORAINE_ADMIN_ACCESS_KEY_ID": self.access_key,
            "MORAINE_ADMIN_SECRET_ACCESS_KEY": self.secret_key,
            "MORAINE_IMPORT_ENABLED": "true",
            "MORAINE_IMPORT_FOLDERS": str(self.imports),
        }

    def start(self) -> float:
        """Returns the seconds until it served, less those that it stood in line for a processor.

        Raises when it does not serve.
        """
        started = time.monotonic()
        with self.log.open("ab") as log:
            self._npm = subprocess.Popen(
                ["npm", "start"],
                cwd=self.checkout,
                env=self.environment(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        while not self._is_healthy():
            if self._npm.poll() is not None:
                raise RuntimeError(f"npm start ended with {self._npm.returncode}\n{self.tail()}")
            if time.monotonic() - started > FIRST_START_S_MAX:
                raise RuntimeError(f"no answer after {FIRST_START_S_MAX} s\n{self.tail()}")
            time.sleep(0.05)
        return max(0.0, time.monotonic() - started - self._queued())

    def _queued(self) -> float:
        """Returns how long its first threads could have run, and others did: a busy machine's."""
        return sum(map(_queued_seconds, self.node_pids()))

    def kill(self, with_postgres: bool) -> None:
        """SIGKILL to node, or to node and every process of its Postgres."""
        doomed = self.node_pids() + (self.postgres_pids() if with_postgres else [])
        if not doomed:
            raise RuntimeError("nothing to kill: the server's processes were not found")
        for pid in doomed:
            _signal(pid, signal.SIGKILL)
        if self._npm:
            self._npm.wait(timeout=STOP_S_MAX)

    def stop(self) -> int | None:
        """SIGTERM to npm; returns its exit code, or None when it did not end in time."""
        if not self._npm:
            return None
        self._npm.terminate()
        try:
            return self._npm.wait(timeout=STOP_S_MAX)
        except subprocess.TimeoutExpired:
            return None

    def destroy(self) -> None:
        """Leaves no process and no file behind, whatever state the server is in."""
        # Npm too: a node that was just killed leaves it a moment longer.
        for pid in self.node_pids() + self.postgres_pids():
            _signal(pid, signal.SIGKILL)
        if self._npm and self._npm.poll() is None:
            self._npm.kill()
            self._npm.wait()
        deadline = time.monotonic() + 5
        while self.postgres_pids() and time.monotonic() < deadline:
            time.sleep(0.05)
        shutil.rmtree(self.folder, ignore_errors=True)

    def node_pids(self) -> list[int]:
        """The processes below npm, Postgres apart."""
        if not self._npm:
            return []
        postgres = set(self.postgres_pids())
        return [pid for pid in _descendants(self._npm.pid) if pid not in postgres]

    def postgres_pids(self) -> list[int]:
        """The postmaster of the data folder, wherever it hangs, and all below it."""
        found: list[int] = []
        for file in self.data.rglob("postmaster.pid") if self.data.exists() else []:
            try:
                pid = int(file.read_text().split("\n", 1)[0])
                # A number alone may be another's by now: the postmaster stands in its folder.
                if Path(os.readlink(f"/proc/{pid}/cwd")) != file.parent.resolve():
                    continue
            except (OSError, ValueError):
                continue
            found += [pid, *_descendants(pid)]
        return found

    def tail(self, lines: int = 30) -> str:
        return "\n".join(self.log.read_text(errors="replace").split("\n")[-lines:])

    def _is_healthy(self) -> bool:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
        try:
            connection.request("GET", "/api/v1/healthcheck")
            return connection.getresponse().status in (200, 204)
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def _queued_seconds(pid: int) -> float:
    """Returns how long a process's first thread has waited for a processor; 0: nobody knows."""
    try:
        return int(Path(f"/proc/{pid}/schedstat").read_text().split()[1]) / 1e9
    except (OSError, IndexError, ValueError):
        return 0.0


def _signal(pid: int, number: int) -> None:
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        pass


def _descendants(root: int) -> list[int]:
    children: dict[int, list[int]] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            # The name of a process may hold anything but ends with the last parenthesis.
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if fields[0] != "Z":
            children.setdefault(int(fields[1]), []).append(int(stat.parent.name))
    found: list[int] = []
    waiting = [root]
    while waiting:
        below = children.get(waiting.pop(), [])
        found += below
        waiting += below
    return found

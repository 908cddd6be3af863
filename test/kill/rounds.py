"""
Rounds of SIGKILL: a server that is killed while it works must come back with all that it had
acknowledged, and with nothing twice.

    python rounds.py --checkout PATH [--rounds 5] [--seed N]

Odd rounds kill node alone, even ones node and its Postgres. At each kill at least 8 uploads and
one commit are unanswered.
"""

import argparse
import json
import random
import sys
import time
import traceback
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "compat"))

from checks import Checks
from client import Client
from killed_import import kill_an_import
from oracle import ACKNOWLEDGED, Commit, Oracle, Write
from server import Server
from verify import verify, verify_rebuild
from workload import Workload

UPLOADS_UNANSWERED_MIN = 8
COMMITS_UNANSWERED_MIN = 1
RESTART_S_MAX = 10
# A kill that came between two answers proves less: it is made again, and counts as no round.
TRIES_A_ROUND_MAX = 4
MOMENT_S_MAX = 30
REPOSITORY = "kill-rounds"
# A short run, as of an ordinary user, goes without the import that takes a quarter of a minute.
ROUNDS_WITH_IMPORT_MIN = 3
# Headers that must be served, and are judged.
HEADERS = ["Idempotency-Key", "If-None-Match"]


class Rounds:
    def __init__(self, server: Server, checks: Checks, seed: int) -> None:
        self.server = server
        self.checks = checks
        self.seed = seed
        self.chance = random.Random(seed)
        self.oracle = Oracle()
        self.served: list[str] = []

    def run(self, count: int) -> None:
        self.checks.note(f"first start: {self.server.start():.1f} s; seed {self.seed}")
        self.create_repository()
        for number in range(1, count + 1):
            self.round(number, with_postgres=number % 2 == 0)
        if count >= ROUNDS_WITH_IMPORT_MIN:
            kill_an_import(self.server, self.checks)
        # Once, over all that the rounds left in the log.
        verify_rebuild(self.server, self.checks)
        self.checks.same(self.server.stop(), 0, "SIGTERM to npm start ends it with 0")
        self.checks.same(self.server.postgres_pids(), [], "no Postgres is left behind")

    def create_repository(self) -> None:
        client = Client(self.server.port, (self.server.access_key, self.server.secret_key))
        wish = {"name": REPOSITORY, "storage_namespace": f"local://{REPOSITORY}", "default_branch": "main"}
        headers = {"Content-Type": "application/json"}
        status, body = client.send("other", "POST", "/repositories", json.dumps(wish).encode(), headers)
        self.checks.same(status, 201, f"a repository is created {body[:200]!r}")
        for header in HEADERS:
            status, _ = client.upload(REPOSITORY, "probe", b"probe", **{header.replace("-", "_"): "*"})
            if status != 501:
                self.served.append(header)
            client.delete(REPOSITORY, "probe")
        self.checks.same(self.served, HEADERS, f"served: {', '.join(HEADERS)}")

    def round(self, number: int, with_postgres: bool) -> None:
        who = "node and Postgres" if with_postgres else "node alone"
        for attempt in range(1, TRIES_A_ROUND_MAX + 1):
            uploads, commits = self.kill_at_work(f"r{number}.{attempt}", with_postgres)
            seconds = self.server.start()
            self.checks.that(seconds <= RESTART_S_MAX, f"serves again after {seconds:.1f} s", seconds)
            verify(self.server, REPOSITORY, self.oracle, self.checks, self.served)
            if uploads >= UPLOADS_UNANSWERED_MIN and commits >= COMMITS_UNANSWERED_MIN:
                break
        enough = uploads >= UPLOADS_UNANSWERED_MIN and commits >= COMMITS_UNANSWERED_MIN
        sentence = f"round {number}, {who} killed: {uploads} uploads and {commits} commits unanswered"
        self.checks.that(enough, sentence, "too few")

    def kill_at_work(self, name: str, with_postgres: bool) -> tuple[int, int]:
        """Returns how many uploads and commits were sent and never answered."""
        work = Workload(self.server, REPOSITORY, self.oracle, name, self.seed, self.served)
        work.start()
        time.sleep(1 + 3 * self.chance.random())
        self.wait_for_the_moment(work)
        self.server.kill(with_postgres)
        ended = work.join(seconds=30)
        self.checks.that(ended, "every client notices that the server is gone")
        self.checks.none(self.oracle.surprises, "until then every answer was one that may be")
        self.oracle.surprises.clear()
        acknowledged = self.oracle.count(ACKNOWLEDGED, Write), self.oracle.count(ACKNOWLEDGED, Commit)
        self.checks.note(f"acknowledged so far: {acknowledged[0]} writes, {acknowledged[1]} commits")
        return work.gauge.of("upload cut off"), work.gauge.of("commit cut off")

    def wait_for_the_moment(self, work: Workload) -> None:
        deadline = time.monotonic() + MOMENT_S_MAX
        while time.monotonic() < deadline:
            if work.gauge.of("upload") > UPLOADS_UNANSWERED_MIN + 4 and work.gauge.of("commit") >= 2:
                return
            time.sleep(0.0005)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--checkout", type=Path, required=True)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seed", type=int, default=random.randrange(1_000_000))
    options = parser.parse_args()
    checks = Checks()
    server = Server(options.checkout)
    try:
        Rounds(server, checks, options.seed).run(options.rounds)
    except Exception:
        checks.that(False, "the rounds came to their end", traceback.format_exc())
        print(server.tail())
    finally:
        server.destroy()
    checks.end()


if __name__ == "__main__":
    main()

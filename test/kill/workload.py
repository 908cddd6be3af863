"""Uploads, deletions and commits from many threads, until the server is gone."""

import json
import random
import threading
import uuid

from client import Client, Gauge, Unanswered
from oracle import ACKNOWLEDGED, REFUSED, Commit, Oracle, Write

UPLOADERS = 20
COMMITTERS = 4
BODY_BYTES_MAX = 32 * 1024


class Workload:
    """Runs until every thread has lost its connection, or `stop` is set."""

    def __init__(self, server, repository: str, oracle: Oracle, name: str, seed: int, served) -> None:
        self.server = server
        self.repository = repository
        self.oracle = oracle
        self.name = name
        self.seed = seed
        # Headers that the server takes.
        self.served = served
        self.gauge = Gauge()
        self.stop = threading.Event()
        self._threads = [
            threading.Thread(target=self._run, args=(work, number), daemon=True)
            for work, count in [(self._upload, UPLOADERS), (self._commit, COMMITTERS)]
            for number in range(count)
        ]

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def join(self, seconds: float) -> bool:
        """Returns whether every thread came to its end."""
        self.stop.set()
        for thread in self._threads:
            thread.join(seconds)
        return not any(thread.is_alive() for thread in self._threads)

    def _run(self, work, number: int) -> None:
        chance = random.Random(f"{self.seed}-{self.name}-{work.__name__}-{number}")
        keys = (self.server.access_key, self.server.secret_key)
        client = Client(self.server.port, keys, self.gauge)
        turn = 0
        try:
            while not self.stop.is_set():
                work(client, chance, number, turn)
                turn += 1
        except Unanswered:
            # What was asked stands in the oracle as unknown.
            pass
        except Exception as error:
            self.oracle.surprise(f"{work.__name__} {number}: {error!r}")
        finally:
            client.close()

    def _upload(self, client: Client, chance: random.Random, number: int, turn: int) -> None:
        # One name in five is written again, so that an older value may come back by mistake.
        path = f"{self.name}/u{number}/{turn - turn % 5 if chance.random() < 0.2 else turn:06} é.bin"
        # The first of a name may ask that nothing be there.
        is_new = path not in self.oracle.writes and "If-None-Match" in self.served
        headers = {"If_None_Match": "*"} if is_new and chance.random() < 0.5 else {}
        self._put(client, path, body_of(chance), headers)
        kind = chance.random()
        if kind < 0.1 and "If-None-Match" in self.served:
            self._refused_put(client, path, body_of(chance), 412, {"If_None_Match": "*"})
        elif kind < 0.13:
            # One byte more than a path may have.
            self._refused_put(client, path.ljust(1024, "x"), body_of(chance), 400, {})
        elif kind < 0.18:
            self._delete(client, path)

    def _put(
        self, client: Client, path: str, body: bytes, headers: dict[str, str] | None = None
    ) -> Write:
        write = self.oracle.add_write(Write(path, body, str(uuid.uuid4()), headers or {}))
        more = {**write.headers, **self._key(write.key)}
        status, answer = client.upload(self.repository, path, body, **more)
        self._note(write, status, answer, 201)
        return write

    def _refused_put(
        self, client: Client, path: str, body: bytes, wanted: int, headers: dict[str, str]
    ) -> None:
        write = self.oracle.add_write(Write(path, body, str(uuid.uuid4()), headers))
        status, answer = client.upload(self.repository, path, body, **headers, **self._key(write.key))
        self._note(write, status, answer, wanted)

    def _delete(self, client: Client, path: str) -> None:
        write = self.oracle.add_write(Write(path, None, ""))
        status, answer = client.delete(self.repository, path)
        self._note(write, status, answer, 204)

    def _commit(self, client: Client, chance: random.Random, number: int, turn: int) -> None:
        holds = self._put(client, f"{self.name}/c{number}/{turn:06}", body_of(chance))
        message = f"{self.name} c{number} {turn}"
        commit = self.oracle.add_commit(Commit(message, str(uuid.uuid4()), holds))
        status, answer = client.commit(self.repository, message, **self._key(commit.key))
        if note_commit(commit, status, answer):
            return
        self.oracle.surprise(f"commit: {status} {answer[:200]!r}")

    def _note(self, write: Write, status: int, answer: bytes, wanted: int) -> None:
        write.answer = status, answer
        if status in (201, 204):
            write.outcome = ACKNOWLEDGED
        elif 400 <= status < 500:
            write.outcome = REFUSED
        if status != wanted:
            self.oracle.surprise(f"{write.path}: {status} {answer[:200]!r}, wanted {wanted}")

    def _key(self, key: str) -> dict[str, str]:
        return {"Idempotency_Key": key} if "Idempotency-Key" in self.served else {}


def note_commit(commit: Commit, status: int, answer: bytes) -> bool:
    """Returns whether this is an answer that a commit may have."""
    if status == 201:
        commit.outcome = ACKNOWLEDGED
        commit.id = json.loads(answer)["id"]
        return True
    if status == 400 and b"no changes" in answer:
        # Another commit took what this one was for: true, and then its message stands nowhere.
        commit.outcome = REFUSED
        return True
    return False


def body_of(chance: random.Random) -> bytes:
    return chance.randbytes(chance.randrange(1, BODY_BYTES_MAX))

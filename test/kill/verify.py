"""Compares what a restarted server shows with what its answers before the kill oblige it to."""

import json
import subprocess
from concurrent.futures import ThreadPoolExecutor

from client import Client
from oracle import ACKNOWLEDGED, REFUSED, UNKNOWN, Commit, Oracle, Write, sha256
from workload import note_commit

READERS = 6
REBUILD_S_MAX = 300


def verify(server, repository: str, oracle: Oracle, checks, sends_keys: bool) -> None:
    client = Client(server.port, (server.access_key, server.secret_key))
    verify_contents(server, repository, oracle, checks)
    verify_commits(client, repository, oracle, checks)
    if sends_keys:
        verify_repeats(client, repository, oracle, checks)
    verify_rebuild(server, checks)


def verify_contents(server, repository: str, oracle: Oracle, checks) -> None:
    client = Client(server.port, (server.access_key, server.secret_key))
    names = [one["path"] for one in client.pages(f"/repositories/{repository}/refs/main/objects/ls")]
    checks.same(names, sorted(set(names), key=str.encode), "the listing has each name once, in order")
    listed = set(names)
    checks.none(sorted(listed - set(oracle.writes)), "nothing is listed that nobody uploaded")

    def look(path: str) -> tuple[str, str | None]:
        reader = Client(server.port, (server.access_key, server.secret_key))
        status, body = reader.read(repository, "main", path)
        reader.close()
        if status not in (200, 404):
            raise RuntimeError(f"{path}: {status} {body[:200]!r}")
        return path, sha256(body) if status == 200 else None

    with ThreadPoolExecutor(READERS) as pool:
        seen = dict(pool.map(look, oracle.writes))
    wrong = [
        f"{path}: {[(w.outcome, w.content and w.content[:8]) for w in oracle.writes[path]]}, is {content}"
        for path, content in seen.items()
        if content not in oracle.allowed(path)
    ]
    checks.none(wrong, f"{len(seen)} paths show what was acknowledged, and nothing refused or torn")
    apart = [path for path, content in seen.items() if (content is not None) != (path in listed)]
    checks.none(apart, "what is listed can be read, and the other way round")
    for path, content in seen.items():
        oracle.settle(path, content)


def verify_commits(client: Client, repository: str, oracle: Oracle, checks) -> None:
    log = list(client.pages(f"/repositories/{repository}/refs/main/commits"))
    ids = [one["id"] for one in log]
    messages = [one["message"] for one in log]
    checks.same(len(set(ids)), len(ids), f"no commit stands twice in the log of {len(log)}")
    twice = sorted({message for message in messages if messages.count(message) > 1})
    checks.none(twice, "no commit was made twice")
    chain = [one["parents"] for one in log[:-1]]
    checks.same(chain, [[parent] for parent in ids[1:]], "every commit follows the one before it")
    by_id = dict(zip(ids, messages))
    acknowledged = [one for one in oracle.commits if one.outcome == ACKNOWLEDGED]
    lost = [one.message for one in acknowledged if by_id.get(one.id or "") != one.message]
    checks.none(lost, f"{len(acknowledged)} acknowledged commits are in the log")
    refused = [one.message for one in oracle.commits if one.outcome == REFUSED]
    made = [message for message in refused if message in messages]
    checks.none(made, f"none of {len(refused)} refused commits is in the log")
    checks.none(
        [one.message for one in acknowledged if not holds(client, repository, one)],
        "each holds what its author had uploaded before it",
    )
    for one in oracle.commits:
        if one.outcome == UNKNOWN and one.message in messages:
            one.outcome = ACKNOWLEDGED
            one.id = ids[messages.index(one.message)]


def holds(client: Client, repository: str, commit: Commit) -> bool:
    status, body = client.read(repository, commit.id or "", commit.holds.path)
    return status == 200 and sha256(body) == commit.holds.content


def verify_repeats(client: Client, repository: str, oracle: Oracle, checks) -> None:
    """A request sent again under its key is the same request: the first answer, made once."""
    before = {one["id"] for one in client.pages(f"/repositories/{repository}/refs/main/commits")}
    wrong = []
    for one in [one for one in oracle.commits if one.id in before][-5:]:
        status, answer = client.commit(repository, one.message, Idempotency_Key=one.key)
        if status != 201 or json.loads(answer)["id"] != one.id:
            wrong.append(f"{one.message}: {status} {answer[:100]!r}")
    checks.none(wrong, "a commit sent again under its key is the first one")
    wrong = []
    for one in [one for one in oracle.commits if one.outcome == UNKNOWN]:
        status, answer = client.commit(repository, one.message, Idempotency_Key=one.key)
        if not note_commit(one, status, answer):
            wrong.append(f"{one.message}: {status} {answer[:100]!r}")
    checks.none(wrong, "a commit that the kill cut off can be sent again")


def verify_rebuild(server, checks) -> None:
    """The views equal what a rebuild from the log's first event gives."""
    command = ["npx", "moraine", "projections", "rebuild", "--dry-run", "--json"]
    ended = subprocess.run(
        command,
        cwd=server.checkout,
        env=server.environment(),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=REBUILD_S_MAX,
    )
    said = ended.stdout.strip() or ended.stderr.strip()
    checks.same((ended.returncode, differing(ended.stdout)), (0, 0), f"a rebuild equals the views: {said[-300:]}")


def differing(text: str) -> int | None:
    """The sum of `differing` over the lines of JSON, or None when no line says it."""
    rows = []
    for line in text.splitlines():
        try:
            value = json.loads(line)
        except ValueError:
            continue
        rows += value if isinstance(value, list) else [value]
    counts = [row["differing"] for row in rows if isinstance(row, dict) and "differing" in row]
    return sum(counts) if counts else None

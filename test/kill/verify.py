"""Compares what a restarted server shows with what its answers before the kill oblige it to."""

import json
import subprocess
from concurrent.futures import ThreadPoolExecutor

from client import Client
from oracle import ACKNOWLEDGED, REFUSED, UNKNOWN, Commit, Oracle, Write, sha256
from workload import note_commit

READERS = 6
PATH_BYTES_MAX = 1024
COMMAND_S_MAX = 300
EXIT_DIFFERS = 3
# Uploads answered before a kill that are sent again after it.
UPLOADS_AGAIN = 40


def verify(server, repository: str, oracle: Oracle, checks, served: list[str]) -> None:
    client = Client(server.port, (server.access_key, server.secret_key))
    cut_off = [one for one in oracle.uploads() if one.outcome == UNKNOWN]
    verify_contents(server, repository, oracle, checks)
    verify_commits(client, repository, oracle, checks)
    if "Idempotency-Key" in served:
        verify_repeats(client, repository, oracle, checks)
        verify_uploads_again(client, repository, (oracle, cut_off), checks)


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
        # A path that is refused as too long is one that cannot be there.
        is_too_long = status == 400 and len(path.encode()) > PATH_BYTES_MAX
        if status not in (200, 404) and not is_too_long:
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


def verify_uploads_again(
    client: Client, repository: str, of: tuple[Oracle, list[Write]], checks
) -> None:
    """The first answer again, word for word; what was cut off is done now, if it was not before."""
    oracle, cut_off = of
    answered = [one for one in oracle.uploads() if one.answer and one.answer[0] in (201, 412)]
    wrong = []
    for one in answered[-UPLOADS_AGAIN:]:
        again = upload_again(client, repository, one)
        if again != one.answer:
            wrong.append(f"{one.path}: {one.answer}, then {again}")
        if shown(client, repository, one.path) not in oracle.allowed(one.path):
            wrong.append(f"{one.path} was changed by a repeat")
    checks.none(wrong, f"{len(answered[-UPLOADS_AGAIN:])} uploads sent again have their first answer")
    wrong = []
    for one in cut_off:
        before = shown(client, repository, one.path)
        status, _ = one.answer = upload_again(client, repository, one)
        now = shown(client, repository, one.path)
        is_true = now == one.content if status == 201 else now == before and before != one.content
        if status == 412 and not one.headers or status not in (201, 400, 412) or not is_true:
            wrong.append(f"{one.path}: {one.answer}, was {before}, is {now}, sent {one.content}")
        one.outcome = ACKNOWLEDGED if status == 201 else REFUSED
        if upload_again(client, repository, one) != one.answer:
            wrong.append(f"{one.path} is answered in another way the third time")
    conditional = len([one for one in cut_off if one.headers])
    sentence = f"{len(cut_off)} uploads that the kill cut off, {conditional} with a condition,"
    checks.none(wrong, f"{sentence} are answered truly and once")


def upload_again(client: Client, repository: str, write: Write) -> tuple[int, bytes]:
    headers = {**write.headers, "Idempotency_Key": write.key}
    return client.upload(repository, write.path, write.body or b"", **headers)


def shown(client: Client, repository: str, path: str) -> str | None:
    status, body = client.read(repository, "main", path)
    return sha256(body) if status == 200 else None


def verify_rebuild(server, checks) -> None:
    """Every view equals what a rebuild from the log's first event gives."""
    views = [row["projection"] for row in moraine(server, "projections", "list")]
    checks.that(len(views) > 0, "the views are listed", views)
    rows = moraine(server, "projections", "rebuild", "--dry-run")
    wrong = [row for row in rows if row.get("differing") != 0]
    checks.none(wrong, f"a rebuild equals {len(rows)} views")
    checks.same([row.get("projection") for row in rows], views, "each view was rebuilt")
    most = max((row.get("events", 0) for row in rows), default=0)
    checks.that(most > 0, f"a rebuild reads the log: {most} events", rows)


def moraine(server, *arguments: str) -> list[dict]:
    """Returns the rows that a command prints. What it finds different is no error here."""
    ended = subprocess.run(
        ["npx", "moraine", *arguments, "--json"],
        cwd=server.checkout,
        env=server.environment(),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=COMMAND_S_MAX,
    )
    if ended.returncode not in (0, EXIT_DIFFERS):
        raise RuntimeError(f"moraine {arguments}: {ended.returncode} {ended.stderr[-500:]}")
    return [json.loads(line) for line in ended.stdout.splitlines() if line.startswith("{")]

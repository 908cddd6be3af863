"""
Python's `esdbclient` against the log of a server started by README's command: it follows what the API
does, appends, races, deletes; and the examples of docs/streams.md are run as they stand there.

    python streams.py --checkout PATH
"""

import argparse
import json
import re
import secrets
import subprocess
import sys
import threading
import traceback
import uuid
from pathlib import Path

import lakefs
from checks import Checks
from esdbclient import EventStoreDBClient, NewEvent, StreamState
from esdbclient import exceptions as refused
from server import Server, free_port

EXAMPLE_S_MAX = 60


class StreamsServer(Server):
    """Serves the protocol too, by TLS."""

    def __init__(self, checkout: Path) -> None:
        super().__init__(checkout)
        self.streams_port = free_port()
        tls = checkout / "test" / "support" / "streams-tls"
        self.certificate = tls / "certificate.pem"
        self.tls_key = tls / "key.pem"

    def environment(self) -> dict[str, str]:
        return {
            **super().environment(),
            "MORAINE_STREAMS_LISTEN": f"127.0.0.1:{self.streams_port}",
            "MORAINE_STREAMS_TLS_CERTIFICATE": str(self.certificate),
            "MORAINE_STREAMS_TLS_KEY": str(self.tls_key),
        }

    @property
    def streams_url(self) -> str:
        return f"esdb://{self.access_key}:{self.secret_key}@localhost:{self.streams_port}"

    def client(self, url: str | None = None) -> EventStoreDBClient:
        certificate = self.certificate.read_text()
        return EventStoreDBClient(uri=url or self.streams_url, root_certificates=certificate)


def said(checks: Checks, sentence: str, fact: bool, detail: object = "") -> None:
    """The sentence first: some of the facts are long."""
    checks.that(fact, sentence, detail)


def new_event(**fields: object) -> NewEvent:
    data = json.dumps(fields).encode()
    return NewEvent(type="OrderPlaced", data=data, metadata=b'{"by": "\xc3\xa9"}')


def is_refused(error: type[Exception], call, *args, **kwargs) -> bool:
    try:
        call(*args, **kwargs)
    except error:
        return True
    return False


def work_by_api(server: StreamsServer) -> str:
    """Returns the repository that it made, with one commit on a branch."""
    name = f"streams-{secrets.token_hex(4)}"
    client = lakefs.Client(host=server.url, username=server.access_key, password=server.secret_key)
    repository = lakefs.Repository(name, client=client).create(storage_namespace=f"local://{name}")
    branch = repository.branch("work").create(source_reference="main")
    branch.object("a/b.txt").upload(data=b"content")
    branch.commit(message="first")
    return name


def follow_the_api(checks: Checks, server: StreamsServer, client: EventStoreDBClient) -> str:
    seen: list[str] = []
    subscription = client.subscribe_to_all(
        filter_include=["repository-.*", "branch-.*", "staging-.*"],
        filter_by_stream_name=True,
        include_caught_up=True,
        from_end=True,
    )
    is_live = threading.Event()

    def follow() -> None:
        for event in subscription:
            if type(event).__name__ == "CaughtUp":
                is_live.set()
                continue
            seen.append(event.type)
            if event.type == "Committed" or "Completed" in event.type:
                return

    thread = threading.Thread(target=follow, daemon=True)
    thread.start()
    said(checks, "a follower is told that it has caught up", is_live.wait(60))
    name = work_by_api(server)
    thread.join(60)
    subscription.stop()
    told = ["RepositoryCreated", "ObjectStaged", "IntentRequested", "Committed"]
    said(
        checks,
        "a follower hears what the API does, in order",
        not thread.is_alive() and [one for one in seen if one in told] == told,
        f"{seen}",
    )
    events = client.get_stream(f"repository-{name}")
    first = json.loads(events[0].data)
    metadata = json.loads(events[0].metadata)
    said(
        checks,
        "an event of ours is JSON, and says who asked and when",
        events[0].type == "RepositoryCreated"
        and events[0].stream_position == 0
        and "uid" in json.dumps(first)
        and metadata["moraine"]["caller"] == "admin"
        and isinstance(metadata["moraine"]["atMs"], int)
        and metadata["moraine"]["version"] >= 1,
        f"{first} {metadata}",
    )
    said(
        checks,
        "nobody outside appends to a stream of ours",
        is_refused(
            refused.AccessDeniedError,
            client.append_to_stream,
            f"repository-{name}",
            current_version=StreamState.ANY,
            events=[new_event()],
        ),
    )
    return name


def append_and_read(checks: Checks, client: EventStoreDBClient) -> None:
    stream = f"orders-{uuid.uuid4()}"
    events = [new_event(n=n) for n in range(5)]
    position = client.append_to_stream(stream, current_version=StreamState.NO_STREAM, events=events)
    said(checks, "an append says where it ended", isinstance(position, int) and position > 0)
    read = client.get_stream(stream)
    said(
        checks,
        "what was appended is read as it was",
        [(e.id, e.type, e.data, e.metadata) for e in read]
        == [(e.id, e.type, e.data, e.metadata) for e in events]
        and [e.stream_position for e in read] == [0, 1, 2, 3, 4],
    )
    again = client.append_to_stream(stream, current_version=StreamState.NO_STREAM, events=events)
    said(checks, "the same append again gets the first answer", again == position)
    backwards = client.get_stream(stream, backwards=True, limit=2)
    said(checks, "a stream is read backwards", [e.stream_position for e in backwards] == [4, 3])
    for version in (StreamState.NO_STREAM, 2, 9):
        said(
            checks,
            f"a wrong version is refused: {version}",
            is_refused(
                refused.WrongCurrentVersion,
                client.append_to_stream,
                stream,
                current_version=version,
                events=[new_event()],
            ),
        )
    said(checks, "the version of a stream is known", client.get_current_version(stream) == 4)
    missing = f"missing-{uuid.uuid4()}"
    said(
        checks,
        "a stream that is none is not found",
        is_refused(refused.NotFound, client.get_stream, missing),
    )
    late = [e.stream_position for e in client.read_stream(stream, stream_position=3)]
    said(checks, "a stream is read from a position on", late == [3, 4])
    everything = list(client.read_all(commit_position=read[0].commit_position))
    mine = [e.id for e in everything if e.stream_name == stream]
    said(checks, "the whole log is read from a position on", mine == [e.id for e in events])
    last = client.get_commit_position()
    said(checks, "the last position is known", last >= read[-1].commit_position)


def metadata_and_deletion(checks: Checks, client: EventStoreDBClient) -> None:
    stream = f"orders-{uuid.uuid4()}"
    append = lambda version: client.append_to_stream(  # noqa: E731
        stream, current_version=version, events=[new_event(n=n) for n in range(4)]
    )
    append(StreamState.NO_STREAM)
    client.set_stream_metadata(
        stream, metadata={"$maxCount": 2, "mine": "x"}, current_version=StreamState.NO_STREAM
    )
    metadata, version = client.get_stream_metadata(stream)
    said(checks, "metadata is kept", (metadata, version) == ({"$maxCount": 2, "mine": "x"}, 0))
    said(
        checks,
        "metadata is heeded",
        [e.stream_position for e in client.get_stream(stream)] == [2, 3],
    )
    client.delete_stream(stream, current_version=3)
    said(
        checks,
        "a deleted stream is not found",
        is_refused(refused.NotFound, client.get_stream, stream),
    )
    append(StreamState.NO_STREAM)
    said(
        checks,
        "a deleted stream begins again behind its numbers",
        [e.stream_position for e in client.get_stream(stream)] == [6, 7],
    )
    client.tombstone_stream(stream, current_version=StreamState.ANY)
    said(
        checks,
        "an ended stream is gone for ever",
        is_refused(refused.StreamIsDeleted, client.get_stream, stream)
        and is_refused(refused.StreamIsDeleted, append, StreamState.ANY),
    )


def strangers(checks: Checks, server: StreamsServer) -> None:
    address = f"localhost:{server.streams_port}"
    for who in (f"esdb://{server.access_key}:wrong@{address}", f"esdb://a:b@{address}"):
        client = server.client(who)
        is_out = is_refused(
            refused.EventStoreDBClientException, lambda: list(client.read_all(limit=1))
        )
        client.close()
        said(checks, "a stranger reads nothing", is_out)


def examples(checks: Checks, server: StreamsServer, repository: str) -> None:
    text = (server.checkout / "docs" / "streams.md").read_text()
    url = server.streams_url

    def example(language: str) -> str:
        [code] = re.findall(rf"```{language}\n(.*?)```", text, re.S)
        return (
            code.replace("esdb://ACCESS_KEY_ID:SECRET@localhost:2113", url)
            .replace("certificate.pem", str(server.certificate))
            .replace("repository-example", f"repository-{repository}")
        )

    # Its loop has no end.
    until = "        print("
    python = example("python").replace(
        until, f'        if "{repository}" in event.stream_name: break\n{until}'
    )
    # Where it stands when it does not end, and then once more: its threads may outlive its last line.
    watch = "import faulthandler, os\nfaulthandler.dump_traceback_later(25, exit=True)\n"
    end = "\nprint(event.stream_name, flush=True)\nos._exit(0)"
    for attempt in range(2):
        found = subprocess.run(
            [sys.executable, "-c", watch + python + end],
            capture_output=True,
            text=True,
            timeout=EXAMPLE_S_MAX,
        )
        if found.returncode == 0:
            break
        checks.note(f"attempt {attempt}: {found.stderr[-2000:]}")
    said(
        checks,
        "the example in Python follows the log",
        found.stdout.strip().endswith(f"repository-{repository}"),
        found.stdout[-400:] + found.stderr[-800:],
    )
    found = subprocess.run(
        ["node_modules/.bin/node", "--input-type=module", "-e", example("js")],
        cwd=server.checkout,
        capture_output=True,
        text=True,
        timeout=EXAMPLE_S_MAX,
    )
    said(
        checks,
        "the example in JavaScript reads a repository's history",
        found.stdout.startswith("0n RepositoryCreated 2"),
        found.stdout[-400:] + found.stderr[-800:],
    )


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--checkout", type=Path, required=True)
    checkout = parser.parse_args().checkout.resolve()
    checks = Checks()
    server = StreamsServer(checkout)
    try:
        server.start()
        client = server.client()
        repository = follow_the_api(checks, server, client)
        append_and_read(checks, client)
        metadata_and_deletion(checks, client)
        strangers(checks, server)
        client.close()
        examples(checks, server, repository)
    except Exception:  # noqa: BLE001
        said(checks, "the story is told to its end", False, traceback.format_exc())
        print(server.tail())
    finally:
        server.destroy()
    checks.end()


if __name__ == "__main__":
    main()

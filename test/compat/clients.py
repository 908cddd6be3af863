"""
Python's `lakefs` and `lakefs-spec` against a server started by README's command: what they upload,
commit, branch, change, tag and read back must be right to the byte.

    python clients.py --checkout PATH [--files 3000] [--url URL --access-key K --secret-key S]

With --url it judges a server that runs already.
"""

import argparse
import hashlib
import secrets
import threading
import time
import traceback
import zlib
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timezone
from pathlib import Path

import lakefs
from checks import Checks
from lakefs_spec import LakeFSFileSystem
from names import content_for, made_names, sorted_as_bytes
from real_files import real_files
from server import Server

THREADS = 4


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


class Clients:
    """Both clients, one of each a thread."""

    def __init__(self, url: str, access_key: str, secret_key: str) -> None:
        self._of = {"host": url, "username": access_key, "password": secret_key}
        self._local = threading.local()

    @property
    def sdk(self) -> lakefs.Client:
        if not hasattr(self._local, "sdk"):
            self._local.sdk = lakefs.Client(**self._of)
        return self._local.sdk

    @property
    def files(self) -> LakeFSFileSystem:
        if not hasattr(self._local, "files"):
            self._local.files = LakeFSFileSystem(
                **self._of, create_branch_ok=False, use_listings_cache=False, skip_instance_cache=True
            )
        return self._local.files


class Story:
    """One repository from its creation to its tag."""

    def __init__(self, clients: Clients, checks: Checks, sources: dict[str, bytes]) -> None:
        self.clients = clients
        self.checks = checks
        self.repository = f"compat-{secrets.token_hex(4)}"
        self.namespace = f"local://{self.repository}"
        # What must be there, by branch: name to SHA-256.
        self.main = {name: sha256(content) for name, content in sources.items()}
        self.work: dict[str, str] = {}
        self.sources = sources

    def branch(self, name: str) -> lakefs.Branch:
        return lakefs.Branch(self.repository, name, client=self.clients.sdk)

    def ref(self, name: str) -> lakefs.Reference:
        return lakefs.Reference(self.repository, name, client=self.clients.sdk)

    def tell(self) -> None:
        self.create()
        first = self.fill_main()
        self.change_work()
        changed_at = this_moment()
        second = self.commit_work(first)
        self.tag_and_read(first, second)
        self.read_the_past(changed_at)

    def create(self) -> None:
        repository = lakefs.Repository(self.repository, client=self.clients.sdk)
        repository.create(storage_namespace=self.namespace, default_branch="main")
        names = [one.id for one in lakefs.repositories(client=self.clients.sdk)]
        self.checks.that(self.repository in names, "a repository is created and listed")
        self.checks.same(list(self.ref("main").objects()), [], "a new branch has no objects")

    def fill_main(self) -> str:
        each(self.upload_to("main"), self.sources.items())
        self.check_listing("main", self.main, "uploads are listed before they are committed")
        uncommitted = [one.path for one in self.branch("main").uncommitted()]
        self.checks.same(uncommitted, sorted_as_bytes(self.main), "every upload is uncommitted")
        commit = self.branch("main").commit("Add the files", metadata={"stage": "first", "é": "ü"})
        self.checks.same(list(self.branch("main").uncommitted()), [], "a commit leaves nothing over")
        self.check_listing("main", self.main, "the same is listed after the commit")
        return commit.id

    def upload_to(self, branch: str):
        """Returns what uploads one file, by each client and each of its ways in turn."""

        def upload(item: tuple[str, bytes]) -> None:
            name, content = item
            if goes_by_files(name):
                self.clients.files.pipe_file(f"{self.repository}/{branch}/{name}", content)
            else:
                one = self.branch(branch).object(name)
                one.upload(content, mode="wb", pre_sign=goes_by_url(name))

        return upload

    def change_work(self) -> None:
        self.branch("work").create("main")
        self.check_listing("work", self.main, "a new branch shows what its source shows")
        names = sorted_as_bytes(self.main)
        deleted = names[5::40]
        changed = {name: content_for(name, version=1) for name in names[::20] if name not in deleted}
        added = {f"{name}.added": content_for(name, version=2) for name in names[7::50]}
        added = {name: of for name, of in added.items() if len(name.encode()) <= 1024}
        each(self.upload_to("work"), [*changed.items(), *added.items()])
        self.delete(deleted)
        after = {name: sha256(content) for name, content in {**changed, **added}.items()}
        self.work = {name: sha for name, sha in {**self.main, **after}.items() if name not in deleted}
        self.check_listing("work", self.work, "a listing lays changes over what is committed")
        self.check_uncommitted(changed, added, deleted)
        self.check_contents("work", {name: self.work[name] for name in after}, "changes are read back")
        self.check_listing("main", self.main, "the source branch is as it was")

    def delete(self, names: list[str]) -> None:
        by_files = [name for name in names[::2] if fits_a_file_system(name)]
        for name in by_files:
            self.clients.files.rm_file(f"{self.repository}/work/{name}")
        rest = [name for name in names if name not in by_files]
        self.branch("work").delete_objects(rest[:-1])
        self.branch("work").object(rest[-1]).delete()

    def check_uncommitted(self, changed: dict, added: dict, deleted: list[str]) -> None:
        same = {name for name, content in changed.items() if self.main[name] == sha256(content)}
        wanted = {name: "changed" for name in changed if name not in same}
        wanted |= {name: "added" for name in added} | {name: "removed" for name in deleted}
        got = [(one.path, one.type) for one in self.branch("work").uncommitted()]
        self.checks.none(
            sorted(set(got) ^ set(wanted.items())), f"{len(wanted)} uncommitted changes are told by kind"
        )
        paths = [path for path, _ in got]
        self.checks.same(paths, sorted_as_bytes(paths), "uncommitted changes are in byte order")

    def commit_work(self, first: str) -> str:
        second = self.branch("work").commit("Change some", metadata={"stage": "second"}).id
        log = [(one.id, one.message) for one in self.ref("work").log()]
        self.checks.same(
            log[:2], [(second, "Change some"), (first, "Add the files")], "the log tells both commits"
        )
        self.checks.same(
            self.ref(second).get_commit().parents, [first], "a commit names the one before it"
        )
        got = self.ref(first).get_commit().metadata
        self.checks.same(got, {"stage": "first", "é": "ü"}, "a commit keeps its metadata")
        return second

    def tag_and_read(self, first: str, second: str) -> None:
        tag = lakefs.Tag(self.repository, "v1.0", client=self.clients.sdk).create("work")
        self.checks.same(tag.get_commit().id, second, "a tag is the commit it was put on")
        for ref, wanted in [("v1.0", self.work), (second, self.work), (first, self.main)]:
            self.check_listing(ref, wanted, f"listing of {ref[:12]}")
        self.check_prefixes("v1.0", self.work)
        self.check_files_listing("v1.0", self.work)
        self.check_contents("v1.0", self.work, "contents at the tag")
        self.check_contents(first, self.main, "contents at the first commit")
        gone = sorted_as_bytes(set(self.main) - set(self.work))
        there = [name for name in gone if self.ref("v1.0").object(name).exists()]
        self.checks.none(there, f"{len(gone)} deleted objects are not found")

    def read_the_past(self, changed_at: datetime) -> None:
        """The branch is gone, and stands as it was before its commit all the same."""
        self.branch("work").delete()
        milliseconds = changed_at.isoformat(timespec="milliseconds")
        then = f"work@{{{milliseconds}}}"
        self.check_listing(then, self.work, "as of then, with what was not committed")
        self.check_listing(f"{then}@", self.main, "as of then, what was committed")
        changed = {name: self.work[name] for name in self.work if self.work[name] != self.main.get(name)}
        plain = changed_at.strftime("%Y%m%dT%H%M%S") + f".{changed_at.microsecond // 1000:03}Z"
        self.check_files_listing(f"work.at.{plain}", self.work)
        self.check_contents(f"work.at.{plain}", changed, "contents as of then")

    def check_listing(self, ref: str, wanted: dict[str, str], sentence: str) -> None:
        got = [one.path for one in self.ref(ref).objects()]
        ordered = sorted_as_bytes(wanted)
        wrong = [] if got == ordered else sorted(set(got) ^ set(ordered)) or ["the order"]
        self.checks.none(wrong, f"{sentence}: {len(ordered)} names in byte order")

    def check_prefixes(self, ref: str, wanted: dict[str, str]) -> None:
        for prefix in ["", "made/", "made/order/", "real/"]:
            below = [name[len(prefix) :] for name in wanted if name.startswith(prefix)]
            tops = {name if "/" not in name else name.split("/", 1)[0] + "/" for name in below}
            got = [one.path for one in self.ref(ref).objects(prefix=prefix, delimiter="/")]
            ordered = [prefix + top for top in sorted_as_bytes(tops)]
            self.checks.none(
                [] if got == ordered else sorted(set(got) ^ set(ordered)) or ["the order"],
                f"{len(ordered)} folders and files below '{prefix}'",
            )

    def check_files_listing(self, ref: str, wanted: dict[str, str]) -> None:
        lead = f"{self.repository}/{ref}/"
        listed = self.clients.files.ls(lead, detail=True, recursive=True)
        files = [one["name"] for one in listed if one["type"] != "directory"]
        got = [name.removeprefix("lakefs://").removeprefix(lead) for name in files]
        self.checks.none(
            sorted(set(got) ^ set(wanted)), f"lakefs-spec lists the same {len(wanted)} names"
        )

    def check_contents(self, ref: str, wanted: dict[str, str], sentence: str) -> None:
        def read(item: tuple[str, str]) -> tuple[int, str | None]:
            name, sha = item
            if not goes_by_files(name) and fits_a_file_system(name):
                # What one client wrote the other one reads.
                content = self.clients.files.cat_file(f"{self.repository}/{ref}/{name}")
            else:
                # What went in one way comes out the other.
                by_url = not goes_by_url(name)
                with self.ref(ref).object(name).reader(mode="rb", pre_sign=by_url) as reader:
                    content = reader.read()
            return len(content), None if sha256(content) == sha else name

        results = each(read, wanted.items())
        total = sum(length for length, _ in results)
        self.checks.none(
            [name for _, name in results if name is not None],
            f"{sentence}: {len(results)} objects, {total:,} bytes, every SHA-256 equal",
        )
        self.checks.same(len(results), len(wanted), f"{sentence}: all were read")


def this_moment() -> datetime:
    """Returns this millisecond, once it is over."""
    now = datetime.now(timezone.utc)
    time.sleep(0.01)
    return now


def goes_by_files(name: str) -> bool:
    return zlib.crc32(name.encode()) % 2 == 1 and fits_a_file_system(name)


def goes_by_url(name: str) -> bool:
    return zlib.crc32(name.encode()) % 4 < 2


def fits_a_file_system(name: str) -> bool:
    """lakefs-spec strips what fsspec takes for a part of its own path syntax."""
    return not name.endswith("/") and name == name.strip()


def each(work, items) -> list:
    with ThreadPoolExecutor(THREADS) as pool:
        return list(pool.map(work, list(items)))


def sources_of(checkout: Path, count: int) -> dict[str, bytes]:
    real = {name: path.read_bytes() for name, path in real_files(checkout, count).items()}
    return {**real, **{name: content_for(name) for name in made_names()}}


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--checkout", type=Path, required=True)
    parser.add_argument("--files", type=int, default=3000)
    parser.add_argument("--url")
    parser.add_argument("--access-key")
    parser.add_argument("--secret-key")
    options = parser.parse_args()
    checks = Checks()
    sources = sources_of(options.checkout, options.files)
    total = sum(len(content) for content in sources.values())
    checks.note(f"{len(sources)} files, {total:,} bytes")
    if options.url:
        clients = Clients(options.url, options.access_key, options.secret_key)
        Story(clients, checks, sources).tell()
    else:
        judge_own_server(options.checkout, checks, sources)
    checks.end()


def judge_own_server(checkout: Path, checks: Checks, sources: dict[str, bytes]) -> None:
    server = Server(checkout)
    try:
        checks.note(f"npm start served after {server.start():.1f} s")
        Story(Clients(server.url, server.access_key, server.secret_key), checks, sources).tell()
        checks.same(server.stop(), 0, "SIGTERM to npm start ends it with 0")
        checks.same(server.postgres_pids(), [], "no Postgres is left behind")
    except Exception:
        checks.that(False, "the clients came to the end", traceback.format_exc())
        print(server.tail())
    finally:
        server.destroy()


if __name__ == "__main__":
    main()

"""
Thousands of random names, uploaded by Python's SDK and listed again, staged and committed: all of
them, each the same to the byte, in the order of their bytes.

    python many_names.py --checkout PATH [--names 10000] [--seed N]
"""

import argparse
import hashlib
import random
import time
import traceback
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import lakefs
from checks import Checks
from names import NAME_BYTES_MAX, sorted_as_bytes
from server import Server

PROCESSES = 4
REPOSITORY = "many-names"
BRANCH = "main"
READ_AGAIN = 200
# Where code points differ in how many bytes they take, how they sort, and who treats them oddly.
RANGES = [
    *[(0x01, 0x1F), (0x20, 0x2F), (0x20, 0x7E), (0x20, 0x7E), (0x3A, 0x40), (0x5B, 0x60)],
    *[(0x7F, 0x9F), (0xA0, 0xFF), (0x300, 0x36F), (0x590, 0x6FF), (0x2000, 0x206F)],
    *[(0x3040, 0x9FFF), (0xAC00, 0xD7A3), (0xE000, 0xFFFF), (0x10000, 0x10FFFF), (0x1F300, 0x1F9FF)],
]


def random_name(random_: random.Random) -> str:
    """Any name: 1 to 1,024 bytes of UTF-8, without NUL. Short ones are as likely as long ones."""
    wanted = min(NAME_BYTES_MAX, int(2 ** random_.uniform(0, 10.05)))
    ranges = random_.sample(RANGES, k=random_.randint(1, 3))
    name, size = [], 0
    while size < wanted:
        if random_.random() < 0.05:
            one = random_.choice(["/", "//", "%2F", "%", "..", "é", "e\u0301", "+", " "])
        else:
            one = chr(random_.randint(*random_.choice(ranges)))
        size += len(one.encode())
        if size > NAME_BYTES_MAX:
            break
        name.append(one)
    return "".join(name)


def random_names(count: int, seed: int) -> list[str]:
    random_ = random.Random(seed)
    names: dict[str, None] = {}
    # The shortest and the longest of each kind are there, whatever the dice say.
    for edge in ["a", " ", "\x7f", "%", "x" * 1024, "é" * 512, "😀" * 256, "/" * 1024, ".", "..", "/"]:
        names[edge] = None
    while len(names) < count:
        names[random_name(random_)] = None
    return list(names)


def content_of(name: str) -> bytes:
    return hashlib.sha256(name.encode()).digest()[:8]


def upload(host: dict[str, str], names: list[str]) -> list[str]:
    """Uploads a fifth as a user of `lakefs` does, the others by the SDK below it."""
    client = lakefs.Client(**host)
    branch = lakefs.Branch(REPOSITORY, BRANCH, client=client)
    wrong = []
    for at, name in enumerate(names):
        if at % 5 == 0:
            branch.object(name).upload(data=content_of(name), mode="wb")
            continue
        told = client.sdk_client.objects_api.upload_object(
            REPOSITORY, BRANCH, name, content=content_of(name)
        )
        if told.path != name:
            wrong.append(f"{name!r} was told as {told.path!r}")
    return wrong


def judge(checks: Checks, host: dict[str, str], names: list[str]) -> None:
    client = lakefs.Client(**host)
    repository = lakefs.Repository(REPOSITORY, client=client)
    repository.create(storage_namespace=f"local://{REPOSITORY}")
    branch = repository.branch(BRANCH)
    started = time.monotonic()
    parts = [names[at::PROCESSES] for at in range(PROCESSES)]
    with ProcessPoolExecutor(PROCESSES) as pool:
        wrong = [each for told in pool.map(upload, [host] * PROCESSES, parts) for each in told]
    checks.none(wrong, f"{len(names)} names are uploaded, and told as they were sent")
    checks.note(f"{len(names) / (time.monotonic() - started):.0f} a second")
    wanted = sorted_as_bytes(names)
    checks.that([each.path for each in branch.objects(max_amount=None)] == wanted, "staged, they are listed, in order")
    commit = branch.commit(message="names").get_commit()
    listed = lakefs.Reference(REPOSITORY, commit.id, client=client).objects(max_amount=None)
    checks.that([each.path for each in listed] == wanted, "committed, they are listed, in order")
    again = random.Random(len(names)).sample(names, k=min(READ_AGAIN, len(names)))
    differing = [name for name in again if branch.object(name).reader(mode="rb").read() != content_of(name)]
    checks.none(differing, f"{len(again)} of them are read, each by its name")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--checkout", type=Path, required=True)
    parser.add_argument("--names", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=random.randrange(2**32))
    options = parser.parse_args()
    checks = Checks()
    checks.note(f"seed {options.seed}")
    server = Server(options.checkout)
    try:
        server.start()
        host = {"host": server.url, "username": server.access_key, "password": server.secret_key}
        judge(checks, host, random_names(options.names, options.seed))
    except Exception:
        checks.that(False, "the names come to their end", traceback.format_exc())
    finally:
        server.stop()
        server.destroy()
    checks.end()


if __name__ == "__main__":
    main()

"""What the answers of a server oblige it to show, and what they forbid."""

import hashlib
import threading
from dataclasses import dataclass, field

# What became of a request, as far as its sender knows.
ACKNOWLEDGED = "acknowledged"
REFUSED = "refused"
UNKNOWN = "unknown"


def sha256(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()


@dataclass
class Write:
    """One upload or deletion of a path; `body` is None for a deletion."""

    path: str
    body: bytes | None
    key: str
    # Sent with it beside its key.
    headers: dict[str, str] = field(default_factory=dict)
    outcome: str = UNKNOWN
    # Status and body, once it was answered.
    answer: tuple[int, bytes] | None = None

    @property
    def content(self) -> str | None:
        return None if self.body is None else sha256(self.body)


@dataclass
class Commit:
    message: str
    key: str
    # An object that its sender had uploaded, and seen acknowledged, before it asked for the commit.
    holds: Write
    outcome: str = UNKNOWN
    id: str | None = None


@dataclass
class Oracle:
    """Everything that was asked for. A path belongs to one thread, so its writes have an order."""

    writes: dict[str, list[Write]] = field(default_factory=dict)
    commits: list[Commit] = field(default_factory=list)
    surprises: list[str] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def add_write(self, write: Write) -> Write:
        with self._lock:
            self.writes.setdefault(write.path, []).append(write)
        return write

    def add_commit(self, commit: Commit) -> Commit:
        with self._lock:
            self.commits.append(commit)
        return commit

    def surprise(self, sentence: str) -> None:
        with self._lock:
            self.surprises.append(sentence)

    def uploads(self) -> list[Write]:
        """The last of each path that is no deletion."""
        with self._lock:
            return [ws[-1] for ws in self.writes.values() if ws[-1].body is not None]

    def count(self, outcome: str, kind: type) -> int:
        with self._lock:
            every = self.commits if kind is Commit else [w for ws in self.writes.values() for w in ws]
            return sum(one.outcome == outcome for one in every)

    def allowed(self, path: str) -> set[str | None]:
        """The contents that `path` may have: SHA-256, or None for "not there"."""
        allowed: set[str | None] = {None}
        for write in self.writes[path]:
            if write.outcome == ACKNOWLEDGED:
                allowed = {write.content}
            elif write.outcome == UNKNOWN:
                # It may have happened or not, and nothing says yet which.
                allowed.add(write.content)
        return allowed

    def settle(self, path: str, content: str | None) -> None:
        """Takes what was seen after a restart for the truth from here on."""
        for write in self.writes[path]:
            if write.outcome == UNKNOWN:
                write.outcome = ACKNOWLEDGED if write.content == content else REFUSED

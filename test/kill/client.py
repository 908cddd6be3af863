"""A small HTTP client that knows which of its requests have no answer yet."""

import base64
import http.client
import json
import threading
from urllib.parse import quote, urlencode

ANSWER_S_MAX = 60


class Unanswered(Exception):
    """The whole request may have been sent, and no answer came."""


class Gauge:
    """How many requests of a kind were sent and not answered, at this moment."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._count: dict[str, int] = {}

    def add(self, kind: str, by: int) -> None:
        with self._lock:
            self._count[kind] = self._count.get(kind, 0) + by

    def of(self, kind: str) -> int:
        with self._lock:
            return self._count.get(kind, 0)


class Client:
    """One connection; not to be shared between threads."""

    def __init__(self, port: int, keys: tuple[str, str], gauge: Gauge | None = None) -> None:
        self._port = port
        token = base64.b64encode(":".join(keys).encode()).decode()
        self._headers = {"Authorization": f"Basic {token}"}
        self._gauge = gauge or Gauge()
        self._connection: http.client.HTTPConnection | None = None

    def upload(self, repository: str, path: str, body: bytes, **headers: str):
        query = urlencode({"path": path}, quote_via=quote)
        url = f"/repositories/{repository}/branches/main/objects?{query}"
        more = {"Content-Type": "application/octet-stream", **_dashed(headers)}
        return self.send("upload", "POST", url, body, more)

    def delete(self, repository: str, path: str):
        query = urlencode({"path": path}, quote_via=quote)
        return self.send("delete", "DELETE", f"/repositories/{repository}/branches/main/objects?{query}")

    def commit(self, repository: str, message: str, **headers: str):
        body = json.dumps({"message": message}).encode()
        more = {"Content-Type": "application/json", **_dashed(headers)}
        return self.send("commit", "POST", f"/repositories/{repository}/branches/main/commits", body, more)

    def read(self, repository: str, ref: str, path: str):
        query = urlencode({"path": path}, quote_via=quote)
        return self.send("read", "GET", f"/repositories/{repository}/refs/{ref}/objects?{query}")

    def stat(self, repository: str, ref: str, path: str):
        query = urlencode({"path": path}, quote_via=quote)
        return self.send("read", "GET", f"/repositories/{repository}/refs/{ref}/objects/stat?{query}")

    def pages(self, url: str):
        """Yields the results of every page of a listing."""
        after = ""
        while True:
            query = urlencode({"amount": 1000, "after": after}, quote_via=quote)
            status, body = self.send("read", "GET", f"{url}?{query}")
            if status != 200:
                raise RuntimeError(f"{url}: {status} {body[:200]!r}")
            page = json.loads(body)
            yield from page["results"]
            if not page["pagination"]["has_more"]:
                return
            after = page["pagination"]["next_offset"]

    def send(self, kind: str, method: str, url: str, body: bytes | None = None, headers: dict | None = None):
        """Returns status and body. Raises Unanswered when the connection broke."""
        connection = self._open()
        try:
            connection.request(method, f"/api/v1{url}", body, {**self._headers, **(headers or {})})
            return self._answer(connection, kind)
        except (OSError, http.client.HTTPException) as error:
            self.close()
            raise Unanswered(repr(error)) from error

    def _answer(self, connection: http.client.HTTPConnection, kind: str):
        self._gauge.add(kind, 1)
        try:
            answer = connection.getresponse()
            return answer.status, answer.read()
        except (OSError, http.client.HTTPException):
            # Sent as a whole and never answered; what could not be sent is not counted.
            self._gauge.add(f"{kind} cut off", 1)
            raise
        finally:
            self._gauge.add(kind, -1)

    def close(self) -> None:
        if self._connection:
            self._connection.close()
        self._connection = None

    def _open(self) -> http.client.HTTPConnection:
        if not self._connection:
            self._connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=ANSWER_S_MAX)
        return self._connection


def _dashed(headers: dict[str, str]) -> dict[str, str]:
    return {name.replace("_", "-"): value for name, value in headers.items()}

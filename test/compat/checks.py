"""Counts checks, and ends a program with the line `N passed, N failed`."""

import sys
import threading
import time

SHOWN_MAX = 12


class Checks:
    """Safe to use from several threads."""

    def __init__(self) -> None:
        self.passed = 0
        self.failed = 0
        self._lock = threading.Lock()
        self._started = time.monotonic()

    def that(self, fact: bool, sentence: str, detail: object = "") -> bool:
        """Notes whether `fact` holds, and says so; returns it."""
        with self._lock:
            if fact:
                self.passed += 1
            else:
                self.failed += 1
            mark = "ok  " if fact else "FAIL"
            at = time.monotonic() - self._started
            print(f"  {mark} {at:7.1f} s  {sentence}", "" if fact else f": {detail}", flush=True)
        return bool(fact)

    def same(self, got: object, wanted: object, sentence: str) -> bool:
        return self.that(got == wanted, sentence, f"got {got!r}, wanted {wanted!r}")

    def none(self, wrong: list, sentence: str) -> bool:
        """Notes that a list of what is wrong is empty; shows its first items when it is not."""
        shown = "; ".join(str(one) for one in wrong[:SHOWN_MAX])
        return self.that(not wrong, sentence, f"{len(wrong)}: {shown}")

    def note(self, sentence: str) -> None:
        at = time.monotonic() - self._started
        print(f"       {at:7.1f} s  {sentence}", flush=True)

    def end(self) -> None:
        """Prints the last line and leaves the program."""
        print(f"{self.passed} passed, {self.failed} failed", flush=True)
        sys.exit(1 if self.failed or not self.passed else 0)

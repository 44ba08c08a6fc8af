"""What the run measured, for the table at its end."""

from __future__ import annotations

import threading
from collections import defaultdict
from statistics import median


class Figures:
    """Numbers by release and name."""

    def __init__(self) -> None:
        self._numbers: dict[tuple[str, str, str], list[float]] = defaultdict(list)
        self._lock = threading.Lock()

    def boot(self, release: str, container: str, seconds: float) -> None:
        """From the container's start to a passed startup probe."""
        self.add(release, f"boot of {container}", seconds)

    def gate(self, release: str, container: str, seconds: float) -> None:
        """How long an init container took that succeeded."""
        self.add(release, container, seconds)

    def memory(self, release: str, container: str, peak: int) -> None:
        """Highest resident memory, in bytes."""
        self.add(release, f"peak memory of {container}", peak / 2**20, unit="MiB")

    def probe(self, release: str, container: str, seconds: float) -> None:
        """How long an exec probe took."""
        self.add(release, f"exec probe of {container}", seconds)

    def add(self, release: str, name: str, value: float, unit: str = "s") -> None:
        """A number of any other kind."""
        with self._lock:
            self._numbers[release, name, unit].append(value)

    def table(self) -> list[str]:
        """One line a name: least, median, most."""
        width = max((len(name) for _, name, _ in self._numbers), default=0)
        head = f"{'release':12} {'figure':{width}} {'n':>4} {'least':>8} {'median':>8} {'most':>8}"
        lines = [
            f"{release:12} {name:{width}} {len(values):4} {min(values):8.1f} {median(values):8.1f} {max(values):8.1f} {unit}"
            for (release, name, unit), values in sorted(self._numbers.items())
        ]
        return [head, *lines] if lines else []

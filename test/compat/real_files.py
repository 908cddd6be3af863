"""Real files to upload: those of this project's own dependencies."""

from pathlib import Path

FILE_BYTES_MAX = 2 * 1024 * 1024


def real_files(checkout: Path, count: int) -> dict[str, Path]:
    """Returns `count` files spread over node_modules, by the names they get; the same every time."""
    root = checkout / "node_modules"
    found = sorted(
        path
        for path in root.rglob("*")
        if path.is_file() and not path.is_symlink() and path.stat().st_size <= FILE_BYTES_MAX
    )
    if len(found) < count:
        raise RuntimeError(f"node_modules has {len(found)} files, and {count} are asked for")
    step = len(found) / count
    chosen = [found[int(number * step)] for number in range(count)]
    return {f"real/{path.relative_to(root)}": path for path in chosen}

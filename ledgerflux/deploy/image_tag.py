"""The tag of an image: a hash of what it is made of, so that a tag never changes its meaning."""

import hashlib
from collections.abc import Iterable, Iterator
from fnmatch import fnmatch
from pathlib import Path, PurePosixPath

DIGITS = 12


def image_tag(root: Path) -> str:
    """Return `dev-<12 hex>` for the build context at `root`.

    The names, contents and executable bits of all files that `.dockerignore` lets through.
    """
    digest = hashlib.sha256()
    for name in context_files(root):
        path = root / name
        mode = "x" if path.stat().st_mode & 0o100 else "-"
        content = hashlib.sha256(path.read_bytes()).hexdigest()
        digest.update(f"{name}\0{mode}\0{content}\n".encode())
    return f"dev-{digest.hexdigest()[:DIGITS]}"


def context_files(root: Path) -> list[str]:
    """Return the files of the build context, sorted, as paths relative to `root`."""
    rules = read_rules((root / ".dockerignore").read_text().splitlines())
    return sorted(name for name in _walk(root, root, rules) if not ignored(name, rules))


def read_rules(lines: Iterable[str]) -> list[tuple[bool, str]]:
    """Return the rules of a `.dockerignore`: whether it lets in, and its pattern."""
    kept = (line.strip() for line in lines)
    return [
        (line.startswith("!"), line.lstrip("!").strip("/"))
        for line in kept
        if line and not line.startswith("#")
    ]


def ignored(name: str, rules: Iterable[tuple[bool, str]]) -> bool:
    """Say whether a file stays out: the last rule that fits it, or a folder above it, decides."""
    paths = [name, *(str(path) for path in PurePosixPath(name).parents if str(path) != ".")]
    verdict = False
    for lets_in, pattern in rules:
        if any(_fits(path, pattern) for path in paths):
            verdict = not lets_in
    return verdict


def _fits(path: str, pattern: str) -> bool:
    """Say whether a pattern names a path; `*` stays within a name, `**/` is any folder or none."""
    if pattern.startswith("**/"):
        rest = pattern.removeprefix("**/")
        parts = PurePosixPath(path).parts
        return any(_fits("/".join(parts[start:]), rest) for start in range(len(parts)))
    names, wanted = path.split("/"), pattern.split("/")
    return len(names) == len(wanted) and all(map(fnmatch, names, wanted))


def _walk(root: Path, folder: Path, rules: list[tuple[bool, str]]) -> Iterator[str]:
    """Yield all files below `folder` but those of folders that no rule can let in again."""
    for path in folder.iterdir():
        name = path.relative_to(root).as_posix()
        if path.is_symlink() or path.is_file():
            if path.is_file():
                yield name
        elif not ignored(name, rules) or _may_hold_more(name, rules):
            yield from _walk(root, path, rules)


def _may_hold_more(folder: str, rules: Iterable[tuple[bool, str]]) -> bool:
    return any(lets_in and pattern.startswith(f"{folder}/") for lets_in, pattern in rules)

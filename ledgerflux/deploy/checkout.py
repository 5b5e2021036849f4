"""Where the files lie that no wheel brings: manifests, compose files, the Dockerfile."""

from pathlib import Path

from ledgerflux.errors import MissingDependency

_SIGNS = ("k8s", "compose", "pyproject.toml")


def checkout(start: Path | None = None) -> Path:
    """Return the repository: around this package, else `start` (the working directory) or above.

    Raises:
        MissingDependency: There is none; a wheel has neither manifests nor what an image is
            made of.
    """
    here = start or Path.cwd()
    for path in (Path(__file__).resolve().parents[2], here, *here.parents):
        if all((path / sign).exists() for sign in _SIGNS):
            return path
    raise MissingDependency(
        "containers are built and deployed from a checkout of the repository, and this is none",
        try_next=["cd CHECKOUT", "lf up"],
    )

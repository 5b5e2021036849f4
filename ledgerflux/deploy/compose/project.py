"""What Docker Compose is told: files, environment, arguments. No I/O."""

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from ledgerflux.deploy.log_wish import LogWish
from ledgerflux.deploy.plan import Plan, Step
from ledgerflux.settings import parse_source

IMAGE = "ledgerflux"
FEEDS = "/feeds"


class Wish(NamedTuple):
    """What `lf up --target compose` was asked for; named as the settings are."""

    source: str
    products: tuple[str, ...]
    speed: str
    paused: bool
    at_end: str
    log_level: str
    port: int | None
    offline: bool


class Project(NamedTuple):
    """One stack: where it is described, where its secrets are, and what runs.

    Attributes:
        root: The checkout.
        data_dir: The stack's data directory, which holds its secrets and `run.json`.
        compose: The program, `docker compose` or `docker-compose`.
        tag: Tag of the image.
        nats_port: Port of NATS on this machine.
        gateway_port: Port of the gateway on this machine.
        wish: What was asked for.
    """

    root: Path
    data_dir: Path
    compose: tuple[str, ...]
    tag: str
    nats_port: int
    gateway_port: int
    wish: Wish

    @property
    def image(self) -> str:
        """Return the image of the roles."""
        return f"{IMAGE}:{self.tag}"

    @property
    def embedded_image(self) -> str:
        """Return the image that holds NATS and Postgres too."""
        return f"{IMAGE}:{self.tag}-embedded"

    @property
    def secrets(self) -> Path:
        """Return the folder of the secrets."""
        return self.data_dir / "compose"


def name_of(data_dir: Path) -> str:
    """Return the name of the project: each data directory has its own."""
    return f"ledgerflux-{hashlib.sha256(str(data_dir).encode()).hexdigest()[:8]}"


def files_of(root: Path, *, offline: bool) -> list[Path]:
    """Return the compose files."""
    names = ["compose.yaml", *(["compose.offline.yaml"] if offline else [])]
    return [root / "compose" / name for name in names]


def command(project: Project, *arguments: str) -> tuple[str, ...]:
    """Return the arguments that do something with the project."""
    files = files_of(project.root, offline=project.wish.offline)
    told = [text for path in files for text in ("-f", str(path))]
    return (*project.compose, "-p", name_of(project.data_dir), *told, *arguments)


def environment(project: Project) -> dict[str, str]:
    """Return what the compose files take from their environment."""
    wish = project.wish
    source, feeds = seen_inside(wish.source)
    return {
        "LF_IMAGE": project.image,
        "LF_EMBEDDED_IMAGE": project.embedded_image,
        "LF_SECRETS": str(project.secrets),
        "LF_PORT": str(project.gateway_port),
        "LF_NATS_PORT": str(project.nats_port),
        "LF_SOURCE": source,
        "LF_FEEDS": feeds,
        "LF_PRODUCTS": ",".join(wish.products),
        "LF_SPEED": wish.speed,
        "LF_PAUSED": str(wish.paused).lower(),
        "LF_AT_END": wish.at_end,
        "LF_LOG_LEVEL": wish.log_level,
    }


def seen_inside(source: str) -> tuple[str, str]:
    """Return a source as containers see it, and the folder, or volume, of its recording."""
    parsed = parse_source(source)
    if parsed.kind != "replay":
        return source, "feeds"
    path = Path(str(parsed.path)).expanduser().absolute()
    return f"replay:{FEEDS}/{path.name}", str(path.parent)


def build_commands(project: Project) -> dict[str, tuple[str, ...]]:
    """Return what makes the images, by image."""
    extras = {project.image: ""}
    if project.wish.offline:
        extras[project.embedded_image] = "embedded"
    return {
        image: ("docker", "build", "--build-arg", f"EXTRAS={word}", "-t", image, str(project.root))
        for image, word in extras.items()
    }


def start_command(project: Project, timeout_s: float) -> tuple[str, ...]:
    """Return what starts every service and waits for its health."""
    wait = ("--wait", "--wait-timeout", str(max(1, int(timeout_s))))
    return command(project, "up", "-d", "--no-build", "--remove-orphans", *wait)


def logs_arguments(wish: LogWish) -> list[str]:
    """Return what prints the logs."""
    flags = ["--no-color", "--tail", "all" if wish.tail is None else str(wish.tail)]
    flags += ["--follow"] * wish.follow
    flags += ["--no-log-prefix"] * (not wish.prefix)
    flags += [] if wish.since is None else ["--since", wish.since]
    return ["logs", *flags, *wish.services]


def plan_of(project: Project, missing: Sequence[str], timeout_s: float) -> Plan:
    """Return what `lf up --target compose` would do; `missing` are images to build."""
    builds = tuple(argv for image, argv in build_commands(project).items() if image in missing)
    return Plan(
        "compose",
        (
            Step("preflight", "an engine answers", (("docker", "version"),)),
            Step("image", "the image of this tree", builds, "" if builds else "it is there"),
            Step("secrets", f"passwords in {project.secrets}, made once"),
            Step(
                "start",
                "every service, until all are healthy",
                (start_command(project, timeout_s),),
            ),
            Step("prove", "a client sees a snapshot and ten increments"),
        ),
    )

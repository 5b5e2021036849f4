"""A Docker Engine for tests: the one that runs, else one of their own, and our image in it.

Without a registry the base image is made with debootstrap, and wheels come from a folder; both
are kept in the user's cache.
"""

import hashlib
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import pytest

from ledgerflux.deploy.image_tag import context_files

ROOT = Path(__file__).resolve().parent.parent
BASE = "python:3.11-slim-bookworm"
IMAGE, EMBEDDED = "ledgerflux:dev", "ledgerflux:dev-embedded"
PACKAGES = ("docker.io", "debootstrap")
START_S = 60.0
LOCKS = ("requirements-build.lock", "requirements.lock", "requirements-embedded.lock")


class Engine(NamedTuple):
    """An engine that answers: the environment its clients need, and whether it is ours."""

    env: dict[str, str]
    ours: bool

    def docker(self, *arguments: str, timeout_s: float = 120.0, check: bool = True) -> str:
        """Run the client; return what it printed."""
        ran = subprocess.run(
            ["docker", *arguments],
            env=self.env, capture_output=True, text=True, timeout=timeout_s, check=False,
        )  # fmt: skip
        if check and ran.returncode != 0:
            raise AssertionError(f"docker {' '.join(arguments)}: {ran.stdout}{ran.stderr}")
        return ran.stdout

    def has(self, image: str) -> bool:
        """Say whether the engine has `image`."""
        return bool(self.docker("image", "ls", "-q", image).strip())


@contextmanager
def an_engine() -> Iterator[Engine]:
    """Yield the engine that runs, else a new one that ends with this.

    Where neither is possible the test is skipped, with the reason.
    """
    running = Engine(dict(os.environ), ours=False)
    if shutil.which("docker") and _answers(running):
        yield running
        return
    if os.geteuid() != 0:
        pytest.skip("no Docker Engine runs, and only root can start one")
    if not (shutil.which("dockerd") and shutil.which("debootstrap") and shutil.which("docker")):
        try:
            _install()
        except subprocess.CalledProcessError as error:
            pytest.skip(f"no Docker Engine runs, and none can be installed: {error}")
    with tempfile.TemporaryDirectory(prefix="lf-engine-", ignore_cleanup_errors=True) as folder:
        yield from _started(Path(folder))


def _answers(engine: Engine) -> bool:
    ran = subprocess.run(
        ["docker", "version"], env=engine.env, capture_output=True, timeout=20, check=False
    )
    return ran.returncode == 0


def _install() -> None:
    quiet = {"stdout": subprocess.DEVNULL, "check": True}
    env = os.environ | {"DEBIAN_FRONTEND": "noninteractive", "RUNLEVEL": "1"}
    subprocess.run(["apt-get", "update", "-qq"], env=env, **quiet)
    command = ["apt-get", "install", "-y", "-qq", "--no-install-recommends", *PACKAGES]
    subprocess.run(command, env=env, **quiet)


def _started(folder: Path) -> Iterator[Engine]:
    """Yield an engine below `folder`; nothing of it is left."""
    (folder / "config.json").write_text("{}")
    host = f"unix://{folder}/docker.sock"
    command = [
        "dockerd", "--data-root", f"{folder}/data", "--exec-root", f"{folder}/exec",
        "--pidfile", f"{folder}/pid", "--host", host, "--config-file", f"{folder}/config.json",
        "--iptables=false", "--ip6tables=false", "--ip-forward=false", "--ip-masq=false",
        "--bridge=none", "--default-ulimit", "nofile=20000:20000", "--group", "root",
    ]  # fmt: skip
    engine = Engine(os.environ | {"DOCKER_HOST": host, "DOCKER_BUILDKIT": "0"}, ours=True)
    with (folder / "log").open("w") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, start_new_session=True)
        try:
            _wait(process, engine, folder)
            yield engine
            for container in engine.docker("ps", "-aq").split():
                engine.docker("rm", "-f", "-v", container, check=False)
        finally:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(30)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
            _unmount(folder)


def _wait(process: "subprocess.Popen[bytes]", engine: Engine, folder: Path) -> None:
    deadline = time.monotonic() + START_S
    while not _answers(engine):
        if process.poll() is not None or time.monotonic() > deadline:
            words = (folder / "log").read_text().splitlines()[-5:]
            pytest.skip("no Docker Engine runs, and none can be started: " + " / ".join(words))
        time.sleep(0.1)


def _unmount(folder: Path) -> None:
    """Take away what a killed engine may have left mounted."""
    mounts = Path("/proc/self/mounts").read_text().splitlines()
    for place in sorted((line.split()[1] for line in mounts), reverse=True):
        if place.startswith(f"{folder}/"):
            subprocess.run(["umount", "-l", place], check=False, capture_output=True)


def cache() -> Path:
    """Return the folder for what is costly to make, and the same every time."""
    home = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    folder = Path(home) / "ledgerflux-tests"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def need_base(engine: Engine) -> None:
    """See to it that the engine has the base image."""
    if engine.has(BASE):
        return
    if not engine.ours:
        engine.docker("pull", "-q", BASE, timeout_s=300)
        return
    tar = cache() / "base-bookworm.tar"
    if not tar.exists():
        _make_base(tar)
    engine.docker("import", str(tar), BASE, timeout_s=120)


def _mirror() -> str:
    """Return the mirror of Debian that apt uses here."""
    for path in [Path("/etc/apt/sources.list"), *Path("/etc/apt/sources.list.d").glob("*")]:
        for line in path.read_text().splitlines() if path.is_file() else []:
            found = re.match(
                r"(?:deb\s+(?:\[[^]]*\]\s+)?|URIs:\s*)(https?://\S+/debian/?)(?:\s|$)", line
            )
            if found:
                return found[1]
    return "http://deb.debian.org/debian"


def _make_base(tar: Path) -> None:
    with tempfile.TemporaryDirectory(prefix="lf-base-") as folder:
        root = f"{folder}/root"
        quiet = {"stdout": subprocess.DEVNULL, "check": True}
        subprocess.run(
            ["debootstrap", "--variant=minbase",
             "--include=ca-certificates,python3-minimal,python3-venv,python3-pip",
             "bookworm", root, _mirror()],
            **quiet,
        )  # fmt: skip
        shutil.rmtree(f"{root}/var/cache/apt", ignore_errors=True)
        whole = tar.with_suffix(".new")
        out = ["--exclude=./proc/*", "--exclude=./sys/*", "--exclude=./dev/*"]
        subprocess.run(["tar", "-C", root, *out, "-cf", str(whole), "."], **quiet)
        whole.rename(tar)


def wheels() -> Path:
    """Return the folder of everything the lock files name."""
    digest = hashlib.sha256(b"".join((ROOT / name).read_bytes() for name in LOCKS)).hexdigest()
    folder = cache() / f"wheels-{digest[:12]}"
    if not folder.exists():
        new = folder.with_suffix(f".{os.getpid()}")
        for name in LOCKS:
            command = ["pip", "download", "-q", "--no-deps", "--require-hashes", "-d", str(new)]
            subprocess.run([_python(), "-m", *command, "-r", str(ROOT / name)], check=True)
        new.rename(folder)
    return folder


def _python() -> str:
    """Return a Python that has pip: that of a virtual environment need not."""
    own = subprocess.run(
        [sys.executable, "-m", "pip", "--version"], capture_output=True, check=False
    )
    return sys.executable if own.returncode == 0 else getattr(sys, "_base_executable", "python3")


@contextmanager
def build_context() -> Iterator[Path]:
    """Yield a folder with what an image is made of, wheels included."""
    with tempfile.TemporaryDirectory(prefix="lf-image-") as name:
        folder = Path(name)
        for file in context_files(ROOT):
            (folder / file).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / file, folder / file)
        for file in ("Dockerfile", ".dockerignore"):
            shutil.copy2(ROOT / file, folder / file)
        shutil.copytree(wheels(), folder / "wheels")
        yield folder


def need_images(engine: Engine) -> None:
    """See to it that the engine has both images, made of this tree."""
    need_base(engine)
    offline = ("--build-arg", "PIP_NO_INDEX=1", "--build-arg", "PIP_FIND_LINKS=/src/wheels")
    with build_context() as folder:
        for tag, extras in ((IMAGE, ""), (EMBEDDED, "embedded")):
            engine.docker(
                "build", "--network", "none", *offline,
                "--build-arg", f"EXTRAS={extras}", "-t", tag, str(folder), timeout_s=400,
            )  # fmt: skip

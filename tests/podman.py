"""Podman for tests: pods of Kubernetes on this machine, their images and network in a folder.

Installed where it is not there, as root; where it can't be the test is skipped, with the reason.
"""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import pytest

PACKAGES = ("podman", "runc", "catatonit", "iptables", "netavark", "aardvark-dns")
CONFIG = """\
[containers]
default_ulimits = ["nofile=20000:20000", "nproc=4096:4096"]
log_driver = "k8s-file"
[engine]
runtime = "runc"
cgroup_manager = "cgroupfs"
events_logger = "file"
"""
"""The runtime crun refuses mixed control groups; limits higher than ours need rights."""
NETWORK = "ledgerflux"


class Podman(NamedTuple):
    """A podman whose store lies in a folder that ends with the test."""

    folder: Path

    def __call__(self, *arguments: str, check: bool = True, timeout_s: float = 180.0) -> str:
        """Run it; return what it printed; where it may fail, its errors too."""
        places = ("root", "runroot", "tmpdir", "network-config-dir")
        own = [word for name in places for word in (f"--{name}", str(self.folder / name))]
        ran = subprocess.run(
            ["podman", *own, *arguments],
            env=os.environ | {"CONTAINERS_CONF": str(self.folder / "containers.conf")},
            capture_output=True, text=True, timeout=timeout_s, check=False,
        )  # fmt: skip
        if check and ran.returncode != 0:
            raise AssertionError(f"podman {' '.join(arguments)}: {ran.stdout}{ran.stderr}")
        return ran.stdout if check else ran.stdout + ran.stderr

    def end(self) -> None:
        """Take away whatever runs, and what is mounted."""
        self("pod", "rm", "-fa", "-t", "0", check=False)
        self("network", "rm", "-f", NETWORK, check=False)
        mounts = Path("/proc/self/mounts").read_text().splitlines()
        for place in sorted((line.split()[1] for line in mounts), reverse=True):
            if place.startswith(f"{self.folder}/"):
                subprocess.run(["umount", "-l", place], check=False, capture_output=True)


@contextmanager
def a_podman() -> Iterator[Podman]:
    """Yield one with a network in which pods find each other by name; nothing of it is left."""
    if os.geteuid() != 0:
        pytest.skip("pods are played by root alone")
    if not all(map(shutil.which, ("podman", "runc", "catatonit", "iptables"))):
        try:
            _install()
        except subprocess.CalledProcessError as error:
            pytest.skip(f"podman is not here, and can't be installed: {error}")
    with tempfile.TemporaryDirectory(prefix="lf-podman-", ignore_cleanup_errors=True) as folder:
        made = Podman(Path(folder))
        (made.folder / "containers.conf").write_text(CONFIG)
        try:
            made("network", "create", NETWORK)
            yield made
        finally:
            made.end()


def _install() -> None:
    env = os.environ | {"DEBIAN_FRONTEND": "noninteractive", "RUNLEVEL": "1"}
    command = ["apt-get", "install", "-y", "-qq", "--no-install-recommends", *PACKAGES]
    for argv in (["apt-get", "update", "-qq"], command):
        subprocess.run(argv, env=env, stdout=subprocess.DEVNULL, check=True)

"""Prometheus and promtool of the Debian package, installed where they are missing."""

import os
import shutil
import subprocess
from functools import cache
from pathlib import Path

import pytest

PACKAGE = "prometheus"
INSTALL_TIMEOUT_S = 180
NO_SERVICES = Path("/usr/sbin/policy-rc.d")
"""Debian asks this file before a package starts a service: 101 forbids it."""


def promtool():
    """Return the path of promtool."""
    return _binary("promtool")


def prometheus_binary():
    """Return the path of Prometheus; no service of it runs."""
    return _binary("prometheus")


def run_promtool(*args, given=None):
    """Run `promtool ARGS`, `given` as its input; return the finished process."""
    return subprocess.run(
        [promtool(), *map(str, args)], input=given, capture_output=True, text=True, timeout=120
    )


@cache
def _binary(name):
    if shutil.which(name) is None:
        _install()
    return shutil.which(name) or pytest.fail(f"{PACKAGE} is installed without {name}")


def _install():
    if shutil.which("apt-get") is None or os.geteuid() != 0:
        pytest.skip(f"needs the Debian package {PACKAGE}: run as root, or install it")
    forbids = not NO_SERVICES.exists()
    if forbids:
        NO_SERVICES.write_text("#!/bin/sh\nexit 101\n")
        NO_SERVICES.chmod(0o755)
    try:
        for command in (["update"], ["install", "-y", "--no-install-recommends", PACKAGE]):
            done = subprocess.run(
                ["apt-get", "-q", *command],
                env={**os.environ, "DEBIAN_FRONTEND": "noninteractive"},
                capture_output=True,
                text=True,
                timeout=INSTALL_TIMEOUT_S,
            )
        assert done.returncode == 0, done.stderr[-2000:]
    finally:
        if forbids:
            NO_SERVICES.unlink()

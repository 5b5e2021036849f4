"""Certificates for tests: an authority, and a server's certificate that it signed."""

import subprocess
from pathlib import Path


def make_tls(place: Path, name: str = "127.0.0.1") -> tuple[Path, Path, Path]:
    """Return the files of the authority's certificate, the server's, and the server's key."""
    place.mkdir(exist_ok=True)
    ca, ca_key, made, key = (
        place / file for file in ("ca.pem", "ca-key.pem", "cert.pem", "key.pem")
    )
    kind = "IP" if name[0].isdigit() else "DNS"
    new = ("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")
    days = ("-days", "2")
    _openssl(*new, *days, "-subj", "/CN=authority of a test", "-keyout", ca_key, "-out", ca)
    _openssl(
        *new, *days, "-subj", f"/CN={name}", "-addext", f"subjectAltName={kind}:{name}",
        "-addext", "basicConstraints=critical,CA:FALSE",
        "-CA", ca, "-CAkey", ca_key, "-keyout", key, "-out", made,
    )  # fmt: skip
    return ca, made, key


def _openssl(*arguments: object) -> None:
    subprocess.run(["openssl", *map(str, arguments)], check=True, capture_output=True)

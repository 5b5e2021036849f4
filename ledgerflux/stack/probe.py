"""Whether what listens on a port is ready: the health check of a container.

An engine runs it every few seconds in every container, so it imports next to nothing: to start
`lf` costs ten times what this does. In the image it stands by itself, without the package.
"""

import os
import socket
import sys

TIMEOUT_S = 3.0
ANSWER_BYTES_MAX = 65_536
GATEWAY_PORT = "8000"
READY = "/ready"


class NoAnswer(Exception):
    """What listens there, if anything does, does not answer as HTTP does."""


def ask(port: int, path: str = READY, *, tls: bool = False) -> tuple[int, bytes]:
    """Return the status and the body of `GET path` on this machine's `port`.

    With `tls` any certificate will do: whose it is, who is on this machine knows.

    Raises:
        NoAnswer: Nothing answered in time, or something that is no HTTP/1.1.
    """
    request = f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n"
    answer = b""
    try:
        with socket.socket() as plain:
            plain.settimeout(TIMEOUT_S)
            plain.connect(("127.0.0.1", port))
            with _wrapped(plain) if tls else plain as connection:
                connection.sendall(request.encode())
                while piece := connection.recv(ANSWER_BYTES_MAX - len(answer)):
                    answer += piece
    except (OSError, OverflowError) as error:
        raise NoAnswer(f"nothing answers on port {port}: {error}") from error
    head, _, body = answer.partition(b"\r\n\r\n")
    words = head.split(maxsplit=2)
    if len(words) < 2 or not words[0].startswith(b"HTTP/1.") or not words[1].isdigit():
        raise NoAnswer(f"what answers on port {port} speaks no HTTP")
    return int(words[1]), body


def own(environment: dict[str, str]) -> tuple[str, bool]:
    """Return the port of a role's `/ready`, and whether it speaks TLS: a gateway's own may."""
    port = environment.get("LF_HTTP_PORT") or "0"
    if port != "0":
        return port, False
    return environment.get("LF_PORT") or GATEWAY_PORT, bool(environment.get("LF_TLS_CERT"))


def main(arguments: list[str], environment: dict[str, str]) -> int:
    """Print what is answered; return 0 where that is 200, 1 where not.

    `arguments` are a port and a path; without them it is `/ready` of the role that
    `environment` tells of.
    """
    port, tls = (arguments[0], False) if arguments else own(environment)
    try:
        status, body = ask(int(port), arguments[1] if arguments[1:] else READY, tls=tls)
    except (NoAnswer, ValueError) as error:
        sys.stdout.write(f"{error}\n")
        return 1
    sys.stdout.write(f"{body.decode(errors='replace')[:500]}\n")
    return 0 if status == 200 else 1


def _wrapped(plain: socket.socket) -> socket.socket:
    import ssl

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context.wrap_socket(plain)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], dict(os.environ)))

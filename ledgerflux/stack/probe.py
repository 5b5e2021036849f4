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


class NoAnswer(Exception):
    """What listens there, if anything does, does not answer as HTTP does."""


def ask(port: int, path: str = "/ready") -> tuple[int, bytes]:
    """Return the status and the body of `GET path` on this machine's `port`.

    Raises:
        NoAnswer: Nothing answered in time, or something that is no HTTP/1.1.
    """
    request = f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n"
    answer = b""
    try:
        with socket.socket() as connection:
            connection.settimeout(TIMEOUT_S)
            connection.connect(("127.0.0.1", port))
            connection.sendall(request.encode())
            while len(answer) < ANSWER_BYTES_MAX and (piece := connection.recv(ANSWER_BYTES_MAX)):
                answer += piece
    except OSError as error:
        raise NoAnswer(str(error)) from error
    head, _, body = answer.partition(b"\r\n\r\n")
    words = head.split(maxsplit=2)
    if len(words) < 2 or not words[0].startswith(b"HTTP/1.") or not words[1].isdigit():
        raise NoAnswer("no HTTP")
    return int(words[1]), body


def main(arguments: list[str], environment: dict[str, str]) -> int:
    """Print what is answered; return 0 where that is 200, 1 where not.

    `arguments` are a port and a path; without them it is `/ready` of the role that
    `environment` tells of.
    """
    port, path = arguments or (_own_port(environment), "/ready")
    try:
        status, body = ask(int(port), path)
    except NoAnswer as error:
        sys.stdout.write(f"nothing answers on port {port}: {error}\n")
        return 1
    sys.stdout.write(f"{body.decode(errors='replace')[:500]}\n")
    return 0 if status == 200 else 1


def _own_port(environment: dict[str, str]) -> str:
    """Return the port of a role's `/ready`; a gateway answers it where it serves."""
    port = environment.get("LF_HTTP_PORT", "0")
    return environment.get("LF_PORT", GATEWAY_PORT) if port == "0" else port


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], dict(os.environ)))

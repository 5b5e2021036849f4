"""`lf wait`."""

import time
from pathlib import Path
from typing import Annotated

import typer

from ledgerflux.errors import GatewayError, Timeout
from ledgerflux_cli.conditions import FORMS, Answer, Condition, read_condition
from ledgerflux_cli.examples import examples
from ledgerflux_cli.find_status import find_status
from ledgerflux_cli.options import AsJson, DataDir, Gateway, read_duration
from ledgerflux_cli.output import write_json

POLL_S = 0.2
SCHEMA = "lf.wait/1"


@examples("lf wait --for up", "lf wait --for seq=BTC-USD:1000 --timeout 2m")
def wait(
    condition: Annotated[str, typer.Option("--for", metavar="CONDITION", help=f"One of {FORMS}.")],
    timeout: Annotated[
        str,
        typer.Option(
            "--timeout", envvar="LF_TIMEOUT", metavar="DURATION", help="How long to wait."
        ),
    ] = "60s",
    data_dir: DataDir = None,
    gateway: Gateway = None,
    as_json: AsJson = False,
) -> None:
    """Wait until a condition of the stack comes true."""
    question = read_condition(condition)
    began = time.monotonic()
    answer = _wait(question, read_duration("--timeout", timeout), data_dir, gateway)
    if not answer.holds:
        raise Timeout(f"{condition} did not come true in {timeout}: {answer.missing}")
    if as_json:
        seconds = round(time.monotonic() - began, 3)
        write_json({"schema": SCHEMA, "for": condition, "seconds": seconds})


def _wait(
    question: Condition, timeout_s: float, data_dir: Path | None, gateway: str | None
) -> Answer:
    """Return the last answer: the first that holds, or the one at the end of the time.

    Raises:
        NotRunning: There is no stack, or no longer.
    """
    deadline = time.monotonic() + timeout_s
    answer = question(find_status(data_dir, gateway))
    while not answer.holds and time.monotonic() < deadline:
        time.sleep(POLL_S)
        try:
            answer = question(find_status(data_dir, gateway))
        except GatewayError as error:
            answer = Answer(False, error.message)
    return answer

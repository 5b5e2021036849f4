"""`lf recording`: recordings on disk."""

import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ledgerflux.errors import BadRecording, ConfigError
from ledgerflux_cli.examples import examples
from ledgerflux_cli.options import AsJson
from ledgerflux_cli.output import say, write, write_json, write_lines

if TYPE_CHECKING:
    from ledgerflux.adapters.recording_audit import Audited

LIST_SCHEMA = "lf.recordings/1"
INFO_SCHEMA = "lf.recording/1"
VERIFY_SCHEMA = "lf.recording-verify/1"
INTEGRITY = 7

recording = typer.Typer(rich_markup_mode=None, add_completion=False, no_args_is_help=False)

File = Annotated[
    Path, typer.Argument(metavar="FILE", help="A recording: .jsonl.gz, .jsonl or .lfr.")
]


@recording.callback()
@examples("lf recording ls recordings/", "lf recording verify FILE.jsonl.gz")
def group() -> None:
    """Look at recordings: what they hold, and whether they are whole."""


@recording.command("ls")
@examples("lf recording ls", "lf recording ls recordings/ --json")
def ls(
    directory: Annotated[
        Path, typer.Argument(metavar="[DIR]", help="Where to look.", show_default=False)
    ] = Path(),
    as_json: AsJson = False,
) -> None:
    """List the recordings of a directory, and which of them can be played.

    Only the beginning of each file is read: `lf recording info` reads all of it.
    """
    from ledgerflux.adapters.recording_audit import sight_files
    from ledgerflux_cli.recording_view import list_lines, sighted_document

    if not directory.is_dir():
        raise ConfigError(f"{directory} is no directory", code="bad_argument")
    found = list(sight_files(directory))
    if as_json:
        rows = [sighted_document(row) for row in found]
        write_json({"schema": LIST_SCHEMA, "directory": str(directory), "recordings": rows})
    elif found:
        write_lines(list_lines(found, shutil.get_terminal_size((120, 40)).columns))
    else:
        say(f"no recording in {directory}")


@recording.command()
@examples("lf recording info FILE.jsonl.gz", "lf recording info FILE.jsonl.gz --json | jq .sha256")
def info(file: File, as_json: AsJson = False) -> None:
    """Say what a recording holds: products, span, frames, connections, sequence, hash.

    The hash is that of the content as it is unpacked.
    """
    from ledgerflux_cli.recording_view import audit_document, info_lines

    audited = _audit(file, parse=False)
    if as_json:
        write_json({"schema": INFO_SCHEMA, **audit_document(audited)})
        return
    for line in info_lines(audited):
        write(line)
    if not audited.audit.whole:
        say("it is not whole: lf recording verify tells more")


@recording.command()
@examples("lf recording verify FILE.jsonl.gz", "lf recording verify FILE.jsonl.gz --json")
def verify(file: File, as_json: AsJson = False) -> int:
    """Check a recording line by line; exit 7 where something is wrong, naming the line.

    Lines that can't be read, an end in the middle, numbers of a connection that do not go on,
    times that go back, frames that are no message of the venue.
    """
    from ledgerflux_cli.recording_view import audit_document, verify_lines

    audited = _audit(file, parse=True)
    if as_json:
        write_json({"schema": VERIFY_SCHEMA, **audit_document(audited)})
    else:
        for line in verify_lines(audited):
            write(line)
        if audited.venue is None:
            say("no dialect of ours knows its frames: only lines and times were checked")
    return 0 if audited.audit.whole else INTEGRITY


def _audit(file: Path, *, parse: bool) -> "Audited":
    """Return what `file` holds.

    Raises:
        BadRecording: It is not there, or not one line of it can be read.
    """
    from ledgerflux.adapters.recording_audit import audit_file

    audited = audit_file(file, parse=parse)
    if not parse and not audited.audit.frames and audited.audit.problems:
        raise BadRecording(f"{file.name}: {audited.audit.problems[0].text}")
    return audited

"""Whatever ends a command, as one error that can be told to its user."""

import errno
import re
from collections.abc import Iterator, Mapping, Sequence

import typer

from ledgerflux.errors import (
    BusError,
    ConfigError,
    GatewayError,
    LedgerFluxError,
    MissingDependency,
    Timeout,
)
from ledgerflux_cli.close_match import did_you_mean

# The framework's own base of usage errors; it has no public name.
USAGE_ERROR: type[BaseException] = typer.BadParameter.__mro__[2]
_UNREACHABLE = (errno.ECONNREFUSED, errno.ECONNRESET, errno.EHOSTUNREACH, errno.ENETUNREACH)
_NO_RIGHT = (errno.EACCES, errno.EPERM, errno.EROFS)
_REFUSED = re.compile(r"'([^']+)'(?: is none of| here: there are| is no [a-z]+:) (.+)$")
"""How a value is refused where all that it can be is told."""
_OF_THE_COMMAND_LINE = ("bad_argument", "unknown_service", "usage")
_TO_A_GATEWAY = ("lf status", "lf COMMAND --gateway http://host:port   (of a gateway that runs)")
_PREFIX = "Invalid value: "


def told(error: BaseException, arguments: Sequence[str]) -> LedgerFluxError | None:
    """Return `error` as one that can be told; None where it is a bug of ours.

    Of a group, the error that says most: ours before the machine's.
    """
    told_leaves = [_told_leaf(leaf, arguments) for leaf in leaves(error)]
    ours = [leaf for leaf in told_leaves if leaf is not None]
    if len(ours) < len(told_leaves) and not isinstance(error, LedgerFluxError):
        return None  # a bug among them must not hide
    telling = [leaf for leaf in ours if not isinstance(leaf, BusError)]
    return next(iter(telling or ours), None)


def leaves(error: BaseException) -> Iterator[BaseException]:
    """Yield the errors of a group, however deep; an error that is none is its own leaf."""
    if isinstance(error, BaseExceptionGroup):
        for inner in error.exceptions:
            yield from leaves(inner)
    else:
        yield error


def _told_leaf(error: BaseException, arguments: Sequence[str]) -> LedgerFluxError | None:
    if type(error) is ConfigError:
        return _helped(error, arguments)
    if type(error) is GatewayError and not error.try_next:
        return GatewayError(error.message, code=error.code, try_next=_TO_A_GATEWAY)
    if isinstance(error, LedgerFluxError):
        return error
    if isinstance(error, USAGE_ERROR):
        return _usage(error, arguments)
    if isinstance(error, TimeoutError) and error.errno is None:
        return Timeout("no answer came in time")
    if isinstance(error, OSError):
        return _system(error)
    return None


def _helped(error: ConfigError, arguments: Sequence[str]) -> ConfigError:
    """Return a refused value with what was meant, and the help that says what can be."""
    message = error.message
    refused = _REFUSED.search(message)
    if refused is not None and "did you mean" not in message:
        message += did_you_mean(refused[1], re.split(r", | or ", refused[2]))
    explained = error.try_next or error.code not in _OF_THE_COMMAND_LINE
    more = error.try_next if explained else (f"{command_path(arguments)} --help",)
    return ConfigError(message, code=error.code, try_next=more)


def _system(error: OSError) -> LedgerFluxError:
    """Return what the machine refused."""
    where = f"{error.filename}: " if error.filename is not None else ""
    reason = error.strerror or str(error) or type(error).__name__
    if error.errno in _NO_RIGHT:
        return MissingDependency(
            f"no permission: {where}{reason}", code="permission_denied", try_next=["lf doctor"]
        )
    if error.errno in _UNREACHABLE:
        return GatewayError(f"nothing answers: {where}{reason}")
    return LedgerFluxError(f"{where}{reason}", code="system", try_next=["lf doctor"])


def _usage(error: BaseException, arguments: Sequence[str]) -> ConfigError:
    """Return a mistake in the command line: one line, and the help that explains it."""
    context = getattr(error, "ctx", None)
    path = command_path(arguments) if context is None else context.command_path
    made = ConfigError(_usage_text(error, context), code="usage", try_next=[f"{path} --help"])
    return _helped(made, arguments)


def _usage_text(error: BaseException, context: object) -> str:
    kind = type(error).__name__
    if kind == "NoSuchOption":
        flag = str(error.option_name)  # type: ignore[attr-defined]
        return f"there is no flag {flag}{did_you_mean(flag, _flags(context))}"
    if kind == "BadOptionUsage":
        needs = "takes no value" if "not take" in str(error) else "needs a value"
        return f"{error.option_name} {needs}"  # type: ignore[attr-defined]
    text = str(error.format_message()).removeprefix(_PREFIX).rstrip(".")  # type: ignore[attr-defined]
    if text == "Missing command":
        return f"a command is missing: {', '.join(_commands(context))}"
    if text.startswith("No such command "):
        word = text.split("'")[1]
        return f"there is no command {word!r}{did_you_mean(word, _commands(context))}"
    return text[:1].lower() + text[1:] if text[1:2].islower() else text


def _flags(context: object) -> list[str]:
    command = getattr(context, "command", None)
    found = [flag for parameter in getattr(command, "params", ()) for flag in parameter.opts]
    return [flag for flag in (*found, "--help") if flag.startswith("--")]


def _commands(context: object) -> list[str]:
    commands: Mapping[str, object] = getattr(getattr(context, "command", None), "commands", {})
    return list(commands)


def command_path(arguments: Sequence[str]) -> str:
    """Return `lf` and the command that `arguments` begin with, as far as it is one."""
    from ledgerflux_cli.command_table import COMMANDS

    names = {entry.name for entry in COMMANDS}
    return f"lf {arguments[0]}" if arguments and arguments[0] in names else "lf"

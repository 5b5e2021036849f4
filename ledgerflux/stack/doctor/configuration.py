"""The settings in force: files and variables."""

from collections.abc import Mapping
from pathlib import Path

from ledgerflux.settings.layers import read_files, variable_faults
from ledgerflux.stack.doctor import Finding


def settings(environment: Mapping[str, str], directory: Path) -> Finding:
    """Look whether every settings file and variable can be read and is within bounds."""
    files = read_files(environment, directory)
    faults = [fault for file in files for fault in file.faults]
    faults += variable_faults(environment)
    if faults:
        more = f", and {len(faults) - 1} more" if len(faults) > 1 else ""
        return Finding("settings", "FAIL", f"{faults[0]}{more}", "lf config validate")
    read = ", ".join(str(file.path) for file in files) or "no file"
    return Finding("settings", "PASS", f"no fault: {read}, variables")

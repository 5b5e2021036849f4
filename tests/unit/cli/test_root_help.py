from ledgerflux_cli.app import HELP, VERSION, run_command
from ledgerflux_cli.command_table import COMMANDS, PANELS
from ledgerflux_cli.root import invoke
from ledgerflux_cli.root_help import help_text


def test_every_group_and_command_has_its_place():
    lines = help_text().splitlines()
    assert [line for line in lines if line in PANELS] == list(PANELS)
    for entry in COMMANDS:
        assert f"  {entry.name:<10} {entry.help}" in lines


def test_what_is_answered_without_the_parser_is_what_the_parser_would_say(capsys):
    for arguments in (*HELP, *VERSION):
        assert run_command(arguments) == 0
        quick = capsys.readouterr()
        assert invoke(arguments) == 0
        assert capsys.readouterr() == quick

import dataclasses
import inspect
import typing

import pytest
from pydantic import ValidationError

from ledgerflux.settings import RoleSettings, UpRequest
from ledgerflux.settings.layers import variable_of
from ledgerflux.settings.tree import Settings, is_secret
from ledgerflux_cli.command_table import COMMANDS
from ledgerflux_cli.file_defaults import setting_of
from ledgerflux_cli.root import build_command

NOT_SETTINGS = {
    "services",
    "nats_user",
    "nats_password",
    "postgres_password",
    "take_over",
    "shares_port",
}


def parameters(command):
    """Yield every parameter of a command and of those below it."""
    yield from command.params
    for inner in getattr(command, "commands", {}).values():
        yield from parameters(inner)


PARAMETERS = [
    parameter for entry in COMMANDS for parameter in parameters(build_command(entry))
]  # fmt: skip


def test_every_flag_with_a_variable_is_a_setting_and_every_setting_has_a_flag():
    assert {setting_of(parameter) for parameter in PARAMETERS} - {None} == set(
        Settings.model_fields
    )


def test_a_flags_default_is_the_settings_own():
    for parameter in PARAMETERS:
        key = setting_of(parameter)
        if key is None or parameter.default is None or key == "port":
            continue
        default = Settings.model_fields[key].default
        assert parameter.default in (default, f"{default:g}" if key == "speed" else ""), key


def test_what_is_passed_on_has_the_trees_names_and_defaults():
    fields = {field.name: field.default for field in dataclasses.fields(RoleSettings)}
    del fields["data_dir"], fields["nats_url"]
    asked = dataclasses.asdict(UpRequest())
    for name, default in (*asked.items(), *fields.items()):
        if name not in NOT_SETTINGS and name not in ("instance", "shard", "port"):
            assert default == Settings.model_fields[name].default, name


def test_every_setting_says_what_it_is():
    for name, field in Settings.model_fields.items():
        assert field.description, name
        assert field.description.endswith("."), name


def test_products_are_ids_in_a_list_or_a_text():
    pair = ("BTC-USD", "ETH-USD")
    assert Settings(products="btc-usd, ETH-USD,").products == pair
    assert Settings(products=["btc-usd", "eth-usd"]).products == pair
    for wrong in ("", {}, "btc", ["BTC-USD", "BTC-USD"], 3, [3]):
        with pytest.raises(ValidationError):
            Settings(products=wrong)


@pytest.mark.parametrize(
    "wrong",
    [
        {"source": "kraken"}, {"shards": 0}, {"shards": 33}, {"speed": 0}, {"speed": "fast"},
        {"port": 65_536}, {"at_end": "stop"}, {"wait_timeout": "soon"}, {"instance": "a b"},
        {"shard": 4}, {"shard": -1}, {"target": "moon"}, {"nonsense": 1},
    ],
)  # fmt: skip
def test_what_is_out_of_bounds_is_refused(wrong):
    with pytest.raises(ValidationError):
        Settings(**wrong)


def test_a_shard_is_below_the_number_of_shards():
    assert Settings(shard=4, shards=5).shard == 4


def test_settings_do_not_change_and_do_not_print_their_secrets():
    settings = Settings(nats_url="nats://u:hush@h:1", postgres_dsn="hush")
    assert "hush" not in repr(settings)
    assert [key for key in Settings.model_fields if is_secret(key)] == ["nats_url", "postgres_dsn"]
    with pytest.raises(ValidationError):
        settings.shards = 2


def test_variables_are_named_after_their_keys():
    assert variable_of("at_end") == "LF_AT_END"
    assert typing.get_type_hints(Settings).keys() >= Settings.model_fields.keys()
    assert inspect.getdoc(Settings)

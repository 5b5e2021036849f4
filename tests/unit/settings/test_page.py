from ledgerflux.settings.page import settings_page
from ledgerflux.settings.tree import Settings


def test_every_setting_has_its_row():
    rows = {row.split("`")[1]: row for row in settings_page().splitlines() if "| `LF_" in row}
    assert list(rows) == list(Settings.model_fields)
    assert "| 1 to 32 | `4` |" in rows["shards"]
    assert "| above 0 to 1e+06 or `max` | `1` |" in rows["speed"]
    assert "| `true`, `false` | `false` |" in rows["paused"]
    assert "| 0 or more |  |" in rows["shard"]
    assert "| list of texts | `BTC-USD,ETH-USD," in rows["products"]
    assert "| `local`, `compose`, `minikube` | `local` |" in rows["target"]
    assert "Shown masked" in rows["nats_url"]

from ledgerflux.stack.doctor.configuration import settings


def test_files_and_variables_without_a_fault_pass(tmp_path):
    (tmp_path / "ledgerflux.toml").write_text("shards = 2\n")
    found = settings({"HOME": str(tmp_path), "LF_SHARDS": "3"}, tmp_path)
    assert found.result == "PASS"
    assert "ledgerflux.toml" in found.finding
    assert "no file" in settings({"HOME": str(tmp_path)}, tmp_path / "elsewhere").finding


def test_the_first_fault_is_told_and_the_others_counted(tmp_path):
    (tmp_path / "ledgerflux.toml").write_text("shrads = 2\n")
    found = settings({"HOME": str(tmp_path), "LF_SHARDS": "many"}, tmp_path)
    assert (found.result, found.fix) == ("FAIL", "lf config validate")
    assert "shrads" in found.finding
    assert "and 1 more" in found.finding

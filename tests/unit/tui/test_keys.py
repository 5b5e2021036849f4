from ledgerflux_tui.keys import ACTIONS, Action, actions_of, all_keys, find, label
from ledgerflux_tui.views.names import VIEW_TITLES


def test_an_action_works_where_it_says():
    everywhere = Action("a", ("a",), "A", "A.")
    assert everywhere.works_in("overview")
    assert not Action("a", ("a",), "A", "A.", views=("shards",)).works_in("overview")
    assert not Action("a", ("a",), "A", "A.", except_in=("overview",)).works_in("overview")


def test_what_changes_the_stack_is_absent_when_reading_only():
    for view in VIEW_TITLES:
        assert all(one.impact == "ro" for one in actions_of(view, read_only=True))


def test_a_key_finds_its_action_in_its_view():
    found = find("overview", "slash")
    assert found is not None
    assert found.id == "list.filter"
    assert find("overview", "no-such-key") is None


def test_every_view_has_a_key_and_a_name_that_exists():
    opened = {one.id.partition(".")[2] for one in ACTIONS if one.id.startswith("view.")}
    assert opened == set(VIEW_TITLES)
    assert {view for one in ACTIONS for view in one.views} <= set(VIEW_TITLES)


def test_ids_are_given_once():
    assert len({one.id for one in ACTIONS}) == len(ACTIONS)


def test_keys_are_told_as_people_know_them():
    assert [label(key) for key in ("question_mark", "q", "shift+tab")] == ["?", "q", "S-Tab"]
    assert "slash" in all_keys()

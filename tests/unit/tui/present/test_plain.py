from ledgerflux_tui.present.plain import in_ascii


def test_marks_become_ascii_of_the_same_width_and_styles_stay():
    assert in_ascii([[("▶ 1 · 2…", "bid")], []]) == [[("> 1 | 2~", "bid")], []]

import os
import signal

import psutil

from ledgerflux.stack.warden_main import end, listen, names


def test_children_come_and_go():
    lines = ["+10 15\n", "+11 2\n", "-10\n", "-99\n", "+12 15\n"]
    assert listen(lines) == {11: 2, 12: 15}


def test_after_bye_nothing_is_left_to_do():
    assert listen(["+10 15\n", "bye\n", "+11 15\n"]) == {}


def test_a_process_is_known_by_its_command_line():
    own = psutil.Process().cmdline()[0]
    assert names(os.getpid(), own)
    assert not names(os.getpid(), "/no/such/directory")
    assert not names(2**22 + 1, own)


def test_a_child_that_is_gone_is_no_error():
    end({2**22 + 1: signal.SIGTERM}, "/no/such/directory")

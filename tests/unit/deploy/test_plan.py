"""A plan says what would be done, as data and as lines that can be typed."""

from ledgerflux.deploy.plan import Plan, Step, document, lines

PLAN = Plan(
    "minikube",
    (
        Step("build", "make it", (("docker", "build", "a b"),)),
        Step("start", "start it", (("up",),), skipped="it runs"),
    ),
    rendered="all.yaml",
)


def test_the_document_numbers_the_steps():
    assert document(PLAN) == {
        "schema": "lf.plan/1",
        "target": "minikube",
        "rendered": "all.yaml",
        "steps": [
            {
                "n": 1,
                "name": "build",
                "what": "make it",
                "commands": [["docker", "build", "a b"]],
                "skipped": None,
            },
            {
                "n": 2,
                "name": "start",
                "what": "start it",
                "commands": [["up"]],
                "skipped": "it runs",
            },
        ],
    }


def test_lines_quote_what_a_shell_would_split_and_leave_out_what_is_skipped():
    assert lines(PLAN) == [
        "1. build: make it",
        "   docker build 'a b'",
        "2. start: start it (nothing to do: it runs)",
        "rendered: all.yaml",
    ]


def test_a_plan_that_renders_nothing_names_no_file():
    assert lines(PLAN._replace(rendered=None))[-1].startswith("2.")

"""Every command of `lf`: one line here and one module in `commands`.

A command's module is imported when that command is asked for, so the help of `lf` itself
comes from this table; a test compares it with what each module says.
"""

from typing import NamedTuple

RUN_THE_STACK = "Run the stack"
WATCH = "Watch"
FEEDS = "Feeds"
TEST = "Test"
CONFIGURE = "Configure"
PANELS = (RUN_THE_STACK, WATCH, FEEDS, TEST, CONFIGURE)
"""The groups of commands in the order of the help."""


class Entry(NamedTuple):
    """One command.

    Attributes:
        name: What the user types.
        panel: Its group in the help.
        help: The first sentence of its docstring, at most 66 characters.
        place: `module:object` in `commands`, a function or a `typer.Typer`; default NAME:NAME.
    """

    name: str
    panel: str
    help: str
    place: str = ""


COMMANDS = (
    Entry("up", RUN_THE_STACK, "Start the stack: NATS, Postgres, and every role, on this machine."),
    Entry("down", RUN_THE_STACK, "Stop the stack; with --volumes, delete its data."),
    Entry("status", RUN_THE_STACK, "Say how the stack is: services, shards, rates, gaps."),
    Entry(
        "restart", RUN_THE_STACK, "Start one service of the stack anew, and say when it is ready."
    ),
    Entry("render", RUN_THE_STACK, "Print the Kubernetes objects that `lf up` would apply."),
    Entry("clean", RUN_THE_STACK, "Remove what a dead stack left: processes, run.json, logs."),
    Entry("wait", RUN_THE_STACK, "Wait until a condition of the stack comes true."),
    Entry("run", RUN_THE_STACK, "Run one role in the foreground, as everything else starts it."),
    Entry("health", RUN_THE_STACK, "Ask the role in this container whether it is ready."),
    Entry("doctor", RUN_THE_STACK, "Look at what a stack needs of this machine, and how it is."),
    Entry("logs", WATCH, "Print the logs of all services as one stream, in order of time."),
    Entry("tui", WATCH, "Open the dashboard: live books, trades, and how every shard does."),
    Entry("top", WATCH, "Show how the stack does, in plain lines, frame after frame."),
    Entry("sub", WATCH, "Print what the gateway sends, message by message."),
    Entry("book", WATCH, "Print a product's book as the gateway holds it now."),
    Entry("products", WATCH, "List the products that are served: partition, shard, state, proof."),
    Entry("stream", WATCH, "Show what the log holds: its streams and buckets in NATS."),
    Entry("dlq", WATCH, "Show what was refused, and why: the records of MD_DLQ."),
    Entry("open", WATCH, "Open the gateway's page in the browser.", "open_browser:open_browser"),
    Entry("recording", FEEDS, "Look at recordings: what they hold, and whether they are whole."),
    Entry("replay", FEEDS, "Control the market that the stack's exchange serves."),
    Entry("loadtest", TEST, "Load the gateway with strict clients; measure what each one gets."),
    Entry("bench", TEST, "Measure what the pipeline must reach, on this machine."),
    Entry("verify", TEST, "Check the whole stored log: nothing missing, nothing twice."),
    Entry("token", CONFIGURE, "Make and check the keys and tokens that let clients in."),
    Entry("config", CONFIGURE, "Show the settings, where they come from, and what is wrong."),
    Entry("version", CONFIGURE, "Print the version of LedgerFlux and of what it runs on."),
    Entry("completion", CONFIGURE, "Print the script that completes commands, flags and values."),
    Entry("help", CONFIGURE, "Explain a command or a topic.", "help:help_topic"),
)
"""In the order of the help."""

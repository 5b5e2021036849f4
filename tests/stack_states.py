"""What `run.json` says of a stack that is up."""

from ledgerflux.stack.run_dir import NatsAddress, RunState

STATE = RunState(
    pid=1,
    warden_pid=2,
    state="up",
    started_ns=3,
    data_dir="/d",
    source="synthetic:200",
    durability="process",
    request={},
    nats=NatsAddress("nats://127.0.0.1:5", "u", "p"),
    postgres="postgresql://here",
)

"""Which children a request means, in start order, and how each is run."""

import os
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from ledgerflux.adapters.embedded.nats_server import NatsServer
from ledgerflux.adapters.embedded.postgres_server import PostgresServer
from ledgerflux.adapters.process import Child, Command, Spawn
from ledgerflux.core.supervision import Service
from ledgerflux.errors import ConfigError
from ledgerflux.model.units import NANOS_PER_MS, NANOS_PER_S
from ledgerflux.settings import ROLES, SERVERS, UpRequest, parse_source
from ledgerflux.stack.link import BusLink
from ledgerflux.stack.run_dir import RunDir
from ledgerflux.stack.supervisor import Member
from ledgerflux.wire.health import Health

SERVER_GRACE_NS = 4_500 * NANOS_PER_MS
"""Servers outlive the roles that drain into them; all are gone 5 s after the stop began."""
ROLE_GRACE_NS = 3 * NANOS_PER_S
NOT_FOR_CHILDREN = ("LF_NATS_URL", "LF_POSTGRES_DSN", "LF_HTTP_PORT", "LF_INSTANCE")
"""Variables that would lead a role away from the stack it belongs to."""
ROLE_COMMAND = (sys.executable, "-P", "-m", "ledgerflux.stack.child")


def services_of(request: UpRequest) -> tuple[str, ...]:
    """Return the services to start, in start order, with everything they need.

    Raises:
        ConfigError: `unknown_service`, naming those that exist.
    """
    every = all_services(request)
    groups: dict[str, tuple[str, ...]] = {name: (name,) for name in every}
    for role in ("normalize", "gateway"):
        groups[role] = tuple(name for name in every if name.partition("-")[0] == role)
    unknown = [name for name in request.services if name not in groups]
    if unknown:
        raise ConfigError(
            f"no service {unknown[0]!r} here: there are {', '.join(every)}", code="unknown_service"
        )
    wanted = {name for asked in request.services or every for name in groups[asked]}
    while missing := {n for name in wanted for n in needs_of(name, request)} - wanted:
        wanted |= missing
    return tuple(name for name in every if name in wanted)


def all_services(request: UpRequest) -> tuple[str, ...]:
    """Return every service that `request` could start, in start order."""
    exchange = ("exchange",) if parse_source(request.source).needs_exchange else ()
    normalizers = tuple(f"normalize-{shard}" for shard in range(request.shards))
    return (*SERVERS, *exchange, "ingest", *normalizers, "snapshot", *gateways_of(request))


def gateways_of(request: UpRequest) -> tuple[str, ...]:
    """Return the names of the gateways that `request` could start: `gateway`, `gateway-1`, ..."""
    return ("gateway", *(f"gateway-{number}" for number in range(1, request.gateways)))


def needs_of(name: str, request: UpRequest) -> tuple[str, ...]:
    """Return what must be ready before service `name` starts."""
    if name in SERVERS:
        return ()
    if name == "ingest" and parse_source(request.source).needs_exchange:
        return ("nats", "exchange")
    return ("nats", "postgres") if name == "snapshot" else ("nats",)


def role_arguments(name: str, request: UpRequest, port: int) -> tuple[str, ...]:
    """Return role and flags of the service `name`, as `lf run` takes them; gateways get `port`."""
    products = ("--products", ",".join(request.products))
    source = ("--source", request.source)
    role, _, number = name.partition("-")
    assert role in ROLES, role
    match role:
        case "exchange":
            pace = ("--speed", str(request.speed), "--at-end", request.at_end)
            return (role, *source, *products, *pace, *(("--paused",) if request.paused else ()))
        case "ingest":
            return (role, *source, *products)
        case "normalize":
            return (role, "--shard", number, "--shards", str(request.shards))
        case "gateway":
            instance = ("--instance", number) if number else ()
            place = ("--host", request.host, "--port", str(port))
            return (role, *place, *instance, *security_arguments(request))
        case _:
            return (role,)


def security_arguments(request: UpRequest) -> tuple[str, ...]:
    """Return the flags that say who may reach a gateway."""
    named = {
        "--tls-cert": request.tls_cert,
        "--tls-key": request.tls_key,
        "--keys-file": request.keys_file,
        "--jwt-keys": request.jwt_keys,
        "--jwt-issuer": request.jwt_issuer,
        "--jwt-audience": request.jwt_audience,
        "--origins": ",".join(request.origins) or None,
        "--shared-networks": ",".join(request.shared_networks) or None,
    }
    words = [word for flag, value in named.items() if value is not None for word in (flag, value)]
    switches = {"--insecure-public": request.insecure_public, "--read-only": request.read_only}
    return (*words, *(flag for flag, on in switches.items() if on))


class NatsRunner:
    """The bus: ready when its streams are there too."""

    def __init__(self, server: NatsServer, link: BusLink) -> None:
        self._server = server
        self._link = link

    @property
    def address(self) -> str:
        """Return its URL without credentials."""
        return self._server.address

    async def launch(self, spawn: Spawn) -> Child:
        """Start the server."""
        return await self._server.launch(spawn)

    async def wait_ready(self, child: Child) -> None:
        """Return once clients are let in and every stream exists."""
        await self._server.wait_ready(child)
        await self._link.prepare(self._server.access)


class RoleRunner:
    """A role with the flags of `lf run`, as a child, ready when its health record says so."""

    def __init__(self, argv: Sequence[str], log: Path, link: BusLink) -> None:
        self._argv = tuple(argv)
        self._log = log
        self._link = link
        self._pid = 0

    @property
    def address(self) -> str:
        """Return what it works on, as its health record tells."""
        records = (health for health in self._link.latest.values() if health.pid == self._pid)
        return next((work_of(health) for health in records), "")

    async def launch(self, spawn: Spawn) -> Child:
        """Start the role."""
        child = await spawn(Command(self._argv, self._log, environment=child_environment()))
        self._pid = child.pid
        return child

    async def wait_ready(self, child: Child) -> None:
        """Return once the role's own record says `ready`."""
        await self._link.wait_ready(child.pid)


def work_of(health: Health) -> str:
    """Return the products of a role that holds partitions, in ascending order."""
    products = sorted({product for row in health.partitions for product in row.products})
    return " ".join(products)


def child_environment(environment: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return the variables a role inherits."""
    variables = os.environ if environment is None else environment
    return {key: value for key, value in variables.items() if key not in NOT_FOR_CHILDREN}


def build_members(
    request: UpRequest,
    names: Iterable[str],
    run_dir: RunDir,
    *,
    nats: NatsServer,
    postgres: PostgresServer,
    link: BusLink,
    ports: Mapping[str, int],
    role_command: Sequence[str] = ROLE_COMMAND,
) -> list[Member]:
    """Return the members called `names`; `ports` are the gateways', chosen free."""
    members = []
    for name in names:
        needs = needs_of(name, request)
        if name == "nats":
            service = Service(name, needs, SERVER_GRACE_NS)
            members.append(Member(service, NatsRunner(nats, link)))
        elif name == "postgres":
            members.append(Member(Service(name, needs, SERVER_GRACE_NS), postgres))
        else:
            ends = name == "exchange" and request.at_end == "exit"
            role, *flags = role_arguments(name, request, ports.get(name, 0))
            # Only this supervisor may start roles here: a record of the one before is
            # no sign of another holder.
            common = ("--data-dir", str(run_dir.path), "--take-over")
            level = ("--log-level", request.log_level)
            argv = (*role_command, role, *common, *level, *flags)
            runner = RoleRunner(argv, run_dir.log(name), link)
            members.append(Member(Service(name, needs, ROLE_GRACE_NS, ends), runner))
    return members

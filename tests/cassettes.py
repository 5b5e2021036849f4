"""Programs that are not here, replayed: what `minikube` and `docker` answer to which arguments.

A cassette lists calls: a pattern of the arguments, and the answers in their order, of which
the last one stays. What it does not know fails the test. All of them are WRITTEN from the
programs' documentation and source, none is recorded from a real cluster.
"""

import json
import re
import sys
from pathlib import Path

ORIGIN = "written, not recorded"

PLAYER = """#!{python} -S
import json, re, sys
from pathlib import Path
tape = Path({tape!r})
arguments = " ".join(sys.argv[1:])
calls = json.loads(tape.read_text())
with Path({log!r}).open("a") as log:
    log.write(f"{name} {{arguments}}\\n")
for call in calls["calls"]:
    if re.fullmatch(call["argv"], arguments):
        answer = call["answers"].pop(0) if len(call["answers"]) > 1 else call["answers"][0]
        tape.write_text(json.dumps(calls))
        sys.stdout.write(answer.get("stdout", ""))
        sys.stderr.write(answer.get("stderr", ""))
        sys.exit(answer.get("exit", 0))
with Path({unknown!r}).open("a") as unknown:
    unknown.write(f"{name} {{arguments}}\\n")
sys.exit(97)
"""


def call(argv, *answers):
    """Return a call: answers are texts of standard output, or dicts with `stderr` and `exit`."""
    made = [{"stdout": one} if isinstance(one, str) else one for one in answers]
    return {"argv": argv, "answers": made}


def event(kind, **data):
    """Return one of minikube's lines."""
    return json.dumps({"type": f"io.k8s.sigs.minikube.{kind}", "data": data}) + "\n"


def profile(cpus=4, memory=8192, runtime="containerd"):
    """Return what `minikube profile list -o json` says of ours."""
    kubernetes = {"KubernetesVersion": "v1.36.2", "ContainerRuntime": runtime, "CNI": ""}
    config = {"CPUs": cpus, "Memory": memory, "Driver": "docker", "KubernetesConfig": kubernetes}
    return json.dumps({"invalid": [], "valid": [{"Name": "ledgerflux", "Config": config}]})


NO_PROFILE = json.dumps({"invalid": [], "valid": []})
RUNNING = json.dumps(
    {"Name": "ledgerflux", "Host": "Running", "Kubelet": "Running", "APIServer": "Running"}
)
STARTED = event("step", message="Creating docker container ...") + event(
    "download.progress", artifact="preload.tar", progress="0.5"
)
VERSION = json.dumps({"minikubeVersion": "v1.39.0", "commit": "0"})
DOCKER = json.dumps({"NCPU": 8, "MemTotal": 16 << 30, "OSType": "linux"})


def images(*tags):
    """Return what `minikube image ls --format json` says."""
    return json.dumps([{"id": "0", "repoTags": [f"docker.io/library/{tag}"]} for tag in tags])


def minikube(
    image,
    *,
    profiles=None,
    start=STARTED,
    listed=None,
    build="#1 done\n",
    version=VERSION,
):
    """Return a cassette of minikube: no cluster yet, and all goes well unless told otherwise."""
    return [
        call(r"version -o json", version),
        call(r"profile list -o json", *(profiles or (NO_PROFILE, profile()))),
        call(r"-p ledgerflux status -o json", RUNNING),
        call(r"start -p ledgerflux .*", start),
        call(r"-p ledgerflux image ls --format json", *(listed or (images(), images(image)))),
        call(r"-p ledgerflux image build -t \S+ \S+", build),
        call(r"delete -p ledgerflux", "deleted\n"),
    ]


class Programs:
    """A folder for PATH with programs that replay cassettes."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.log = folder / "calls.log"
        self._unknown = folder / "unknown.log"

    def play(self, name: str, calls) -> None:
        tape = self.folder / f"{name}.cassette.json"
        tape.write_text(json.dumps({"origin": ORIGIN, "calls": calls}))
        for one in calls:
            re.compile(one["argv"])
        self.write(
            name,
            PLAYER.format(
                python=sys.executable,
                tape=str(tape),
                log=str(self.log),
                unknown=str(self._unknown),
                name=name,
            ),
        )

    def write(self, name: str, text: str) -> None:
        path = self.folder / name
        path.write_text(text)
        path.chmod(0o755)

    def calls(self, name=""):
        """Return the command lines that were run."""
        lines = self.log.read_text().splitlines() if self.log.exists() else []
        return [line for line in lines if line.startswith(name)]

    def unknown(self):
        """Return the command lines that no cassette knows."""
        return self._unknown.read_text().splitlines() if self._unknown.exists() else []

"""`--dry-run` and `lf render`: the same plan and objects as a real run, and nothing touched."""

import os
import tempfile
from pathlib import Path

from ledgerflux.deploy.minikube.checking import require_sound
from ledgerflux.deploy.minikube.deployment import see
from ledgerflux.deploy.minikube.minikube import Minikube
from ledgerflux.deploy.minikube.planning import Seen, plan_of
from ledgerflux.deploy.minikube.rendering import Object, dumped, parsed, rendered
from ledgerflux.deploy.minikube.services import forwards_of
from ledgerflux.deploy.minikube.waves import waves_of
from ledgerflux.deploy.minikube.wish import Wish
from ledgerflux.deploy.plan import Plan
from ledgerflux.deploy.programs import find_program
from ledgerflux.settings.places import cache_dir


def objects_of(wish: Wish, root: Path, tag: str) -> list[Object]:
    """Return what would be applied, in the order of the waves.

    Raises:
        StackError: It can't be rendered, or a check refuses it.
    """
    with tempfile.TemporaryDirectory() as folder:
        objects = parsed(rendered(root, wish.profile, tag, Path(folder)))
    waves = waves_of(objects, monitoring=wish.monitoring)
    kept = [one for wave in waves for one in wave.objects]
    require_sound(kept, wish.profile)
    return kept


def dry_run(wish: Wish, root: Path, tag: str, timeout_s: float) -> Plan:
    """Return the plan; asks minikube what there is, and writes only the rendered file.

    Raises:
        LedgerFluxError: A real run would end with it, too.
    """
    objects = objects_of(wish, root, tag)
    file = cache_dir(os.environ) / "rendered" / f"{wish.profile}-{tag}.yaml"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(dumped(objects))
    waves = waves_of(objects, monitoring=wish.monitoring)
    services = {one["metadata"]["name"] for one in objects if one["kind"] == "Service"}
    forwards = forwards_of(wish, services, lambda asked, usual: asked or usual)
    seen = _seen(wish, root, tag)
    return plan_of(wish, seen, waves, forwards, str(file), timeout_s)


def _seen(wish: Wish, root: Path, tag: str) -> Seen:
    """Return what there is; without minikube a plan is made as if there were nothing."""
    nothing = Seen(None, running=False, tag=tag, has_image=False, root=str(root))
    if not wish.ours or find_program("minikube") is None:
        return nothing
    return see(Minikube(), wish, tag, root)

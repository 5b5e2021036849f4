import pytest
from engine import an_engine, need_images
from minikube_world import machine, real_gateway, small_checkout

__all__ = ["engine", "machine", "real_gateway", "small_checkout"]


@pytest.fixture(scope="session")
def engine():
    """Yield a Docker Engine that has our images."""
    with an_engine() as found:
        need_images(found)
        yield found

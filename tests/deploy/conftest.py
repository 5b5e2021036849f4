import pytest
from engine import an_engine, need_images


@pytest.fixture(scope="session")
def engine():
    """Yield a Docker Engine that has our images."""
    with an_engine() as found:
        need_images(found)
        yield found

"""Memory as programs write it, and as people read it."""


def gigabytes(memory_mb: int) -> str:
    """Return `8192` MB as minikube's flag takes it: `8g`, else `7900m`."""
    return f"{memory_mb // 1024}g" if memory_mb % 1024 == 0 else f"{memory_mb}m"

"""How long to wait before the next try: full jitter, forgotten only after calm."""

NANOS = 1_000_000_000


class Backoff:
    """Delays that grow by doubling from `base_s` to `cap_s`, each drawn from 0 to its bound.

    Success alone resets nothing: a venue that lets us in and throws us out again would be
    stormed. Only `calm_s` of clean data does, from the first clean frame after the last
    failure or doubt on.

    Source: "full jitter", Exponential Backoff And Jitter, AWS Architecture Blog.
    """

    def __init__(self, *, base_s: float = 0.25, cap_s: float = 30.0, calm_s: float = 60.0) -> None:
        self._base_s = base_s
        self._cap_s = cap_s
        self._calm_ns = int(calm_s * NANOS)
        self._failures = 0
        self._clean_since_ns: int | None = None

    @property
    def failures(self) -> int:
        """Return how many failures count now."""
        return self._failures

    def fail(self, random: float, *, floor_s: float = 0.0) -> float:
        """Count a failure and return seconds to wait, `floor_s` and what is drawn.

        `random` is drawn from [0, 1).
        """
        self.doubt()
        bound_s = min(self._cap_s, self._base_s * float(1 << min(self._failures, 30)))
        self._failures += 1
        return floor_s + bound_s * random

    def doubt(self) -> None:
        """Note data that are not clean: calm begins anew with the next clean frame."""
        self._clean_since_ns = None

    def clean(self, now_ns: int) -> None:
        """Note clean data at `now_ns` (monotonic)."""
        if self._clean_since_ns is None:
            self._clean_since_ns = now_ns
        elif now_ns - self._clean_since_ns >= self._calm_ns:
            self._failures = 0

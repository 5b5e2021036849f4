"""Properties are judged by what they say, never by how long a busy machine took."""

from hypothesis import HealthCheck, settings

settings.register_profile("ledgerflux", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("ledgerflux")

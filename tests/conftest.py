"""Settings of the whole suite: no test fails because the machine is busy, so examples have no deadline."""

from hypothesis import settings

settings.register_profile("house", deadline=None)
settings.load_profile("house")

"""Shared by all tests: the fixtures of the project's own plugin are there already; pytester tests the plugin itself."""

from hypothesis import settings

pytest_plugins = ["pytester"]

# A busy machine is no failure: no test asserts a duration.
settings.register_profile("ucmsim", deadline=None)
settings.load_profile("ucmsim")

"""Shared by all tests: the fixtures of the project's own plugin are there already; pytester tests the plugin itself."""

pytest_plugins = ["pytester"]

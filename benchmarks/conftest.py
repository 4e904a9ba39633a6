"""Benchmarks that take minutes run only when asked for: `pytest benchmarks -m long`."""

import pytest


def pytest_configure(config):
    config.addinivalue_line("markers", "long: takes minutes and gigabytes; runs only with -m long")


def pytest_collection_modifyitems(config, items):
    if config.option.markexpr:
        return
    for item in items:
        if item.get_closest_marker("long"):
            item.add_marker(pytest.mark.skip(reason="takes minutes: run it with -m long"))

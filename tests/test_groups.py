"""Groups run in one process each: with a pytest too new for it pytest-xdist forgot them."""

from __future__ import annotations

import pytest


@pytest.mark.xdist_group("together")
def test_a_group_is_known(request: pytest.FixtureRequest) -> None:
    if not request.config.getoption("loadgroup", False):
        pytest.skip("nothing runs side by side, or not in groups")
    assert request.node.nodeid.endswith("@together")

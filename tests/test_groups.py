"""What must not run side by side doesn't: pytest-xdist forgot its groups with a pytest too new for it."""

from __future__ import annotations

import pytest


@pytest.mark.xdist_group("together")
def test_a_group_is_known(request: pytest.FixtureRequest) -> None:
    if not request.config.getoption("loadgroup", False):
        pytest.skip("nothing runs side by side, or not in groups")
    assert request.node.nodeid.endswith("@together")

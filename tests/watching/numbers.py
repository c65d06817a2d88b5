"""The text that Prometheus reads, taken apart by its own parser."""

from __future__ import annotations

from prometheus_client.parser import text_string_to_metric_families


class Numbers:
    """What /metrics says."""

    def __init__(self, text: str) -> None:
        self.families = list(text_string_to_metric_families(text))
        self.samples = [sample for family in self.families for sample in family.samples]

    def __call__(self, name: str, **labels: str) -> float:
        """The sum of all samples of that name that have these labels."""
        return sum(
            sample.value
            for sample in self.samples
            if sample.name == f"frontdesk_{name}" and labels.items() <= sample.labels.items()
        )

    def labels(self) -> set[str]:
        """Every value of every label."""
        return {value for sample in self.samples for value in sample.labels.values()}

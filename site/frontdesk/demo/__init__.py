"""A site full of people, files and history: for looking at, and for tests."""

from frontdesk.demo.story import Filled, fill, others

__all__ = ["Filled", "fill", "others"]

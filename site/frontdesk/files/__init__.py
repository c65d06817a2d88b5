"""The files place: what members keep, and how it comes in and goes out."""

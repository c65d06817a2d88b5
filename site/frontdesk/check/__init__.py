"""The site tests its own set-up: from outside, as a stranger through the real proxy, and inside."""

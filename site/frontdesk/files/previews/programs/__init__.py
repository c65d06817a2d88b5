"""Programs that run in a process of their own, by ``frontdesk.sandbox``; nothing imports them."""

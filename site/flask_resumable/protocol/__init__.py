"""Headers and statuses; knows neither files nor sockets."""

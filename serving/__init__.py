"""How a process serves: connections, proxies, health, start and stop."""

"""Attacks on a running server, and their cost for the server and for other clients."""

"""Requesting, shipping and receiving transfers."""

"""Connections, pools and replicas of PostgreSQL."""

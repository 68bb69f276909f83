"""Bulk operations and webhooks."""

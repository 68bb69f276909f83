"""Comparing levels with movements, holds, documents and serial numbers."""

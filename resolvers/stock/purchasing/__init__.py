"""Suppliers, purchase orders and supplier returns."""

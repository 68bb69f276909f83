"""Transfers, purchase orders, supplier returns and stocktakes: tables and rules."""

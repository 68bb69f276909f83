"""Levels, the ledger, holds, backorders, serial numbers, costs and their rules."""

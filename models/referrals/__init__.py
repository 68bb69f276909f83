"""Referral bindings, share links and commissions."""

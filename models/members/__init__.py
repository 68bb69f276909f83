"""Members, their tiers, cards and phone indexes."""

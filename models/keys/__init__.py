"""Keys that encrypt and keys that sign."""

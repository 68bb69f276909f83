"""Column kinds and bulk statements for all tables."""

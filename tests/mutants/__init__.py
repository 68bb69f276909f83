"""Mutation testing of pure rules and guards: `make mutants`."""

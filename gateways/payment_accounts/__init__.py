"""The file of merchants' accounts at payment providers: numbers and paths of key files."""

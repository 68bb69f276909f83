"""Normal forms of text, codes, phone numbers and addresses."""

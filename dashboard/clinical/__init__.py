"""The clinical record: histories and session notes, sealed before they reach the database."""

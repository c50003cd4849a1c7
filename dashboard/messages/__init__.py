"""Messages to patients: what is to be said to whom when, and what became of it. Without a clinical word."""

"""The waiting list: who waits for what, and freed hours offered to one person after the other, never to two at once."""

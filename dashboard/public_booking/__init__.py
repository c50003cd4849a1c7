"""Public booking: what is open to visitors, their requests, and the letters to them."""

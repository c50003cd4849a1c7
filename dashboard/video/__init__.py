"""Video calls: the links of online sessions, whether each session is ready, and what is shared in it."""

"""What visitors see: pages drawn by the server, without scripts and without a session."""

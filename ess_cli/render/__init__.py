"""What the user sees: formats, columns, and the terminal. Knows nothing of the service."""

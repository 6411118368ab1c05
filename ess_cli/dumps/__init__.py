"""The files that the service makes: the notice that one is there, where it lies, how it is kept."""

"""What we train: the job contract, data checks, memory, methods and launchers."""

"""REST: the use cases for programs, with one shape of error and a description that is tested."""

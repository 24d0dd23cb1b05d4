"""What people touch: web pages, REST, command line and storage; the only place that wires."""

"""What `python -m realtime.bench` measures, one module per subcommand."""

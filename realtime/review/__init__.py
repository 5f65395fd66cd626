"""What was found, looked at by a person: sessions, candidates, evidence and decisions, kept and exported."""

"""What a run writes: tables of events, signal and summary, and the documents made from them."""

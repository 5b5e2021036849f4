"""How we speak: subjects, records, gateway messages."""

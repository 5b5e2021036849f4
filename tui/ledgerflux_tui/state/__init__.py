"""What the screens know: plain values, conflated and bounded, without a terminal."""

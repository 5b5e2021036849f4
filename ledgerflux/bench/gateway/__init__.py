"""`lf bench gateway`: the gateway beside other WebSocket servers, one sink for all."""

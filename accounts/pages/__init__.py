"""What pages share: where they lead on to, and what waits to be sent or said."""

"""Where accounts stand on the curve, and how they came there."""

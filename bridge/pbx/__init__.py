"""What adapters to PBXs share: following the events, the PBX's clock, health, recordings."""

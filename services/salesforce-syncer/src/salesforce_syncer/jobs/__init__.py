"""What runs by itself: the one writer, resyncs, the nightly proof."""

"""The learner's own desk: progress, own digits, saving one's work, the self-test of the set-up."""

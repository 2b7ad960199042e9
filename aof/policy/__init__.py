"""What agents may change: policies are loaded here, and a question is answered by a rule."""

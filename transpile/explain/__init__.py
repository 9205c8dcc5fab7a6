"""What a rule means and what it becomes, for people who read about it."""

"""What is known of each customer at the end of a week."""

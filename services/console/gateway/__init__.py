"""What the console asks of others: the broker about its topics, the services about their health, the mail catcher."""

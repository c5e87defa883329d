"""What starts and watches the processes of an embedded deployment, and shows it at work."""

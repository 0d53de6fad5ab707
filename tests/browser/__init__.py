"""The program as people meet it: a real Chromium against the real server with the demonstration loaded."""

"""The tests: rules without an application, pages and queries on SQLite and PostgreSQL, and the program in a real browser."""

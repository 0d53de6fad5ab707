# Every target is a function of deploy/setup.py; `make` alone lists them. No shell but /bin/sh is needed.
PYTHON ?= python3

help run test lint bench lock migrate routes:
	@exec $(PYTHON) deploy/setup.py $@

.DEFAULT_GOAL := help
.PHONY: help run test lint bench lock migrate routes

# make run [ARGS="..."]   the environment, then python -m realtime.cam
# make test               the environment, then every check and test
# make gpu                the environment with TensorRT
# The environment is .venv; it is made again only when a requirement file changes.

PYTHON_IN_VENV := .venv/bin/python
ARGS ?=

.PHONY: run test gpu

run:
	@sh setup/environment.sh run
	@$(PYTHON_IN_VENV) -m realtime.cam $(ARGS)

test:
	@sh setup/environment.sh dev
	$(PYTHON_IN_VENV) -m ruff check .
	$(PYTHON_IN_VENV) -m ruff format --check .
	$(PYTHON_IN_VENV) -m mypy
	$(PYTHON_IN_VENV) -m pytest

gpu:
	@sh setup/environment.sh gpu

# make run [ARGS="..."]   the environment, then python -m realtime.cam
# make web [ARGS="..."]   the environment, then python -m realtime.web
# make test               the environment, then every check and test
# make gpu                the environment with TensorRT
# Each room's tests have a process of their own: native libraries share less, and a crash names its room.
# The environment is .venv; it is made again only when a requirement file changes.

PYTHON_IN_VENV := .venv/bin/python
ARGS ?=

.PHONY: run web test gpu

run:
	@sh setup/environment.sh run
	@$(PYTHON_IN_VENV) -m realtime.cam $(ARGS)

web:
	@sh setup/environment.sh run
	@$(PYTHON_IN_VENV) -m realtime.web $(ARGS)

test:
	@sh setup/environment.sh dev
	$(PYTHON_IN_VENV) -m ruff check .
	$(PYTHON_IN_VENV) -m ruff format --check .
	$(PYTHON_IN_VENV) -m mypy
	$(PYTHON_IN_VENV) -m pytest tests/realtime
	$(PYTHON_IN_VENV) -m pytest tests/engine
	$(PYTHON_IN_VENV) -m pytest tests/train tests/calibration
	$(PYTHON_IN_VENV) -m pytest tests/e2e tests/setup tests/test_imports.py tests/test_commands.py

gpu:
	@sh setup/environment.sh gpu

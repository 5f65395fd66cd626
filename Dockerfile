# Flinch on the CPU. Build: docker build -t flinch .
# A webcam with a window, or a file without one: see README.md.
FROM python:3.11-slim-bookworm

# What the wheels of OpenCV, its window and Numba load from the system; the same list as setup/environment.py.
RUN apt-get update -q \
    && apt-get install -q -y --no-install-recommends libgl1 libglib2.0-0 libgomp1 libsm6 libice6 libxext6 \
    && rm -rf /var/lib/apt/lists/*

RUN useradd --create-home --uid 1000 flinch && usermod -a -G video flinch
WORKDIR /app
COPY requirements.txt ./
RUN pip install --no-cache-dir -r requirements.txt

COPY --chown=flinch engine ./engine
COPY --chown=flinch realtime ./realtime
COPY --chown=flinch calibration ./calibration

# Compiled kernels and built engines outlive the container where /cache is a volume.
ENV PYTHONUNBUFFERED=1 NUMBA_CACHE_DIR=/cache/numba FLINCH_CACHE=/cache/engines
RUN mkdir -p /cache /out && chown flinch /cache /out
USER flinch
VOLUME ["/cache", "/out"]
ENTRYPOINT ["python", "-m", "realtime.cam"]
CMD ["--source", "demo", "--headless", "--out", "/out", "--max-seconds", "30"]

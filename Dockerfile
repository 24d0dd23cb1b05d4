FROM python:3.12.12-slim-bookworm AS base

ENV PYTHONUNBUFFERED=1 \
    PIP_NO_CACHE_DIR=1 \
    PIP_DISABLE_PIP_VERSION_CHECK=1

# Everything that is kept lies in the home of the one user: a volume, not the image.
RUN useradd --system --create-home --home-dir /srv/formfact formfact
WORKDIR /src
COPY . .

FROM base AS worker
ARG TORCH_INDEX=https://download.pytorch.org/whl/cpu
RUN pip install --index-url "$TORCH_INDEX" torch==2.13.0 \
    && pip install --constraint constraints.txt '.[server,postgres,train]'
USER formfact
WORKDIR /srv/formfact
VOLUME /srv/formfact
CMD ["formfact", "worker"]

# The last stage is what a build without a target makes.
FROM base AS web
RUN pip install --constraint constraints.txt '.[server,retrieval,postgres]'
USER formfact
WORKDIR /srv/formfact
VOLUME /srv/formfact

EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s \
    CMD ["python", "-c", "import urllib.request as u; u.urlopen('http://127.0.0.1:8000/health/ready', timeout=2)"]

# The container's own address is reached through a published port alone.
ENV FORMFACT_ALLOW_REMOTE=true

# Serving applies the outstanding migrations first.
CMD ["formfact", "serve", "--host", "0.0.0.0", "--port", "8000"]

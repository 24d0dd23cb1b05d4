FROM python:3.12-slim

ENV PYTHONUNBUFFERED=1 \
    PIP_NO_CACHE_DIR=1 \
    PIP_DISABLE_PIP_VERSION_CHECK=1

WORKDIR /src
COPY . .
RUN pip install --constraint constraints.txt '.[server,postgres]' \
    && useradd --system --create-home --home-dir /srv/formfact formfact

# What is written without a database URL lands in the home of the one user, not in the image.
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

FROM python:3.13-slim
RUN apt-get update \
    && apt-get install --yes --no-install-recommends tini \
    && rm -rf /var/lib/apt/lists/*
COPY pyproject.toml README.md LICENSE /src/
COPY cronterm /src/cronterm
RUN pip install --no-cache-dir /src && rm -r /src
COPY jobs.example.yaml /etc/cronterm/jobs.yaml
ENV CRONTERM_FILE=/etc/cronterm/jobs.yaml CRONTERM_STATE_DIR=/var/lib/cronterm
VOLUME /var/lib/cronterm
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --timeout=5s CMD ["cronterm", "status", "--json"]
# tini reaps what jobs leave behind. `docker exec -it NAME cronterm` opens the screen.
ENTRYPOINT ["tini", "--", "cronterm"]
CMD ["--headless"]

# The site in a container: `docker compose up` builds and starts it. The same image serves web and worker.
FROM python:3.11-slim-bookworm AS packages
COPY requirements.txt .
RUN python -m venv /venv && /venv/bin/pip install --no-cache-dir --require-hashes -r requirements.txt

FROM python:3.11-slim-bookworm
RUN useradd --uid 1000 --home-dir /site --shell /usr/sbin/nologin site
WORKDIR /site
COPY --from=packages /venv /venv
COPY manage.py ./
COPY studygroup studygroup
COPY sessions_app sessions_app
COPY members members
COPY outbox outbox
COPY templates templates
COPY static static
COPY demonstration demonstration
ENV PATH=/venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1
# Collecting needs settings that load, and uses neither the key nor the database.
RUN SECRET_KEY=build DATABASE_URL=postgres://build@localhost/build python manage.py collectstatic --noinput
# A new volume takes over the owner of the folder that it is mounted on.
RUN install -d -o site -g site /data
USER site
EXPOSE 8000
CMD ["gunicorn", "studygroup.wsgi:application", "--bind", "0.0.0.0:8000", "--workers", "2", "--threads", "4"]

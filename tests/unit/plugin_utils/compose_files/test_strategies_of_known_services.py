"""The update strategy of services as teams write them: jobs, workers, schedulers, bots, and what only looks like one.

In doubt the strategy is one with downtime: two schedulers at once do damage that nobody notices.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.compose_projects import release_of

#: By strategy: the name of a service, and its keys besides the image, which is that of an application if not given.
SERVICES: dict[str, list[tuple[str, str]]] = {
    "oneshot": [
        ("create-site", "command: [sh, -c, echo done], deploy: {restart_policy: {condition: none}}"),
        ("configurator", "entrypoint: [bash, -c], command: ['ls apps > a; bench set-config x'], restart: 'no'"),
        ("tables", "command: python load_tables.py, deploy: {restart_policy: {condition: none}}"),
        ("permissions", "image: 'busybox:1', command: chown -R 1000 /data"),
        ("buckets", "image: 'minio/mc:1', entrypoint: /bin/sh -c 'mc alias set a http://s3; mc mb a/files; exit 0'"),
        ("topics", "image: 'kafka:4', command: kafka-topics.sh --create --topic a, restart: on-failure"),
        ("static", "command: python manage.py collectstatic --noinput"),
        ("assets", "image: 'node:22', command: npm run build, restart: on-failure"),
        ("schema", "command: bundle exec rails db:prepare, restart: on-failure"),
        ("tenants", "command: 'sh -c \"until nc -z db 5432; do sleep 1; done; python manage.py migrate_schemas\"'"),
        ("prisma", "command: npx prisma migrate deploy"),
        ("artisan", "command: php artisan migrate --force, restart: on-failure"),
        ("users", "image: 'postgres:17', command: psql -h db -f /users.sql, restart: on-failure"),
        ("index", "image: 'curlimages/curl:8', command: [curl, -X, PUT, 'http://search:9200/shop']"),
        ("init-storage", "command: /app/storage.sh"),
        ("db-migrate", "restart: on-failure"),
        ("report", "command: bundle exec rails runner 'Report.send_all', restart: 'no'"),
        ("worker-setup", "command: /setup.sh, restart: 'no'"),
        ("fixtures", "command: sh -c 'for f in /sql/*.sql; do psql -f $$f; done', image: 'postgres:17'"),
    ],
    "singleton": [
        ("tick", "command: celery -A shop beat -l info"),
        ("all-in-one", "command: celery -A shop worker -B -l info"),
        ("both", "command: celery -A shop worker -EB --concurrency=2"),
        ("all-of-it", "command: 'celery --app shop worker --beat --scheduler django'"),
        ("jobs", "command: rq worker --with-scheduler high low"),
        ("planner", "command: rqscheduler --host redis"),
        ("timed", "command: python manage.py rqscheduler"),
        ("laravel-time", "command: php artisan schedule:work, restart: always"),
        ("clockwork", "command: bundle exec clockwork lib/clock.rb"),
        ("resque-time", "command: bundle exec rake resque:scheduler"),
        ("air", "command: airflow scheduler"),
        ("dagster", "command: dagster-daemon run"),
        ("tasks-time", "command: taskiq scheduler shop.tasks:scheduler"),
        ("periodic", "command: periodiq shop.tasks"),
        ("small", "command: huey_consumer.py shop.huey -w 4"),
        ("jobs-of-linux", "command: crond -f -l 2"),
        ("jobs-of-debian", "command: [cron, -f]"),
        ("tab", "entrypoint: supercronic, command: /etc/crontab"),
        ("docker-jobs", "image: 'mcuadros/ofelia:1', command: daemon --docker"),
        ("node-time", "image: 'node:22', command: node dist/cron.js"),
        ("node-clock", "image: 'node:22', command: npm run scheduler"),
        ("script", "command: bundle exec rails runner lib/poll.rb, restart: always"),
        ("cluster", "command: python manage.py qcluster"),
        ("own-entry", "command: ./docker-entrypoint-beat.sh"),
        ("scripted", "command: /app/docker-bootstrap.sh beat"),
        ("symfony-time", "command: php bin/console messenger:consume scheduler_default"),
        ("dotnet-time", "command: dotnet Acme.Scheduler.dll"),
        ("renewal", "image: 'certbot/certbot:3', command: 'sh -c \"while :; do certbot renew; sleep 12h; done\"'"),
        ("backup", "command: \"bash -c 'while true; do /backup.sh; sleep 86400; done'\", restart: always"),
        ("clock", "restart: always"),
        ("scheduler", "ports: ['8080:8080']"),
        ("shop-cron", "command: [/run.sh]"),
        ("celerybeat", "restart: always"),
        ("queue", "image: 'acme/queue:1'"),
        ("slack-bot", "command: node index.js"),
        ("helper", "command: python bot.py"),
        ("sentry-cron", "image: 'acme/sentry:1', command: run cron"),
    ],
    "drain": [
        ("a", "command: celery -A shop worker -l DEBUG -Q cron -n scheduler@%h"),
        ("b", "command: celery -A shop worker -lDEBUG"),
        ("c", "command: rq worker high default low"),
        ("d", "command: python manage.py rqworker default"),
        ("e", "command: bundle exec sidekiq -C config/scheduler.yml"),
        ("f", "command: php artisan queue:work --tries=3"),
        ("g", "command: php artisan queue:listen"),
        ("h", "command: php artisan horizon"),
        ("i", "command: dramatiq shop.tasks"),
        ("j", "command: arq shop.Settings"),
        ("k", "command: taskiq worker shop.tasks:broker"),
        ("l", "command: bundle exec rake resque:work"),
        ("m", "command: bundle exec rake jobs:work"),
        ("n", "command: bin/delayed_job run"),
        ("o", "command: bundle exec good_job start"),
        ("p", "command: bin/rails solid_queue:start"),
        ("q", "command: bin/jobs"),
        ("r", "image: 'node:22', command: node dist/worker.js, ports: ['9100:9100']"),
        ("s", "image: 'node:22', command: npm run worker"),
        ("t", "image: 'node:22', command: yarn start:consumer"),
        ("u", "image: 'node:22', command: pnpm --filter @acme/worker start"),
        ("v", "command: python -m shop.consumers.orders"),
        ("w", "command: php bin/console messenger:consume async -vv"),
        ("x", "image: 'n8nio/n8n:1', command: worker"),
        ("y", "command: dotnet Acme.Worker.dll"),
        ("z", "command: java -jar /app/mail-worker.jar"),
        ("aa", "command: [prefect, worker, start, --pool, default]"),
        ("ab", "command: huey_consumer.py shop.huey --no-periodic"),
        ("ac", "command: faktory_worker"),
        ("ad", "command: procrastinate --app=shop.app worker"),
        ("ae", "command: faust -A shop worker"),
        ("af", "command: /app/server worker"),
        ("ag", "command: celery -A shop beat, deploy: {replicas: 2}"),
        ("temporal-worker", "restart: always"),
        ("worker", "restart: unless-stopped"),
        ("worker-mail-2", "restart: always"),
        ("oban", "command: /app/bin/shop start"),
        ("sidekiq", "restart: always"),
        ("order-consumer", "restart: always"),
        ("worker-of-dev", "command: celery -A shop worker, restart: 'no'"),
    ],
    "rolling": [
        ("web", "command: gunicorn --worker-class uvicorn.workers.UvicornWorker shop.wsgi"),
        ("api", "command: uvicorn worker.api:app --workers 4"),
        ("waits", "command: sh -c 'while ! nc -z db 5432; do sleep 1; done; gunicorn shop.wsgi'"),
        ("flower", "command: celery -A shop flower"),
        ("rq-dashboard", "command: rq-dashboard --redis-url redis://redis"),
        ("scheduler-api", "command: node server.js"),
        ("worker-exporter", "command: /bin/exporter"),
        ("heartbeat", "command: node index.js"),
        ("robots", "command: node index.js"),
        ("certs", "command: /app/certbot-ui"),
        ("echoes", "image: 'acme/echo:1', command: echo-server --port 80"),
        ("dev-server", "command: python manage.py runserver 0.0.0.0:8000, restart: 'no'"),
        ("plain", "command: node server.js, restart: 'no'"),
        ("idle", "command: sleep infinity, restart: 'no'"),
        ("proxy", "image: 'nginx:1.30', restart: 'no'"),
        ("queue-wait", "command: wait-for-it.sh queue:5672 -- uvicorn shop:app"),
        ("again", "command: sh -c 'echo hello', restart: always"),
        ("replicated", "command: node index.js, deploy: {replicas: 2}"),
    ],
    "stateful": [
        ("db", "image: 'postgres:17', restart: 'no'"),
        ("broker", "image: 'rabbitmq:4', deploy: {restart_policy: {condition: none}}"),
        ("worker-files", "volumes: ['own:/data']"),
    ],
}
CASES = [(name, keys, strategy) for strategy, services in SERVICES.items() for name, keys in services]


@pytest.mark.parametrize(("name", "keys", "strategy"), CASES, ids=[f"{case[2]}: {case[1]}" for case in CASES])
def test_a_service_has_the_strategy_that_does_no_damage(tmp_path: Path, name: str, keys: str, strategy: str) -> None:
    image = "" if "image:" in keys else "image: 'acme/shop:1', "
    release = release_of(f"services:\n  {name}: {{{image}{keys}}}\nvolumes: {{own: }}\n", tmp_path)
    assert release.services[name]["class"] == strategy, release.notes[name]


def test_the_reason_has_the_words_of_the_file(tmp_path: Path) -> None:
    text = "services: {job: {image: 'a:1', deploy: {restart_policy: {condition: none}}}}"
    assert release_of(text, tmp_path).notes["job"] == [
        "is oneshot, because its deploy.restart_policy.condition is none"
    ]

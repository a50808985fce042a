"""Repositories as teams have them, by file: what ``playbooks/init.yml`` writes a first inventory for."""

from __future__ import annotations

#: A value of an env file. No file of an inventory may have it.
KNOWN = "hunter22x"
_TEMPLATE = """\
services:
  db:
    image: postgres:17
    volumes: [app-db-data:/var/lib/postgresql/data]
    env_file: [.env]
    environment: ["POSTGRES_PASSWORD=${POSTGRES_PASSWORD?Variable not set}"]
  adminer: {image: adminer, labels: ["traefik.http.routers.a.rule=Host(`adminer.${DOMAIN}`)"]}
  prestart:
    image: "${DOCKER_IMAGE_BACKEND?Variable not set}:${TAG-latest}"
    build: {context: ./backend}
    command: bash scripts/prestart.sh
    env_file: [.env]
  backend:
    image: "${DOCKER_IMAGE_BACKEND?Variable not set}:${TAG-latest}"
    build: {context: ./backend}
    networks: [traefik-public, default]
    depends_on: {db: {condition: service_started}, prestart: {condition: service_completed_successfully}}
    env_file: [.env]
    environment: ["FRONTEND_HOST=${FRONTEND_HOST}", POSTGRES_SERVER=db, "SMTP_PASSWORD=${SMTP_PASSWORD}"]
    healthcheck: {test: [CMD, curl, -f, "http://localhost:8000/health"]}
    labels:
      - traefik.http.services.b.loadbalancer.server.port=8000
      - traefik.http.routers.b.rule=Host(`api.${DOMAIN?Variable not set}`)
  frontend:
    build: {context: ./frontend, args: ["VITE_API_URL=https://api.${DOMAIN}"]}
    networks: [traefik-public, default]
    labels:
      - traefik.http.services.f.loadbalancer.server.port=80
      - traefik.http.routers.f.rule=Host(`dashboard.${DOMAIN}`)
volumes: {app-db-data: {}}
networks: {traefik-public: {external: true}}
"""
_DJANGO = """\
services:
  db:
    image: postgres:16
    environment: {POSTGRES_DB: shop, POSTGRES_USER: shop, POSTGRES_PASSWORD: hunter22x}
    ports: ["5432:5432"]
    volumes: ["./pgdata:/var/lib/postgresql/data"]
  web:
    build: ./web
    command: sh -c "python manage.py migrate && gunicorn shop.wsgi:application --bind 0.0.0.0:8000"
    volumes: ["./web:/code"]
    ports: ["8000:8000"]
    env_file: [.env.prod]
    environment: {DATABASE_URL: "postgres://shop:hunter22x@db:5432/shop", DEBUG: "1"}
  nginx:
    image: nginx:1.27
    ports: ["80:80"]
    volumes: ["./nginx/default.conf:/etc/nginx/conf.d/default.conf:ro"]
"""
_NODE = """\
name: board
services:
  db:
    image: "mysql:${MYSQL_VERSION}"
    environment: {MYSQL_ROOT_PASSWORD: "${MYSQL_ROOT_PASSWORD}"}
    healthcheck: {test: ["CMD", "mysqladmin", "ping", "-p${MYSQL_ROOT_PASSWORD}"]}
    volumes: ["data:/var/lib/mysql"]
  api:
    build: {context: ./api, target: development}
    volumes: ["./api:/app", "/app/node_modules"]
    ports: ["3000:3000", "9229:9229"]
    environment:
      DATABASE_URL: "mysql://root:${MYSQL_ROOT_PASSWORD}@db:3306/board"
      OPENAI_API_KEY: ${OPENAI_API_KEY}
      PUBLIC_URL: http://localhost:3000
  web: {build: ./web, ports: ["8080:80"], labels: {team: "${TEAM}"}}
  metrics: {image: "grafana/grafana:11.0.0", ports: ["3001:3000"], volumes: ["/srv/certs:/certs:ro"]}
  storybook: {image: "node:22", command: npm run storybook, profiles: [dev]}
volumes: {data: {}}
"""
PROJECTS: dict[str, dict[str, str]] = {
    "template": {
        "docker-compose.yml": _TEMPLATE,
        "docker-compose.override.yml": "services: {proxy: {image: 'traefik:3.0', ports: ['80:80']}}\n",
        ".env": "DOMAIN=localhost\nFRONTEND_HOST=http://localhost:5173\nENVIRONMENT=local\nSECRET_KEY=changethis\n"
        "FIRST_SUPERUSER_PASSWORD=changethis\nSMTP_PASSWORD=\nPOSTGRES_PASSWORD=changethis\nPOSTGRES_USER=app\n"
        f"STRIPE_API_KEY={KNOWN}\nDOCKER_IMAGE_BACKEND=backend\n",
        "backend/Dockerfile": 'FROM python:3.12\nCMD ["fastapi", "run", "app/main.py"]\n',
        "backend/alembic.ini": "[alembic]\n",
        "backend/scripts/prestart.sh": "alembic upgrade head\n",
        "frontend/Dockerfile": "FROM node:22 AS build\nFROM nginx:1.27\n",
    },
    "django": {
        "docker-compose.yml": _DJANGO,
        ".env.prod.example": "SECRET_KEY=\nALLOWED_HOSTS=localhost\n",
        "web/Dockerfile": "FROM python:3.12-slim\nEXPOSE 8000\n",
        "web/manage.py": "\n",
        "nginx/default.conf": "server { listen 80; location / { proxy_pass http://web:8000; } }\n",
    },
    "node": {
        "compose.yaml": _NODE,
        ".env.example": "MYSQL_VERSION=8.4\nMYSQL_ROOT_PASSWORD=change-me\nOPENAI_API_KEY=\n",
        "api/Dockerfile": "FROM node:22 AS development\nFROM node:22 AS production\nEXPOSE 3000\n"
        'CMD ["node", "dist/main.js"]\n',
        "api/prisma/schema.prisma": "\n",
        "web/Dockerfile": "FROM nginx:1.27\n",
    },
}

job "paperless" {
  datacenters = ["dc1"]
  type        = "service"

  group "paperless" {
    network {
      mode = "bridge"

      port "http" {
        static = 8010
        to     = 8000
      }
    }

    volume "broker-data" {
      type   = "host"
      source = "paperless-broker-data"
    }

    volume "db-data" {
      type   = "host"
      source = "paperless-db-data"
    }

    volume "webserver-consume" {
      type   = "host"
      source = "paperless-webserver-consume"
    }

    volume "webserver-data" {
      type   = "host"
      source = "paperless-webserver-data"
    }

    volume "webserver-export" {
      type   = "host"
      source = "paperless-webserver-export"
    }

    volume "webserver-media" {
      type   = "host"
      source = "paperless-webserver-media"
    }

    restart {
      attempts = 3
      interval = "5m"
      delay    = "15s"
      mode     = "delay"
    }

    service {
      name         = "broker"
      provider     = "nomad"
      port         = "6379"
      address_mode = "alloc"

      check {
        type         = "tcp"
        port         = "6379"
        address_mode = "alloc"
        interval     = "30s"
        timeout      = "5s"
      }
    }

    service {
      name         = "db"
      provider     = "nomad"
      port         = "5432"
      address_mode = "alloc"

      check {
        type         = "tcp"
        port         = "5432"
        address_mode = "alloc"
        interval     = "30s"
        timeout      = "5s"
      }
    }

    service {
      name         = "gotenberg"
      provider     = "nomad"
      port         = "3000"
      address_mode = "alloc"

      check {
        type         = "http"
        path         = "/health"
        port         = "3000"
        address_mode = "alloc"
        interval     = "30s"
        timeout      = "5s"
      }
    }

    service {
      name         = "tika"
      provider     = "nomad"
      port         = "9998"
      address_mode = "alloc"

      check {
        type         = "http"
        path         = "/tika"
        port         = "9998"
        address_mode = "alloc"
        interval     = "30s"
        timeout      = "5s"
      }
    }

    service {
      name     = "webserver"
      provider = "nomad"
      port     = "http"
      tags = [
        "traefik.enable=true",
        "traefik.http.routers.webserver.rule=Host(`paperless.example.org`)",
      ]

      check {
        type     = "http"
        path     = "/"
        interval = "30s"
        timeout  = "10s"
      }
    }

    task "broker" {
      driver = "docker"

      config {
        image = "docker.io/library/redis:8"
        extra_hosts = [
          "broker:127.0.0.1",
          "db:127.0.0.1",
          "gotenberg:127.0.0.1",
          "paperless-broker-1:127.0.0.1",
          "paperless-db-1:127.0.0.1",
          "paperless-gotenberg-1:127.0.0.1",
          "paperless-tika-1:127.0.0.1",
          "paperless-webserver-1:127.0.0.1",
          "tika:127.0.0.1",
          "webserver:127.0.0.1",
        ]
      }

      volume_mount {
        volume      = "broker-data"
        destination = "/data"
      }

      resources {
        memory = 512
      }
    }

    task "db" {
      driver = "docker"

      config {
        image = "docker.io/library/postgres:17"
        extra_hosts = [
          "broker:127.0.0.1",
          "db:127.0.0.1",
          "gotenberg:127.0.0.1",
          "paperless-broker-1:127.0.0.1",
          "paperless-db-1:127.0.0.1",
          "paperless-gotenberg-1:127.0.0.1",
          "paperless-tika-1:127.0.0.1",
          "paperless-webserver-1:127.0.0.1",
          "tika:127.0.0.1",
          "webserver:127.0.0.1",
        ]
      }

      env {
        POSTGRES_DB   = "paperless"
        POSTGRES_USER = "paperless"
      }

      template {
        data = <<EOT
{{- with nomadVar "nomad/jobs/paperless/paperless/db" }}
POSTGRES_PASSWORD={{ .POSTGRES_PASSWORD.Value | toJSON }}
{{- end }}
EOT
        destination = "secrets/env"
        env         = true
      }

      volume_mount {
        volume      = "db-data"
        destination = "/var/lib/postgresql/data"
      }

      resources {
        memory = 512
      }
    }

    task "gotenberg" {
      driver = "docker"

      config {
        image = "docker.io/gotenberg/gotenberg:8.20"
        args = [
          "gotenberg",
          "--chromium-disable-javascript=true",
          "--chromium-allow-list=file:///tmp/.*",
        ]
        extra_hosts = [
          "broker:127.0.0.1",
          "db:127.0.0.1",
          "gotenberg:127.0.0.1",
          "paperless-broker-1:127.0.0.1",
          "paperless-db-1:127.0.0.1",
          "paperless-gotenberg-1:127.0.0.1",
          "paperless-tika-1:127.0.0.1",
          "paperless-webserver-1:127.0.0.1",
          "tika:127.0.0.1",
          "webserver:127.0.0.1",
        ]
      }

      env {
        CHROMIUM_BIN_PATH = "/usr/bin/chromium"
      }

      resources {
        memory = 512
      }
    }

    task "tika" {
      driver = "docker"
      user   = "35002:35002"

      config {
        image = "docker.io/apache/tika:latest"
        entrypoint = [
          "/bin/sh",
          "-c",
          "exec java -cp \"/tika-server-standard-$${TIKA_VERSION}.jar:/tika-extras/*\" org.apache.tika.server.core.TikaServerCli -h 0.0.0.0 $0 $@",
        ]
        extra_hosts = [
          "broker:127.0.0.1",
          "db:127.0.0.1",
          "gotenberg:127.0.0.1",
          "paperless-broker-1:127.0.0.1",
          "paperless-db-1:127.0.0.1",
          "paperless-gotenberg-1:127.0.0.1",
          "paperless-tika-1:127.0.0.1",
          "paperless-webserver-1:127.0.0.1",
          "tika:127.0.0.1",
          "webserver:127.0.0.1",
        ]
      }

      resources {
        memory = 512
      }
    }

    task "webserver" {
      driver = "docker"

      config {
        image = "ghcr.io/paperless-ngx/paperless-ngx:latest"
        extra_hosts = [
          "broker:127.0.0.1",
          "db:127.0.0.1",
          "gotenberg:127.0.0.1",
          "paperless-broker-1:127.0.0.1",
          "paperless-db-1:127.0.0.1",
          "paperless-gotenberg-1:127.0.0.1",
          "paperless-tika-1:127.0.0.1",
          "paperless-webserver-1:127.0.0.1",
          "tika:127.0.0.1",
          "webserver:127.0.0.1",
        ]
      }

      env {
        PAPERLESS_DBHOST                  = "db"
        PAPERLESS_OCR_LANGUAGE            = "deu"
        PAPERLESS_REDIS                   = "redis://broker:6379"
        PAPERLESS_TIKA_ENABLED            = "1"
        PAPERLESS_TIKA_ENDPOINT           = "http://tika:9998"
        PAPERLESS_TIKA_GOTENBERG_ENDPOINT = "http://gotenberg:3000"
        PAPERLESS_TIME_ZONE               = "Europe/Berlin"
        PAPERLESS_URL                     = "https://paperless.example.org"
        USERMAP_GID                       = "1000"
        USERMAP_UID                       = "1000"
      }

      template {
        data = <<EOT
{{- with nomadVar "nomad/jobs/paperless/paperless/webserver" }}
PAPERLESS_SECRET_KEY={{ .PAPERLESS_SECRET_KEY.Value | toJSON }}
{{- end }}
EOT
        destination = "secrets/env"
        env         = true
      }

      volume_mount {
        volume      = "webserver-consume"
        destination = "/usr/src/paperless/consume"
      }

      volume_mount {
        volume      = "webserver-data"
        destination = "/usr/src/paperless/data"
      }

      volume_mount {
        volume      = "webserver-export"
        destination = "/usr/src/paperless/export"
      }

      volume_mount {
        volume      = "webserver-media"
        destination = "/usr/src/paperless/media"
      }

      resources {
        memory = 512
      }
    }
  }
}

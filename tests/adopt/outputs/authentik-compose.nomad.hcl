job "authentik" {
  datacenters = ["dc1"]
  type        = "service"

  group "authentik" {
    network {
      mode = "bridge"

      port "port9000" {
        static = 9000
        to     = 9000
      }

      port "port9443" {
        static = 9443
        to     = 9443
      }
    }

    volume "authentik-custom-templates" {
      type   = "host"
      source = "authentik-custom-templates"
    }

    volume "authentik-media" {
      type   = "host"
      source = "authentik-media"
    }

    volume "postgresql-data" {
      type   = "host"
      source = "authentik-postgresql-data"
    }

    volume "redis-data" {
      type   = "host"
      source = "authentik-redis-data"
    }

    volume "worker-certs" {
      type   = "host"
      source = "authentik-worker-certs"
    }

    restart {
      attempts = 3
      interval = "5m"
      delay    = "15s"
      mode     = "delay"
    }

    service {
      name         = "postgresql"
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
      name         = "redis"
      provider     = "nomad"
      port         = "6379"
      address_mode = "alloc"

      check {
        type         = "tcp"
        port         = "6379"
        address_mode = "alloc"
        interval     = "30s"
        timeout      = "3s"
      }
    }

    service {
      name     = "server"
      provider = "nomad"
      port     = "port9000"

      check {
        type     = "http"
        path     = "/-/health/live/"
        interval = "30s"
        timeout  = "5s"
      }
    }

    task "postgresql" {
      driver = "docker"

      config {
        image = "docker.io/library/postgres:16-alpine"
        extra_hosts = [
          "postgresql:127.0.0.1",
          "redis:127.0.0.1",
          "server:127.0.0.1",
          "worker:127.0.0.1",
        ]
      }

      env {
        POSTGRES_DB   = "authentik"
        POSTGRES_USER = "authentik"
      }

      template {
        data = <<EOT
{{- with nomadVar "nomad/jobs/authentik/authentik/postgresql" }}
POSTGRES_PASSWORD={{ .POSTGRES_PASSWORD.Value | toJSON }}
{{- end }}
EOT
        destination = "secrets/env"
        env         = true
      }

      volume_mount {
        volume      = "postgresql-data"
        destination = "/var/lib/postgresql/data"
      }

      resources {
        memory = 512
      }
    }

    task "redis" {
      driver = "docker"

      config {
        image = "docker.io/library/redis:alpine"
        args  = ["--save", "60", "1", "--loglevel", "warning"]
        extra_hosts = [
          "postgresql:127.0.0.1",
          "redis:127.0.0.1",
          "server:127.0.0.1",
          "worker:127.0.0.1",
        ]
      }

      volume_mount {
        volume      = "redis-data"
        destination = "/data"
      }

      resources {
        memory = 512
      }
    }

    task "server" {
      driver = "docker"

      config {
        image = "ghcr.io/goauthentik/server:2025.8.1"
        args  = ["server"]
        extra_hosts = [
          "postgresql:127.0.0.1",
          "redis:127.0.0.1",
          "server:127.0.0.1",
          "worker:127.0.0.1",
        ]
      }

      env {
        AUTHENTIK_POSTGRESQL__HOST = "postgresql"
        AUTHENTIK_POSTGRESQL__NAME = "authentik"
        AUTHENTIK_POSTGRESQL__USER = "authentik"
        AUTHENTIK_REDIS__HOST      = "redis"
      }

      template {
        data = <<EOT
{{- with nomadVar "nomad/jobs/authentik/authentik/server" }}
AUTHENTIK_POSTGRESQL__PASSWORD={{ .AUTHENTIK_POSTGRESQL__PASSWORD.Value | toJSON }}
AUTHENTIK_SECRET_KEY={{ .AUTHENTIK_SECRET_KEY.Value | toJSON }}
{{- end }}
EOT
        destination = "secrets/env"
        env         = true
      }

      volume_mount {
        volume      = "authentik-media"
        destination = "/media"
      }

      volume_mount {
        volume      = "authentik-custom-templates"
        destination = "/templates"
      }

      resources {
        memory = 512
      }
    }

    task "worker" {
      driver = "docker"
      user   = "root"

      config {
        image = "ghcr.io/goauthentik/server:2025.8.1"
        args  = ["worker"]
        extra_hosts = [
          "postgresql:127.0.0.1",
          "redis:127.0.0.1",
          "server:127.0.0.1",
          "worker:127.0.0.1",
        ]
      }

      env {
        AUTHENTIK_POSTGRESQL__HOST = "postgresql"
        AUTHENTIK_POSTGRESQL__NAME = "authentik"
        AUTHENTIK_POSTGRESQL__USER = "authentik"
        AUTHENTIK_REDIS__HOST      = "redis"
      }

      template {
        data = <<EOT
{{- with nomadVar "nomad/jobs/authentik/authentik/worker" }}
AUTHENTIK_POSTGRESQL__PASSWORD={{ .AUTHENTIK_POSTGRESQL__PASSWORD.Value | toJSON }}
AUTHENTIK_SECRET_KEY={{ .AUTHENTIK_SECRET_KEY.Value | toJSON }}
{{- end }}
EOT
        destination = "secrets/env"
        env         = true
      }

      volume_mount {
        volume      = "authentik-media"
        destination = "/media"
      }

      volume_mount {
        volume      = "worker-certs"
        destination = "/certs"
      }

      volume_mount {
        volume      = "authentik-custom-templates"
        destination = "/templates"
      }

      resources {
        memory = 512
      }
    }
  }
}

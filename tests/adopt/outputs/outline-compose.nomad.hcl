job "outline" {
  datacenters = ["dc1"]
  type        = "service"

  group "outline" {
    network {
      mode = "bridge"

      port "port6379" {
        static = 6379
        to     = 6379
      }

      port "port5432" {
        static = 5432
        to     = 5432
      }

      port "port3000" {
        static = 3000
        to     = 3000
      }

      port "http" {
        static = 80
        to     = 80
      }

      port "https" {
        static = 443
        to     = 443
      }
    }

    volume "https-portal-data" {
      type   = "host"
      source = "outline-https-portal-data"
    }

    volume "outline-data" {
      type   = "host"
      source = "outline-data"
    }

    volume "postgres-data" {
      type   = "host"
      source = "outline-postgres-data"
    }

    restart {
      attempts = 3
      interval = "5m"
      delay    = "15s"
      mode     = "delay"
    }

    service {
      name     = "redis"
      provider = "nomad"
      port     = "port6379"

      check {
        type     = "tcp"
        interval = "10s"
        timeout  = "30s"
      }
    }

    service {
      name     = "postgres"
      provider = "nomad"
      port     = "port5432"

      check {
        type     = "tcp"
        interval = "30s"
        timeout  = "20s"
      }
    }

    service {
      name     = "outline"
      provider = "nomad"
      port     = "port3000"

      check {
        type     = "tcp"
        interval = "30s"
        timeout  = "5s"
      }
    }

    service {
      name     = "https-portal"
      provider = "nomad"
      port     = "http"

      check {
        type     = "tcp"
        interval = "30s"
        timeout  = "20s"
      }
    }

    task "redis" {
      driver = "docker"

      config {
        image = "redis"
        args  = ["redis-server", "/redis.conf"]
        extra_hosts = [
          "https-portal:127.0.0.1",
          "outline:127.0.0.1",
          "postgres:127.0.0.1",
          "redis:127.0.0.1",
        ]
        volumes = ["local/redis-conf:/redis.conf:ro"]
      }

      env {
        FORCE_HTTPS          = "false"
        NODE_ENV             = "production"
        OIDC_CLIENT_ID       = ""
        OIDC_CLIENT_SECRET   = ""
        PGSSLMODE            = "disable"
        PORT                 = "3000"
        RATE_LIMITER_ENABLED = "true"
        REDIS_URL            = "redis://redis:6379"
        SMTP_FROM_EMAIL      = "Outline <no-reply@example.com>"
        URL                  = "https://docs.example.com"
      }

      template {
        data = <<EOT
{{- with nomadVar "nomad/jobs/outline/outline/redis" }}
DATABASE_URL={{ .DATABASE_URL.Value | toJSON }}
SECRET_KEY={{ .SECRET_KEY.Value | toJSON }}
UTILS_SECRET={{ .UTILS_SECRET.Value | toJSON }}
{{- end }}
EOT
        destination = "secrets/env"
        env         = true
      }

      template {
        data            = file("./redis.conf")
        destination     = "local/redis-conf"
        left_delimiter  = "<<%"
        right_delimiter = "%>>"
      }

      restart {
        attempts = 0
        mode     = "fail"
      }

      resources {
        memory = 512
      }
    }

    task "postgres" {
      driver = "docker"

      config {
        image = "postgres"
        extra_hosts = [
          "https-portal:127.0.0.1",
          "outline:127.0.0.1",
          "postgres:127.0.0.1",
          "redis:127.0.0.1",
        ]
      }

      env {
        FORCE_HTTPS          = "false"
        NODE_ENV             = "production"
        OIDC_CLIENT_ID       = ""
        OIDC_CLIENT_SECRET   = ""
        PGSSLMODE            = "disable"
        PORT                 = "3000"
        POSTGRES_DB          = "outline"
        POSTGRES_USER        = "user"
        RATE_LIMITER_ENABLED = "true"
        REDIS_URL            = "redis://redis:6379"
        SMTP_FROM_EMAIL      = "Outline <no-reply@example.com>"
        URL                  = "https://docs.example.com"
      }

      template {
        data = <<EOT
{{- with nomadVar "nomad/jobs/outline/outline/postgres" }}
DATABASE_URL={{ .DATABASE_URL.Value | toJSON }}
POSTGRES_PASSWORD={{ .POSTGRES_PASSWORD.Value | toJSON }}
SECRET_KEY={{ .SECRET_KEY.Value | toJSON }}
UTILS_SECRET={{ .UTILS_SECRET.Value | toJSON }}
{{- end }}
EOT
        destination = "secrets/env"
        env         = true
      }

      volume_mount {
        volume      = "postgres-data"
        destination = "/var/lib/postgresql/data"
      }

      restart {
        attempts = 0
        mode     = "fail"
      }

      resources {
        memory = 512
      }
    }

    task "outline" {
      driver = "docker"

      config {
        image = "docker.getoutline.com/outlinewiki/outline:latest"
        extra_hosts = [
          "https-portal:127.0.0.1",
          "outline:127.0.0.1",
          "postgres:127.0.0.1",
          "redis:127.0.0.1",
        ]
      }

      env {
        FORCE_HTTPS          = "false"
        NODE_ENV             = "production"
        OIDC_CLIENT_ID       = ""
        OIDC_CLIENT_SECRET   = ""
        PGSSLMODE            = "disable"
        PORT                 = "3000"
        RATE_LIMITER_ENABLED = "true"
        REDIS_URL            = "redis://redis:6379"
        SMTP_FROM_EMAIL      = "Outline <no-reply@example.com>"
        URL                  = "https://docs.example.com"
      }

      template {
        data = <<EOT
{{- with nomadVar "nomad/jobs/outline/outline/outline" }}
DATABASE_URL={{ .DATABASE_URL.Value | toJSON }}
SECRET_KEY={{ .SECRET_KEY.Value | toJSON }}
UTILS_SECRET={{ .UTILS_SECRET.Value | toJSON }}
{{- end }}
EOT
        destination = "secrets/env"
        env         = true
      }

      volume_mount {
        volume      = "outline-data"
        destination = "/var/lib/outline/data"
      }

      restart {
        attempts = 0
        mode     = "fail"
      }

      resources {
        memory = 512
      }
    }

    task "https-portal" {
      driver = "docker"

      config {
        image = "steveltn/https-portal"
        extra_hosts = [
          "https-portal:127.0.0.1",
          "outline:127.0.0.1",
          "postgres:127.0.0.1",
          "redis:127.0.0.1",
        ]
      }

      env {
        CLIENT_MAX_BODY_SIZE = "0"
        DOMAINS              = "docs.example.com -> http://outline:3000"
        FORCE_HTTPS          = "false"
        NODE_ENV             = "production"
        OIDC_CLIENT_ID       = ""
        OIDC_CLIENT_SECRET   = ""
        PGSSLMODE            = "disable"
        PORT                 = "3000"
        RATE_LIMITER_ENABLED = "true"
        REDIS_URL            = "redis://redis:6379"
        SMTP_FROM_EMAIL      = "Outline <no-reply@example.com>"
        STAGE                = "production"
        URL                  = "https://docs.example.com"
        WEBSOCKET            = "true"
      }

      template {
        data = <<EOT
{{- with nomadVar "nomad/jobs/outline/outline/https-portal" }}
DATABASE_URL={{ .DATABASE_URL.Value | toJSON }}
SECRET_KEY={{ .SECRET_KEY.Value | toJSON }}
UTILS_SECRET={{ .UTILS_SECRET.Value | toJSON }}
{{- end }}
EOT
        destination = "secrets/env"
        env         = true
      }

      volume_mount {
        volume      = "https-portal-data"
        destination = "/var/lib/https-portal"
      }

      resources {
        memory = 512
      }
    }
  }
}

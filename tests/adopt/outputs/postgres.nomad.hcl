# Nomad counts processors in MHz: 2000 stand for a whole one.
job "postgres" {
  datacenters = ["dc1"]
  type        = "service"

  group "postgres" {
    network {
      mode = "bridge"
    }

    volume "postgres-data" {
      type   = "host"
      source = "postgres-data"
    }

    restart {
      attempts = 3
      interval = "5m"
      delay    = "15s"
      mode     = "delay"
    }

    service {
      name         = "postgres"
      provider     = "nomad"
      port         = "5432"
      address_mode = "alloc"

      check {
        type         = "tcp"
        port         = "5432"
        address_mode = "alloc"
        interval     = "10s"
        timeout      = "5s"
      }
    }

    task "postgres" {
      driver       = "docker"
      kill_timeout = "60s"

      config {
        image    = "postgres:16@sha256:92e226310011fad221e695343bfda84c2fa9d38cd3a60cd87d917fd6bd22249e"
        args     = ["postgres", "-c", "shared_buffers=256MB", "-c", "max_connections=200"]
        shm_size = 268435456
      }

      env {
        POSTGRES_DB   = "lab"
        POSTGRES_USER = "lab"
        TZ            = "Europe/Berlin"
      }

      template {
        data = <<EOT
{{- with nomadVar "nomad/jobs/postgres/postgres/postgres" }}
POSTGRES_PASSWORD={{ .POSTGRES_PASSWORD.Value | toJSON }}
{{- end }}
EOT
        destination = "secrets/env"
        env         = true
      }

      volume_mount {
        volume      = "postgres-data"
        destination = "/var/lib/postgresql/data"
      }

      resources {
        cpu    = 3000
        memory = 1024
      }
    }
  }
}

job "n8n" {
  datacenters = ["dc1"]
  type        = "service"

  group "n8n" {
    network {
      mode = "bridge"

      port "port5678" {
        static = 5678
        to     = 5678
      }
    }

    volume "n8n-storage" {
      type   = "host"
      source = "n8n-storage"
    }

    volume "postgres-data" {
      type   = "host"
      source = "n8n-postgres-data"
    }

    volume "redis-data" {
      type   = "host"
      source = "n8n-redis-data"
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
        interval     = "5s"
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
        interval     = "5s"
        timeout      = "5s"
      }
    }

    service {
      name     = "n8n"
      provider = "nomad"
      port     = "port5678"

      check {
        type     = "http"
        path     = "/healthz"
        interval = "30s"
        timeout  = "5s"
      }
    }

    task "postgres" {
      driver = "docker"

      config {
        image = "postgres:16"
        extra_hosts = [
          "n8n:127.0.0.1",
          "n8n-worker:127.0.0.1",
          "postgres:127.0.0.1",
          "redis:127.0.0.1",
        ]
        volumes = ["local/init-data-sh:/docker-entrypoint-initdb.d/init-data.sh:ro"]
      }

      env {
        POSTGRES_DB            = "n8n"
        POSTGRES_NON_ROOT_USER = "changeUser2"
        POSTGRES_USER          = "changeUser"
      }

      template {
        data = <<EOT
{{- with nomadVar "nomad/jobs/n8n/n8n/postgres" }}
POSTGRES_NON_ROOT_PASSWORD={{ .POSTGRES_NON_ROOT_PASSWORD.Value | toJSON }}
POSTGRES_PASSWORD={{ .POSTGRES_PASSWORD.Value | toJSON }}
{{- end }}
EOT
        destination = "secrets/env"
        env         = true
      }

      template {
        data            = file("./init-data.sh")
        destination     = "local/init-data-sh"
        left_delimiter  = "<<%"
        right_delimiter = "%>>"
      }

      volume_mount {
        volume      = "postgres-data"
        destination = "/var/lib/postgresql/data"
      }

      resources {
        memory = 512
      }
    }

    task "redis" {
      driver = "docker"

      config {
        image = "redis:6-alpine"
        extra_hosts = [
          "n8n:127.0.0.1",
          "n8n-worker:127.0.0.1",
          "postgres:127.0.0.1",
          "redis:127.0.0.1",
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

    task "n8n" {
      driver = "docker"

      config {
        image = "docker.n8n.io/n8nio/n8n"
        extra_hosts = [
          "n8n:127.0.0.1",
          "n8n-worker:127.0.0.1",
          "postgres:127.0.0.1",
          "redis:127.0.0.1",
        ]
      }

      env {
        DB_POSTGRESDB_DATABASE    = "n8n"
        DB_POSTGRESDB_HOST        = "postgres"
        DB_POSTGRESDB_PORT        = "5432"
        DB_POSTGRESDB_USER        = "changeUser2"
        DB_TYPE                   = "postgresdb"
        EXECUTIONS_MODE           = "queue"
        QUEUE_BULL_REDIS_HOST     = "redis"
        QUEUE_HEALTH_CHECK_ACTIVE = "true"
      }

      template {
        data = <<EOT
{{- with nomadVar "nomad/jobs/n8n/n8n/n8n" }}
DB_POSTGRESDB_PASSWORD={{ .DB_POSTGRESDB_PASSWORD.Value | toJSON }}
N8N_ENCRYPTION_KEY={{ .N8N_ENCRYPTION_KEY.Value | toJSON }}
{{- end }}
EOT
        destination = "secrets/env"
        env         = true
      }

      volume_mount {
        volume      = "n8n-storage"
        destination = "/home/node/.n8n"
      }

      resources {
        memory = 512
      }
    }

    task "n8n-worker" {
      driver = "docker"

      config {
        image = "docker.n8n.io/n8nio/n8n"
        args  = ["worker"]
        extra_hosts = [
          "n8n:127.0.0.1",
          "n8n-worker:127.0.0.1",
          "postgres:127.0.0.1",
          "redis:127.0.0.1",
        ]
      }

      env {
        DB_POSTGRESDB_DATABASE    = "n8n"
        DB_POSTGRESDB_HOST        = "postgres"
        DB_POSTGRESDB_PORT        = "5432"
        DB_POSTGRESDB_USER        = "changeUser2"
        DB_TYPE                   = "postgresdb"
        EXECUTIONS_MODE           = "queue"
        QUEUE_BULL_REDIS_HOST     = "redis"
        QUEUE_HEALTH_CHECK_ACTIVE = "true"
      }

      template {
        data = <<EOT
{{- with nomadVar "nomad/jobs/n8n/n8n/n8n-worker" }}
DB_POSTGRESDB_PASSWORD={{ .DB_POSTGRESDB_PASSWORD.Value | toJSON }}
N8N_ENCRYPTION_KEY={{ .N8N_ENCRYPTION_KEY.Value | toJSON }}
{{- end }}
EOT
        destination = "secrets/env"
        env         = true
      }

      volume_mount {
        volume      = "n8n-storage"
        destination = "/home/node/.n8n"
      }

      resources {
        memory = 512
      }
    }
  }
}

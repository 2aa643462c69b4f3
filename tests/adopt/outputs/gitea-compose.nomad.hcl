job "gitea" {
  datacenters = ["dc1"]
  type        = "service"

  group "gitea" {
    network {
      mode = "bridge"

      port "port3000" {
        static = 3000
        to     = 3000
      }

      port "ssh" {
        static = 222
        to     = 22
      }
    }

    volume "postgres-db-data" {
      type   = "host"
      source = "gitea-postgres-db-data"
    }

    volume "server-data" {
      type   = "host"
      source = "gitea-server-data"
    }

    restart {
      attempts = 3
      interval = "5m"
      delay    = "15s"
      mode     = "delay"
    }

    service {
      name         = "postgres-db"
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
      name     = "server"
      provider = "nomad"
      port     = "port3000"

      check {
        type     = "http"
        path     = "/api/healthz"
        interval = "30s"
        timeout  = "5s"
      }
    }

    task "postgres-db" {
      driver = "docker"

      config {
        image = "docker.io/library/postgres:14"
        extra_hosts = [
          "database:127.0.0.1",
          "gitea:127.0.0.1",
          "gitea_db:127.0.0.1",
          "postgres-db:127.0.0.1",
          "postgres_db:127.0.0.1",
          "server:127.0.0.1",
        ]
      }

      env {
        POSTGRES_DB   = "gitea"
        POSTGRES_USER = "gitea"
      }

      template {
        data = <<EOT
{{- with nomadVar "nomad/jobs/gitea/gitea/postgres-db" }}
POSTGRES_PASSWORD={{ .POSTGRES_PASSWORD.Value | toJSON }}
{{- end }}
EOT
        destination = "secrets/env"
        env         = true
      }

      volume_mount {
        volume      = "postgres-db-data"
        destination = "/var/lib/postgresql/data"
      }

      resources {
        memory = 512
      }
    }

    task "server" {
      driver = "docker"

      config {
        image = "docker.gitea.com/gitea:1.24.6"
        extra_hosts = [
          "database:127.0.0.1",
          "gitea:127.0.0.1",
          "gitea_db:127.0.0.1",
          "postgres-db:127.0.0.1",
          "postgres_db:127.0.0.1",
          "server:127.0.0.1",
        ]
      }

      env {
        GITEA__database__DB_TYPE = "postgres"
        GITEA__database__HOST    = "gitea_db:5432"
        GITEA__database__NAME    = "gitea"
        GITEA__database__USER    = "gitea"
        TZ                       = "Europe/Berlin"
        USER_GID                 = "1000"
        USER_UID                 = "1000"
      }

      template {
        data = <<EOT
{{- with nomadVar "nomad/jobs/gitea/gitea/server" }}
GITEA__database__PASSWD={{ .GITEA__database__PASSWD.Value | toJSON }}
{{- end }}
EOT
        destination = "secrets/env"
        env         = true
      }

      volume_mount {
        volume      = "server-data"
        destination = "/data"
      }

      resources {
        memory = 512
      }
    }
  }
}

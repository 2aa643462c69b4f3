job "git" {
  datacenters = ["dc1"]
  type        = "service"

  group "git" {
    network {
      mode = "bridge"

      port "ssh" {
        static = 2222
        to     = 22
      }

      port "http" {
        static = 3000
        to     = 3000
      }
    }

    volume "db-data" {
      type   = "host"
      source = "git-db-data"
    }

    volume "runner-data" {
      type   = "host"
      source = "git-runner-data"
    }

    volume "server-data" {
      type   = "host"
      source = "git-server-data"
    }

    restart {
      attempts = 3
      interval = "5m"
      delay    = "15s"
      mode     = "delay"
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
        interval     = "10s"
        timeout      = "5s"
      }
    }

    service {
      name     = "server"
      provider = "nomad"
      port     = "http"
      tags = [
        "traefik.enable=true",
        "traefik.http.routers.server.rule=Host(`git.example.org`)",
      ]

      check {
        type     = "http"
        path     = "/api/healthz"
        interval = "30s"
        timeout  = "5s"
      }
    }

    task "db" {
      driver = "docker"

      config {
        image = "postgres:16-alpine"
        extra_hosts = [
          "db:127.0.0.1",
          "git-db-1:127.0.0.1",
          "git-runner-1:127.0.0.1",
          "gitea:127.0.0.1",
          "runner:127.0.0.1",
          "server:127.0.0.1",
        ]
      }

      env {
        POSTGRES_DB   = "gitea"
        POSTGRES_USER = "gitea"
      }

      template {
        data = <<EOT
{{- with nomadVar "nomad/jobs/git/git/db" }}
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

    task "runner" {
      driver = "docker"

      config {
        image = "gitea/act_runner:0.2.10"
        extra_hosts = [
          "db:127.0.0.1",
          "git-db-1:127.0.0.1",
          "git-runner-1:127.0.0.1",
          "gitea:127.0.0.1",
          "runner:127.0.0.1",
          "server:127.0.0.1",
        ]
        volumes = ["/srv/git/runner.yaml:/config.yaml"]
      }

      env {
        CONFIG_FILE        = "/config.yaml"
        GITEA_INSTANCE_URL = "http://server:3000"
      }

      template {
        data = <<EOT
{{- with nomadVar "nomad/jobs/git/git/runner" }}
GITEA_RUNNER_REGISTRATION_TOKEN={{ .GITEA_RUNNER_REGISTRATION_TOKEN.Value | toJSON }}
{{- end }}
EOT
        destination = "secrets/env"
        env         = true
      }

      volume_mount {
        volume      = "runner-data"
        destination = "/data"
      }

      resources {
        memory = 512
      }
    }

    task "server" {
      driver = "docker"

      config {
        image = "gitea/gitea:1.22.2"
        extra_hosts = [
          "db:127.0.0.1",
          "git-db-1:127.0.0.1",
          "git-runner-1:127.0.0.1",
          "gitea:127.0.0.1",
          "runner:127.0.0.1",
          "server:127.0.0.1",
        ]
      }

      env {
        GITEA__database__DB_TYPE = "postgres"
        GITEA__database__HOST    = "db:5432"
        GITEA__server__ROOT_URL  = "https://git.example.org/"
        GITEA__server__SSH_PORT  = "2222"
        TZ                       = "Europe/Berlin"
        USER_GID                 = "1000"
        USER_UID                 = "1000"
      }

      template {
        data = <<EOT
{{- with nomadVar "nomad/jobs/git/git/server" }}
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

# Nomad counts processors in MHz: 2000 stand for a whole one.
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

    volume "pgdata" {
      type   = "host"
      source = "paperless-pgdata"
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
      name     = "web"
      provider = "nomad"
      port     = "http"
      tags = [
        "traefik.enable=true",
        "traefik.http.routers.web.rule=Host(`paperless.example.org`)",
      ]

      check {
        type     = "http"
        path     = "/health"
        interval = "10s"
        timeout  = "5s"
      }
    }

    task "db" {
      driver = "docker"

      lifecycle {
        hook    = "prestart"
        sidecar = true
      }

      config {
        image       = "postgres:1"
        extra_hosts = ["db:127.0.0.1", "init:127.0.0.1", "web:127.0.0.1"]
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
        volume      = "pgdata"
        destination = "/var/lib/postgresql/data"
      }

      resources {
        memory     = 256
        memory_max = 512
      }
    }

    task "init" {
      driver = "docker"

      lifecycle {
        hook    = "prestart"
        sidecar = false
      }

      config {
        image       = "migrate:1"
        extra_hosts = ["db:127.0.0.1", "init:127.0.0.1", "web:127.0.0.1"]
      }

      restart {
        attempts = 0
        mode     = "fail"
      }

      resources {
        memory = 64
      }
    }

    task "web" {
      driver = "docker"

      config {
        image       = "paperless:1"
        args        = ["serve", "--token=${API_TOKEN}"]
        extra_hosts = ["db:127.0.0.1", "init:127.0.0.1", "web:127.0.0.1"]
        volumes     = ["local/app-toml:/etc/app.toml:ro", "secrets/key-pem:/run/key.pem:ro"]

        mount {
          type   = "tmpfs"
          target = "/tmp"

          tmpfs_options {
            size = 67108864
          }
        }

        mount {
          type   = "volume"
          source = "nfs-nas-export-media"
          target = "/media"

          volume_options {
            driver_config {
              name = "local"

              options {
                type   = "nfs"
                o      = "addr=nas,rw"
                device = ":/export/media"
              }
            }
          }
        }
      }

      env {
        ODD              = "$${x} %%{y} \"z\""
        PAPERLESS_DBHOST = "db"
      }

      template {
        data = <<EOT
{{- with nomadVar "nomad/jobs/paperless/paperless/web" }}
API_TOKEN={{ .API_TOKEN.Value | toJSON }}
{{- end }}
EOT
        destination = "secrets/env"
        env         = true
      }

      template {
        data = <<EOT
a = '$${b} {{ c }}'
EOT
        destination     = "local/app-toml"
        left_delimiter  = "[["
        right_delimiter = "]]"
      }

      template {
        data = <<EOT
{{- with nomadVar "nomad/jobs/paperless/paperless/web" }}{{ .key_pem.Value }}{{ end -}}
EOT
        destination = "secrets/key-pem"
      }

      restart {
        attempts = 0
        mode     = "fail"
      }

      resources {
        cpu    = 500
        memory = 1088
      }
    }
  }
}

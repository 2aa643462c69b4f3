job "vaultwarden" {
  datacenters = ["dc1"]
  type        = "service"

  group "vaultwarden" {
    network {
      mode = "bridge"

      port "http" {
        static = 8222
        to     = 80
      }
    }

    volume "vaultwarden-data" {
      type   = "host"
      source = "vaultwarden-data"
    }

    restart {
      attempts = 3
      interval = "5m"
      delay    = "15s"
      mode     = "delay"
    }

    service {
      name     = "vaultwarden"
      provider = "nomad"
      port     = "http"
      tags = [
        "traefik.enable=true",
        "traefik.http.routers.vaultwarden.rule=Host(`vault.example.org`)",
      ]

      check {
        type     = "tcp"
        interval = "60s"
        timeout  = "10s"
      }
    }

    task "vaultwarden" {
      driver = "docker"

      config {
        image = "vaultwarden/server:1.34.3"
      }

      env {
        DOMAIN          = "https://vault.example.org"
        SIGNUPS_ALLOWED = "false"
      }

      template {
        data = <<EOT
{{- with nomadVar "nomad/jobs/vaultwarden/vaultwarden/vaultwarden" }}
ADMIN_TOKEN={{ .ADMIN_TOKEN.Value | toJSON }}
{{- end }}
EOT
        destination = "secrets/env"
        env         = true
      }

      volume_mount {
        volume      = "vaultwarden-data"
        destination = "/data"
      }

      resources {
        memory = 512
      }
    }
  }
}
---
job "vw-backup" {
  datacenters = ["dc1"]
  type        = "service"

  group "vw-backup" {
    network {
      mode = "bridge"
    }

    restart {
      attempts = 3
      interval = "5m"
      delay    = "15s"
      mode     = "delay"
    }

    task "vw-backup" {
      driver = "docker"

      config {
        image = "ttionya/vaultwarden-backup:latest"

        mount {
          type   = "volume"
          source = "nfs-192-168-1-3-export-backup"
          target = "/backup"

          volume_options {
            driver_config {
              name = "local"

              options {
                type   = "nfs"
                o      = "addr=192.168.1.3,rw"
                device = ":/export/backup"
              }
            }
          }
        }
      }

      env {
        CRON = "5 3 * * *"
      }

      template {
        data = <<EOT
{{- with nomadVar "nomad/jobs/vw-backup/vw-backup/vw-backup" }}
ZIP_PASSWORD={{ .ZIP_PASSWORD.Value | toJSON }}
{{- end }}
EOT
        destination = "secrets/env"
        env         = true
      }

      resources {
        memory = 512
      }
    }
  }
}

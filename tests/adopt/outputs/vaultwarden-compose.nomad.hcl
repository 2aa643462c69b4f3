# Nomad counts processors in MHz: 2000 stand for a whole one.
job "vaultwarden" {
  datacenters = ["dc1"]
  type        = "service"

  group "vaultwarden" {
    network {
      mode = "bridge"

      port "http" {
        to = 8080
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
        interval = "30s"
        timeout  = "5s"
      }
    }

    task "vaultwarden" {
      driver = "docker"
      user   = "1000:1000"

      config {
        image           = "vaultwarden/server:1.34.3-alpine"
        cap_add         = ["net_bind_service"]
        cap_drop        = ["all"]
        security_opt    = ["no-new-privileges"]
        readonly_rootfs = true

        mount {
          type   = "tmpfs"
          target = "/tmp"

          tmpfs_options {
            size = 67108864
          }
        }
      }

      env {
        ADMIN_TOKEN     = ""
        DOMAIN          = "https://vault.example.org"
        ROCKET_PORT     = "8080"
        SIGNUPS_ALLOWED = "false"
      }

      volume_mount {
        volume      = "vaultwarden-data"
        destination = "/data"
      }

      resources {
        cpu        = 1000
        memory     = 64
        memory_max = 256
      }
    }
  }
}

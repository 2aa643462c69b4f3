job "jellyfin" {
  datacenters = ["dc1"]
  type        = "service"

  group "jellyfin" {
    network {
      mode = "bridge"

      port "http" {
        static = 8096
        to     = 8096
      }
    }

    volume "jellyfin-config" {
      type   = "host"
      source = "jellyfin-config"
    }

    volume "jellyfin-media" {
      type      = "host"
      source    = "jellyfin-media"
      read_only = true
    }

    restart {
      attempts = 3
      interval = "5m"
      delay    = "15s"
      mode     = "delay"
    }

    service {
      name     = "jellyfin"
      provider = "nomad"
      port     = "http"
      tags = [
        "traefik.enable=true",
        "traefik.http.routers.jellyfin.rule=Host(`jellyfin.example.org`)",
      ]

      check {
        type     = "http"
        path     = "/health"
        interval = "30s"
        timeout  = "5s"
      }
    }

    task "jellyfin" {
      driver = "docker"
      user   = "1000:1000"

      config {
        image     = "jellyfin/jellyfin:10.10.7"
        volumes   = ["local/cache:/cache"]
        group_add = ["44", "109"]
      }

      env {
        JELLYFIN_PublishedServerUrl = "http://jellyfin.example.org"
        NVIDIA_VISIBLE_DEVICES      = "all"
      }

      volume_mount {
        volume      = "jellyfin-config"
        destination = "/config"
      }

      volume_mount {
        volume           = "jellyfin-media"
        destination      = "/media"
        read_only        = true
        propagation_mode = "host-to-task"
      }

      resources {
        memory = 512

        device "nvidia/gpu" {
          count = 1
        }
      }
    }
  }
}

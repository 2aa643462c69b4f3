job "mealie" {
  datacenters = ["dc1"]
  type        = "service"

  group "mealie" {
    network {
      mode = "bridge"

      port "http" {
        static = 9925
        to     = 9000
      }
    }

    volume "mealie-data" {
      type   = "host"
      source = "mealie-data"
    }

    restart {
      attempts = 3
      interval = "5m"
      delay    = "15s"
      mode     = "delay"
    }

    service {
      name     = "mealie"
      provider = "nomad"
      port     = "http"
      tags = [
        "traefik.enable=true",
        "traefik.http.routers.mealie.rule=Host(`mealie.yourdomain.com`)",
      ]

      check {
        type     = "http"
        path     = "/api/app/about"
        interval = "30s"
        timeout  = "5s"
      }
    }

    task "mealie" {
      driver = "docker"

      config {
        image = "ghcr.io/mealie-recipes/mealie:v3.1.2"
      }

      env {
        ALLOW_SIGNUP = "false"
        BASE_URL     = "https://mealie.yourdomain.com"
        PGID         = "1000"
        PUID         = "1000"
        TZ           = "America/Anchorage"
      }

      volume_mount {
        volume      = "mealie-data"
        destination = "/app/data"
      }

      resources {
        memory = 1000
      }
    }
  }
}

job "caddy" {
  datacenters = ["dc1"]
  type        = "service"

  group "caddy" {
    network {
      mode = "bridge"

      port "http" {
        static = 8080
        to     = 80
      }

      port "https" {
        static = 8443
        to     = 443
      }
    }

    volume "caddy-data" {
      type   = "host"
      source = "caddy-data"
    }

    restart {
      attempts = 3
      interval = "5m"
      delay    = "15s"
      mode     = "delay"
    }

    service {
      name     = "caddy"
      provider = "nomad"
      port     = "http"

      check {
        type     = "tcp"
        interval = "30s"
        timeout  = "5s"
      }
    }

    task "caddy" {
      driver = "docker"

      config {
        image        = "docker.io/library/caddy:2@sha256:b2f4b4242370dd44ee1d5d170f5dc99221071ad5750db3fa45f78e33c5d3e006"
        volumes      = ["/home/me/caddy/Caddyfile:/etc/caddy/Caddyfile:ro"]
        security_opt = ["label=disable"]
        userns_mode  = "keep-id"
      }

      env {
        TZ = "Europe/Vienna"
      }

      volume_mount {
        volume      = "caddy-data"
        destination = "/data"
      }

      resources {
        memory = 512
      }
    }
  }
}

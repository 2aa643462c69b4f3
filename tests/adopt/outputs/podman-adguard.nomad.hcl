job "adguard" {
  datacenters = ["dc1"]
  type        = "service"

  group "adguard" {
    network {
      mode = "bridge"

      port "dns" {
        static = 1053
        to     = 53
      }

      port "port3000" {
        static = 3000
        to     = 3000
      }
    }

    volume "adguard-conf" {
      type   = "host"
      source = "adguard-conf"
    }

    volume "adguard-work" {
      type   = "host"
      source = "adguard-work"
    }

    restart {
      attempts = 3
      interval = "5m"
      delay    = "15s"
      mode     = "delay"
    }

    service {
      name     = "adguard"
      provider = "nomad"
      port     = "port3000"

      check {
        type     = "tcp"
        interval = "30s"
        timeout  = "5s"
      }
    }

    task "adguard" {
      driver = "docker"

      config {
        image   = "docker.io/adguard/adguardhome:v0.107.65@sha256:a63429116f0c8a987c077116cceb2d01022834c808512488f7aac61d97112fc2"
        cap_add = ["net_bind_service"]
        labels = {
          "io.containers.autoupdate" = "registry"
        }
      }

      env {
        TZ = "Europe/Berlin"
      }

      volume_mount {
        volume      = "adguard-conf"
        destination = "/opt/adguardhome/conf"
      }

      volume_mount {
        volume      = "adguard-work"
        destination = "/opt/adguardhome/work"
      }

      resources {
        memory = 256
      }
    }
  }
}

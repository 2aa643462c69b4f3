job "sonarr" {
  datacenters = ["dc1"]
  type        = "service"

  group "sonarr" {
    network {
      mode = "bridge"

      port "port8989" {
        static = 8989
        to     = 8989
      }
    }

    volume "sonarr-config" {
      type   = "host"
      source = "sonarr-config"
    }

    volume "sonarr-data" {
      type   = "host"
      source = "sonarr-data"
    }

    restart {
      attempts = 3
      interval = "5m"
      delay    = "15s"
      mode     = "delay"
    }

    service {
      name     = "sonarr"
      provider = "nomad"
      port     = "port8989"

      check {
        type     = "http"
        path     = "/ping"
        interval = "30s"
        timeout  = "5s"
      }
    }

    task "sonarr" {
      driver = "docker"

      config {
        image = "lscr.io/linuxserver/sonarr:latest"
      }

      env {
        PGID  = "1000"
        PUID  = "1000"
        TZ    = "Europe/Berlin"
        UMASK = "002"
      }

      volume_mount {
        volume      = "sonarr-config"
        destination = "/config"
      }

      volume_mount {
        volume      = "sonarr-data"
        destination = "/data"
      }

      resources {
        memory = 512
      }
    }
  }
}

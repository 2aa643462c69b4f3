job "jellyfin" {
  datacenters = ["dc1"]
  type        = "service"

  group "jellyfin" {
    network {
      mode = "bridge"

      port "port8096" {
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
      port     = "port8096"

      check {
        type     = "tcp"
        interval = "30s"
        timeout  = "30s"
      }
    }

    task "jellyfin" {
      driver = "docker"
      user   = "1000:1000"

      config {
        image     = "jellyfin/jellyfin:10.10.7"
        volumes   = ["local/cache:/cache"]
        group_add = ["104", "44"]
        devices = [
          { host_path = "/dev/dri/card0", container_path = "/dev/dri/card0" },
          { host_path = "/dev/dri/renderD128", container_path = "/dev/dri/renderD128" },
        ]
      }

      env {
        JELLYFIN_PublishedServerUrl = "http://192.168.1.20:8096"
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
      }
    }
  }
}

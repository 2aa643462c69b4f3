job "wg-easy" {
  datacenters = ["dc1"]
  type        = "service"

  group "wg-easy" {
    network {
      mode = "bridge"

      port "wireguard" {
        static = 51820
        to     = 51820
      }

      port "port51821" {
        static = 51821
        to     = 51821
      }
    }

    volume "wg-easy-wireguard" {
      type   = "host"
      source = "wg-easy-wireguard"
    }

    restart {
      attempts = 3
      interval = "5m"
      delay    = "15s"
      mode     = "delay"
    }

    service {
      name     = "wg-easy"
      provider = "nomad"
      port     = "port51821"

      check {
        type     = "tcp"
        interval = "30s"
        timeout  = "5s"
      }
    }

    task "wg-easy" {
      driver = "docker"

      config {
        image   = "ghcr.io/wg-easy/wg-easy:15"
        volumes = ["/lib/modules:/lib/modules:ro"]
        cap_add = ["net_admin", "sys_module"]
      }

      volume_mount {
        volume      = "wg-easy-wireguard"
        destination = "/etc/wireguard"
      }

      resources {
        memory = 512
      }
    }
  }
}

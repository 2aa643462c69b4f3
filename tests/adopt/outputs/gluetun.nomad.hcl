job "vpn" {
  datacenters = ["dc1"]
  type        = "service"

  group "vpn" {
    network {
      mode = "bridge"

      port "port6881" {
        static = 6881
        to     = 6881
      }

      port "port8080" {
        static = 8080
        to     = 8080
      }
    }

    volume "gluetun-data" {
      type   = "host"
      source = "vpn-gluetun-data"
    }

    volume "qbittorrent-config" {
      type   = "host"
      source = "vpn-qbittorrent-config"
    }

    volume "qbittorrent-downloads" {
      type   = "host"
      source = "vpn-qbittorrent-downloads"
    }

    restart {
      attempts = 3
      interval = "5m"
      delay    = "15s"
      mode     = "delay"
    }

    service {
      name     = "gluetun"
      provider = "nomad"
      port     = "port6881"

      check {
        type     = "tcp"
        interval = "5s"
        timeout  = "5s"
      }
    }

    service {
      name     = "qbittorrent"
      provider = "nomad"
      port     = "port8080"

      check {
        type     = "tcp"
        interval = "30s"
        timeout  = "5s"
      }
    }

    task "gluetun" {
      driver = "docker"

      config {
        image       = "qmcgaw/gluetun:v3.40.0"
        extra_hosts = ["gluetun:127.0.0.1", "qbittorrent:127.0.0.1"]
        cap_add     = ["net_admin"]
        devices     = [{ host_path = "/dev/net/tun", container_path = "/dev/net/tun" }]
      }

      env {
        SERVER_CITIES        = "Berlin"
        TZ                   = "Europe/Berlin"
        VPN_SERVICE_PROVIDER = "mullvad"
        VPN_TYPE             = "wireguard"
        WIREGUARD_ADDRESSES  = "10.64.0.2/32"
      }

      template {
        data = <<EOT
{{- with nomadVar "nomad/jobs/vpn/vpn/gluetun" }}
WIREGUARD_PRIVATE_KEY={{ .WIREGUARD_PRIVATE_KEY.Value | toJSON }}
{{- end }}
EOT
        destination = "secrets/env"
        env         = true
      }

      volume_mount {
        volume      = "gluetun-data"
        destination = "/gluetun"
      }

      resources {
        memory = 512
      }
    }

    task "qbittorrent" {
      driver = "docker"

      config {
        image       = "lscr.io/linuxserver/qbittorrent:latest"
        extra_hosts = ["gluetun:127.0.0.1", "qbittorrent:127.0.0.1"]
      }

      env {
        PGID       = "1000"
        PUID       = "1000"
        TZ         = "Europe/Berlin"
        WEBUI_PORT = "8080"
      }

      volume_mount {
        volume      = "qbittorrent-config"
        destination = "/config"
      }

      volume_mount {
        volume      = "qbittorrent-downloads"
        destination = "/downloads"
      }

      resources {
        memory = 512
      }
    }
  }
}

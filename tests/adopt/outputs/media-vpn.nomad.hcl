job "media" {
  datacenters = ["dc1"]
  type        = "service"

  group "gluetun" {
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
      source = "media-gluetun-data"
    }

    volume "media-data" {
      type   = "host"
      source = "media-data"
    }

    volume "qbittorrent-config" {
      type   = "host"
      source = "media-qbittorrent-config"
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
        image       = "qmcgaw/gluetun:v3.39"
        extra_hosts = ["gluetun:127.0.0.1", "qbittorrent:127.0.0.1"]
        cap_add     = ["net_admin"]
        devices     = [{ host_path = "/dev/net/tun", container_path = "/dev/net/tun" }]
      }

      env {
        FIREWALL_OUTBOUND_SUBNETS = "192.168.1.0/24"
        SERVER_CITIES             = "Zurich"
        TZ                        = "Europe/Zurich"
        VPN_SERVICE_PROVIDER      = "mullvad"
        VPN_TYPE                  = "wireguard"
        WIREGUARD_ADDRESSES       = "10.64.0.2/32"
      }

      template {
        data = <<EOT
{{- with nomadVar "nomad/jobs/media/gluetun/gluetun" }}
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
        TZ         = "Europe/Zurich"
        WEBUI_PORT = "8080"
      }

      volume_mount {
        volume      = "qbittorrent-config"
        destination = "/config"
      }

      volume_mount {
        volume      = "media-data"
        destination = "/data/torrents"
      }

      resources {
        memory = 512
      }
    }
  }

  group "jellyfin" {
    network {
      mode = "bridge"

      port "port7359" {
        static = 7359
        to     = 7359
      }

      port "http" {
        static = 8096
        to     = 8096
      }

      port "port7878" {
        static = 7878
        to     = 7878
      }

      port "port8989" {
        static = 8989
        to     = 8989
      }
    }

    volume "jellyfin-config" {
      type   = "host"
      source = "media-jellyfin-config"
    }

    volume "media-data" {
      type   = "host"
      source = "media-data"
    }

    volume "radarr-config" {
      type   = "host"
      source = "media-radarr-config"
    }

    volume "sonarr-config" {
      type   = "host"
      source = "media-sonarr-config"
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
        "traefik.http.routers.jellyfin.rule=Host(`jf.example.org`)",
      ]

      check {
        type     = "tcp"
        interval = "30s"
        timeout  = "30s"
      }
    }

    service {
      name     = "radarr"
      provider = "nomad"
      port     = "port7878"

      check {
        type     = "http"
        path     = "/ping"
        interval = "30s"
        timeout  = "5s"
      }
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

    task "jellyfin" {
      driver = "docker"
      user   = "1000:1000"

      config {
        image       = "jellyfin/jellyfin:10.9.11"
        extra_hosts = ["jellyfin:127.0.0.1", "radarr:127.0.0.1", "sonarr:127.0.0.1"]
        volumes     = ["local/cache:/cache"]
        group_add   = ["105", "video"]
        devices     = [{ host_path = "/dev/dri/renderD128", container_path = "/dev/dri/renderD128" }]
      }

      env {
        JELLYFIN_PublishedServerUrl = "https://jf.example.org"
      }

      volume_mount {
        volume      = "jellyfin-config"
        destination = "/config"
      }

      volume_mount {
        volume      = "media-data"
        destination = "/data/media"
        read_only   = true
      }

      resources {
        memory = 512
      }
    }

    task "radarr" {
      driver = "docker"

      config {
        image       = "lscr.io/linuxserver/radarr:5.11"
        extra_hosts = ["jellyfin:127.0.0.1", "radarr:127.0.0.1", "sonarr:127.0.0.1"]
      }

      env {
        PGID = "1000"
        PUID = "1000"
        TZ   = "Europe/Zurich"
      }

      volume_mount {
        volume      = "radarr-config"
        destination = "/config"
      }

      volume_mount {
        volume      = "media-data"
        destination = "/data"
      }

      resources {
        memory = 512
      }
    }

    task "sonarr" {
      driver = "docker"

      config {
        image       = "lscr.io/linuxserver/sonarr:4.0.9"
        extra_hosts = ["jellyfin:127.0.0.1", "radarr:127.0.0.1", "sonarr:127.0.0.1"]
      }

      env {
        PGID = "1000"
        PUID = "1000"
        TZ   = "Europe/Zurich"
      }

      volume_mount {
        volume      = "sonarr-config"
        destination = "/config"
      }

      volume_mount {
        volume      = "media-data"
        destination = "/data"
      }

      resources {
        memory = 512
      }
    }
  }
}

job "arr" {
  datacenters = ["dc1"]
  type        = "service"

  group "gluetun" {
    network {
      mode = "bridge"

      port "port8080" {
        static = 8080
        to     = 8080
      }

      port "port6881" {
        static = 6881
        to     = 6881
      }

      port "port9696" {
        static = 9696
        to     = 9696
      }
    }

    volume "prowlarr-config" {
      type   = "host"
      source = "arr-prowlarr-config"
    }

    volume "qbittorrent-config" {
      type   = "host"
      source = "arr-qbittorrent-config"
    }

    volume "qbittorrent-downloads" {
      type   = "host"
      source = "arr-qbittorrent-downloads"
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
      port     = "port8080"

      check {
        type     = "tcp"
        interval = "30s"
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

    service {
      name     = "prowlarr"
      provider = "nomad"
      port     = "port9696"

      check {
        type     = "http"
        path     = "/ping"
        interval = "30s"
        timeout  = "5s"
      }
    }

    task "gluetun" {
      driver = "docker"

      config {
        image       = "qmcgaw/gluetun:v3.40"
        extra_hosts = ["gluetun:127.0.0.1", "prowlarr:127.0.0.1", "qbittorrent:127.0.0.1"]
        cap_add     = ["net_admin"]
        devices     = [{ host_path = "/dev/net/tun", container_path = "/dev/net/tun" }]
      }

      env {
        FIREWALL_INPUT_PORTS = ""
        VPN_SERVICE_PROVIDER = "mullvad"
        VPN_TYPE             = "wireguard"
        WIREGUARD_ADDRESSES  = "10.64.222.21/32"
      }

      template {
        data = <<EOT
{{- with nomadVar "nomad/jobs/arr/gluetun/gluetun" }}
WIREGUARD_PRIVATE_KEY={{ .WIREGUARD_PRIVATE_KEY.Value | toJSON }}
{{- end }}
EOT
        destination = "secrets/env"
        env         = true
      }

      resources {
        memory = 512
      }
    }

    task "qbittorrent" {
      driver = "docker"

      config {
        image       = "lscr.io/linuxserver/qbittorrent:5.1.2"
        extra_hosts = ["gluetun:127.0.0.1", "prowlarr:127.0.0.1", "qbittorrent:127.0.0.1"]
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
        destination = "/data/downloads"
      }

      resources {
        memory = 512
      }
    }

    task "prowlarr" {
      driver = "docker"

      config {
        image       = "lscr.io/linuxserver/prowlarr:latest"
        extra_hosts = ["gluetun:127.0.0.1", "prowlarr:127.0.0.1", "qbittorrent:127.0.0.1"]
      }

      env {
        PGID = "1000"
        PUID = "1000"
        TZ   = "Europe/Berlin"
      }

      volume_mount {
        volume      = "prowlarr-config"
        destination = "/config"
      }

      resources {
        memory = 512
      }
    }
  }

  group "sonarr" {
    network {
      mode = "bridge"

      port "port8989" {
        static = 8989
        to     = 8989
      }

      port "port7878" {
        static = 7878
        to     = 7878
      }
    }

    volume "media" {
      type   = "host"
      source = "arr-media"
    }

    volume "radarr-config" {
      type   = "host"
      source = "arr-radarr-config"
    }

    volume "sonarr-config" {
      type   = "host"
      source = "arr-sonarr-config"
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

    task "sonarr" {
      driver = "docker"

      config {
        image       = "lscr.io/linuxserver/sonarr:4.0.15"
        extra_hosts = ["radarr:127.0.0.1", "sonarr:127.0.0.1"]
      }

      env {
        PGID = "1000"
        PUID = "1000"
        TZ   = "Europe/Berlin"
      }

      volume_mount {
        volume      = "sonarr-config"
        destination = "/config"
      }

      volume_mount {
        volume      = "media"
        destination = "/data"
      }

      resources {
        memory = 512
      }
    }

    task "radarr" {
      driver = "docker"

      config {
        image       = "lscr.io/linuxserver/radarr:5.26.2"
        extra_hosts = ["radarr:127.0.0.1", "sonarr:127.0.0.1"]
      }

      env {
        PGID  = "1000"
        PUID  = "1000"
        TZ    = "Europe/Berlin"
        UMASK = "002"
      }

      volume_mount {
        volume      = "radarr-config"
        destination = "/config"
      }

      volume_mount {
        volume      = "media"
        destination = "/data"
      }

      resources {
        memory = 512
      }
    }
  }
}

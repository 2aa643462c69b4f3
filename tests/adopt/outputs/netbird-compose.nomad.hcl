job "netbird" {
  datacenters = ["dc1"]
  type        = "service"

  group "dashboard" {
    network {
      mode = "bridge"

      port "http" {
        static = 80
        to     = 80
      }

      port "https" {
        static = 443
        to     = 443
      }
    }

    volume "dashboard-letsencrypt" {
      type   = "host"
      source = "netbird-dashboard-letsencrypt"
    }

    restart {
      attempts = 3
      interval = "5m"
      delay    = "15s"
      mode     = "delay"
    }

    service {
      name     = "dashboard"
      provider = "nomad"
      port     = "http"

      check {
        type     = "tcp"
        interval = "30s"
        timeout  = "5s"
      }
    }

    task "dashboard" {
      driver = "docker"

      config {
        image = "netbirdio/dashboard:latest"
      }

      env {
        AUTH_CLIENT_ID            = "netbird"
        NETBIRD_MGMT_API_ENDPOINT = "https://netbird.example.com:443"
        NGINX_SSL_PORT            = "443"
      }

      template {
        data = <<EOT
{{- with nomadVar "nomad/jobs/netbird/dashboard/dashboard" }}
AUTH_CLIENT_SECRET={{ .AUTH_CLIENT_SECRET.Value | toJSON }}
{{- end }}
EOT
        destination = "secrets/env"
        env         = true
      }

      volume_mount {
        volume      = "dashboard-letsencrypt"
        destination = "/etc/letsencrypt"
      }

      resources {
        memory = 512
      }
    }
  }

  group "signal" {
    network {
      mode = "bridge"

      port "http" {
        static = 10000
        to     = 80
      }
    }

    volume "signal-netbird" {
      type   = "host"
      source = "netbird-signal-netbird"
    }

    restart {
      attempts = 3
      interval = "5m"
      delay    = "15s"
      mode     = "delay"
    }

    service {
      name     = "signal"
      provider = "nomad"
      port     = "http"

      check {
        type     = "tcp"
        interval = "30s"
        timeout  = "5s"
      }
    }

    task "signal" {
      driver = "docker"

      config {
        image = "netbirdio/signal:latest"
        args  = ["--cert-file", "", "--cert-key", "", "--log-file", "console"]
      }

      volume_mount {
        volume      = "signal-netbird"
        destination = "/var/lib/netbird"
      }

      resources {
        memory = 512
      }
    }
  }

  group "coturn" {
    network {
      mode = "host"
    }

    restart {
      attempts = 3
      interval = "5m"
      delay    = "15s"
      mode     = "delay"
    }

    task "coturn" {
      driver = "docker"

      config {
        image        = "coturn/coturn:latest"
        args         = ["-c /etc/turnserver.conf"]
        network_mode = "host"
        volumes      = ["local/turnserver-conf:/etc/turnserver.conf:ro"]
      }

      template {
        data            = file("./turnserver.conf")
        destination     = "local/turnserver-conf"
        left_delimiter  = "<<%"
        right_delimiter = "%>>"
      }

      resources {
        memory = 512
      }
    }
  }
}

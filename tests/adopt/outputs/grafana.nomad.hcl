# Nomad counts processors in MHz: 2000 stand for a whole one.
job "grafana" {
  datacenters = ["dc1"]
  type        = "service"

  group "grafana" {
    network {
      mode = "bridge"

      port "http" {
        static = 3000
        to     = 3000
      }
    }

    volume "grafana-data" {
      type   = "host"
      source = "grafana-data"
    }

    restart {
      attempts = 3
      interval = "5m"
      delay    = "15s"
      mode     = "delay"
    }

    service {
      name     = "grafana"
      provider = "nomad"
      port     = "http"
      tags = [
        "traefik.enable=true",
        "traefik.http.routers.grafana.rule=Host(`grafana.example.org`)",
      ]

      check {
        type     = "http"
        path     = "/api/health"
        interval = "30s"
        timeout  = "5s"
      }
    }

    task "grafana" {
      driver = "docker"

      config {
        image           = "grafana/grafana-oss:11.6.0"
        cap_drop        = ["all"]
        security_opt    = ["no-new-privileges"]
        readonly_rootfs = true
        pids_limit      = 200
        init            = true

        ulimit {
          nofile = "65536"
        }
      }

      env {
        GF_SERVER_ROOT_URL = "https://grafana.example.org"
      }

      template {
        data = <<EOT
{{- with nomadVar "nomad/jobs/grafana/grafana/grafana" }}
GF_SECURITY_ADMIN_PASSWORD={{ .GF_SECURITY_ADMIN_PASSWORD.Value | toJSON }}
{{- end }}
EOT
        destination = "secrets/env"
        env         = true
      }

      volume_mount {
        volume      = "grafana-data"
        destination = "/var/lib/grafana"
      }

      resources {
        cpu        = 1000
        memory     = 128
        memory_max = 512
      }
    }
  }
}

job "monitoring" {
  datacenters = ["dc1"]
  type        = "service"

  group "monitoring" {
    network {
      mode = "bridge"

      port "http" {
        static = 3000
        to     = 3000
      }
    }

    volume "grafana-data" {
      type   = "host"
      source = "monitoring-grafana-data"
    }

    volume "loki-data" {
      type   = "host"
      source = "monitoring-loki-data"
    }

    volume "prometheus-data" {
      type   = "host"
      source = "monitoring-prometheus-data"
    }

    restart {
      attempts = 3
      interval = "5m"
      delay    = "15s"
      mode     = "delay"
    }

    service {
      name         = "prometheus"
      provider     = "nomad"
      port         = "9090"
      address_mode = "alloc"

      check {
        type         = "http"
        path         = "/-/healthy"
        port         = "9090"
        address_mode = "alloc"
        interval     = "30s"
        timeout      = "5s"
      }
    }

    service {
      name         = "loki"
      provider     = "nomad"
      port         = "3100"
      address_mode = "alloc"

      check {
        type         = "http"
        path         = "/ready"
        port         = "3100"
        address_mode = "alloc"
        interval     = "30s"
        timeout      = "5s"
      }
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

    task "prometheus" {
      driver = "docker"

      config {
        image = "prom/prometheus:v3.5.0"
        args = [
          "--config.file=/etc/prometheus/prometheus.yml",
          "--storage.tsdb.retention.time=30d",
        ]
        extra_hosts = ["grafana:127.0.0.1", "loki:127.0.0.1", "prometheus:127.0.0.1"]
        volumes     = ["local/prometheus-yml:/etc/prometheus/prometheus.yml:ro"]
      }

      template {
        data = <<EOT
global:
  scrape_interval: 15s
scrape_configs:
  - job_name: node
    static_configs:
      - targets: ["host.docker.internal:9100"]
EOT
        destination = "local/prometheus-yml"
      }

      volume_mount {
        volume      = "prometheus-data"
        destination = "/prometheus"
      }

      resources {
        memory = 512
      }
    }

    task "loki" {
      driver = "docker"

      config {
        image       = "grafana/loki:3.5.3"
        args        = ["-config.file=/etc/loki/local-config.yaml"]
        extra_hosts = ["grafana:127.0.0.1", "loki:127.0.0.1", "prometheus:127.0.0.1"]
        volumes     = ["local/local-config-yaml:/etc/loki/local-config.yaml:ro"]
      }

      template {
        data            = file("./loki.yaml")
        destination     = "local/local-config-yaml"
        left_delimiter  = "<<%"
        right_delimiter = "%>>"
      }

      volume_mount {
        volume      = "loki-data"
        destination = "/loki"
      }

      resources {
        memory = 512
      }
    }

    task "grafana" {
      driver = "docker"

      config {
        image       = "grafana/grafana-oss:12.1.1"
        extra_hosts = ["grafana:127.0.0.1", "loki:127.0.0.1", "prometheus:127.0.0.1"]
        volumes = [
          "secrets/grafana-admin:/run/secrets/grafana_admin:ro",
          "local/all-yaml:/etc/grafana/provisioning/datasources/all.yaml:ro",
        ]
      }

      env {
        GF_SECURITY_ADMIN_PASSWORD__FILE = "/run/secrets/grafana_admin"
        GF_SERVER_ROOT_URL               = "https://grafana.example.org/"
      }

      template {
        data = <<EOT
{{- with nomadVar "nomad/jobs/monitoring/monitoring/grafana" }}{{ .grafana_admin.Value }}{{ end -}}
EOT
        destination = "secrets/grafana-admin"
      }

      template {
        data = <<EOT
apiVersion: 1
datasources:
  - name: Prometheus
    type: prometheus
    url: http://prometheus:9090
  - name: Loki
    type: loki
    url: http://loki:3100
EOT
        destination = "local/all-yaml"
      }

      volume_mount {
        volume      = "grafana-data"
        destination = "/var/lib/grafana"
      }

      resources {
        memory = 512
      }
    }
  }
}

job "monitoring" {
  datacenters = ["dc1"]
  type        = "service"

  group "cadvisor" {
    network {
      mode = "bridge"

      port "port8080" {
        static = 8082
        to     = 8080
      }

      port "port9090" {
        static = 9090
        to     = 9090
      }
    }

    volume "prometheus-data" {
      type   = "host"
      source = "monitoring-prometheus-data"
    }

    volume "prometheus-rules" {
      type      = "host"
      source    = "monitoring-prometheus-rules"
      read_only = true
    }

    restart {
      attempts = 3
      interval = "5m"
      delay    = "15s"
      mode     = "delay"
    }

    service {
      name     = "cadvisor"
      provider = "nomad"
      port     = "port8080"

      check {
        type     = "tcp"
        interval = "30s"
        timeout  = "3s"
      }
    }

    service {
      name     = "prometheus"
      provider = "nomad"
      port     = "port9090"

      check {
        type     = "http"
        path     = "/-/healthy"
        interval = "30s"
        timeout  = "5s"
      }
    }

    task "cadvisor" {
      driver = "docker"

      config {
        image       = "gcr.io/cadvisor/cadvisor:v0.49.1"
        extra_hosts = ["cadvisor:127.0.0.1", "prometheus:127.0.0.1"]
        volumes = [
          "/dev/disk/:/dev/disk:ro",
          "/:/rootfs:ro",
          "/sys:/sys:ro",
          "/var/lib/docker/:/var/lib/docker:ro",
          "/var/run:/var/run:ro",
        ]
        privileged = true
        devices    = [{ host_path = "/dev/kmsg", container_path = "/dev/kmsg" }]
      }

      resources {
        memory = 512
      }
    }

    task "prometheus" {
      driver = "docker"
      user   = "65534:65534"

      config {
        image = "prom/prometheus:v2.54.1"
        args = [
          "--config.file=/etc/prometheus/prometheus.yml",
          "--storage.tsdb.retention.time=90d",
          "--web.enable-lifecycle",
        ]
        extra_hosts = ["cadvisor:127.0.0.1", "prometheus:127.0.0.1"]
        volumes     = ["/opt/monitoring/prometheus.yml:/etc/prometheus/prometheus.yml:ro"]
      }

      volume_mount {
        volume      = "prometheus-rules"
        destination = "/etc/prometheus/rules"
        read_only   = true
      }

      volume_mount {
        volume      = "prometheus-data"
        destination = "/prometheus"
      }

      resources {
        memory = 512
      }
    }
  }

  group "node-exporter" {
    network {
      mode = "host"

      port "port9100" {
        static = 9100
      }
    }

    restart {
      attempts = 3
      interval = "5m"
      delay    = "15s"
      mode     = "delay"
    }

    service {
      name     = "node-exporter"
      provider = "nomad"
      port     = "port9100"

      check {
        type     = "http"
        path     = "/"
        interval = "30s"
        timeout  = "5s"
      }
    }

    task "node-exporter" {
      driver = "docker"

      config {
        image        = "quay.io/prometheus/node-exporter:v1.8.2"
        args         = ["--path.rootfs=/host", "--collector.systemd"]
        network_mode = "host"
        volumes      = ["/:/host:ro,rslave"]
        pid_mode     = "host"
      }

      resources {
        memory = 512
      }
    }
  }
}

job "watchtower" {
  datacenters = ["dc1"]
  type        = "service"

  group "watchtower" {
    network {
      mode = "bridge"
    }

    restart {
      attempts = 3
      interval = "5m"
      delay    = "15s"
      mode     = "delay"
    }

    service {
      name         = "watchtower"
      provider     = "nomad"
      port         = "8080"
      address_mode = "alloc"

      check {
        type         = "tcp"
        port         = "8080"
        address_mode = "alloc"
        interval     = "30s"
        timeout      = "5s"
      }
    }

    task "watchtower" {
      driver = "docker"

      config {
        image = "containrrr/watchtower"
        args  = ["--cleanup", "--interval", "86400"]
      }

      env {
        DOCKER_API_VERSION = "1.44"
        TZ                 = "Europe/Berlin"
      }

      template {
        data = <<EOT
{{- with nomadVar "nomad/jobs/watchtower/watchtower/watchtower" }}
WATCHTOWER_NOTIFICATION_URL={{ .WATCHTOWER_NOTIFICATION_URL.Value | toJSON }}
{{- end }}
EOT
        destination = "secrets/env"
        env         = true
      }

      resources {
        memory = 512
      }
    }
  }
}

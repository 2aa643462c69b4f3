job "frigate" {
  datacenters = ["dc1"]
  type        = "service"

  group "frigate" {
    network {
      mode = "bridge"

      port "port8554" {
        static = 8554
        to     = 8554
      }

      port "port8555" {
        static = 8555
        to     = 8555
      }

      port "port8971" {
        static = 8971
        to     = 8971
      }
    }

    volume "frigate-config" {
      type   = "host"
      source = "frigate-config"
    }

    volume "frigate-media" {
      type   = "host"
      source = "frigate-media"
    }

    restart {
      attempts = 3
      interval = "5m"
      delay    = "15s"
      mode     = "delay"
    }

    service {
      name     = "frigate"
      provider = "nomad"
      port     = "port8554"

      check {
        type     = "tcp"
        interval = "15s"
        timeout  = "5s"
      }
    }

    task "frigate" {
      driver       = "docker"
      kill_timeout = "30s"

      config {
        image     = "ghcr.io/blakeblackshear/frigate:0.15.2"
        group_add = ["video"]
        devices = [
          { host_path = "/dev/apex_0", container_path = "/dev/apex_0" },
          { host_path = "/dev/bus/usb", container_path = "/dev/bus/usb" },
          { host_path = "/dev/dri/renderD128", container_path = "/dev/dri/renderD128" },
        ]
        shm_size = 536870912

        mount {
          type   = "tmpfs"
          target = "/tmp/cache"

          tmpfs_options {
            size = 1000000000
          }
        }
      }

      env {
        PYTHONWARNINGS         = "ignore:::numpy.core.getlimits"
        TOKENIZERS_PARALLELISM = "true"
        TZ                     = "Europe/Berlin"
      }

      template {
        data = <<EOT
{{- with nomadVar "nomad/jobs/frigate/frigate/frigate" }}
FRIGATE_RTSP_PASSWORD={{ .FRIGATE_RTSP_PASSWORD.Value | toJSON }}
{{- end }}
EOT
        destination = "secrets/env"
        env         = true
      }

      volume_mount {
        volume      = "frigate-config"
        destination = "/config"
      }

      volume_mount {
        volume      = "frigate-media"
        destination = "/media/frigate"
      }

      resources {
        memory = 512
      }
    }
  }
}

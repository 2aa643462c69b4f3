job "frigate" {
  datacenters = ["dc1"]
  type        = "service"

  group "frigate" {
    network {
      mode = "bridge"

      port "port8971" {
        static = 8971
        to     = 8971
      }

      port "port8554" {
        static = 8554
        to     = 8554
      }

      port "port8555" {
        static = 8555
        to     = 8555
      }
    }

    volume "frigate-config" {
      type   = "host"
      source = "frigate-config"
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
      port     = "port8971"

      check {
        type     = "tcp"
        interval = "30s"
        timeout  = "5s"
      }
    }

    task "frigate" {
      driver       = "docker"
      kill_timeout = "30s"

      config {
        image = "ghcr.io/blakeblackshear/frigate:stable"
        devices = [
          { host_path = "/dev/bus/usb", container_path = "/dev/bus/usb" },
          { host_path = "/dev/dri/renderD128", container_path = "/dev/dri/renderD128" },
        ]
        shm_size = 536870912

        mount {
          type   = "volume"
          source = "nfs-192-168-1-10-volume1-frigate"
          target = "/media/frigate"

          volume_options {
            driver_config {
              name = "local"

              options {
                type   = "nfs"
                o      = "addr=192.168.1.10,rw"
                device = ":/volume1/frigate"
              }
            }
          }
        }

        mount {
          type   = "tmpfs"
          target = "/tmp/cache"

          tmpfs_options {
            size = 1000000000
          }
        }
      }

      env {
        TZ = "Europe/Berlin"
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

      resources {
        memory = 512
      }
    }
  }
}

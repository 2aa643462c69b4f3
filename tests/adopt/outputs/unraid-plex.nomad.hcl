job "plex-media-server" {
  datacenters = ["dc1"]
  type        = "service"

  group "plex-media-server" {
    network {
      mode = "bridge"

      port "port32400" {
        static = 32400
        to     = 32400
      }
    }

    volume "plex-media-server-config" {
      type   = "host"
      source = "plex-media-server-config"
    }

    volume "plex-media-server-data" {
      type      = "host"
      source    = "plex-media-server-data"
      read_only = true
    }

    restart {
      attempts = 3
      interval = "5m"
      delay    = "15s"
      mode     = "delay"
    }

    service {
      name     = "plex-media-server"
      provider = "nomad"
      port     = "port32400"

      check {
        type     = "tcp"
        interval = "5s"
        timeout  = "2s"
      }
    }

    task "plex-media-server" {
      driver = "docker"

      config {
        image   = "plexinc/pms-docker"
        volumes = ["local/transcode:/transcode"]
      }

      env {
        NVIDIA_DRIVER_CAPABILITIES = "all"
        NVIDIA_VISIBLE_DEVICES     = "GPU-2b8c8d2e-1111-2222-3333-444455556666"
        PLEX_GID                   = "100"
        PLEX_UID                   = "99"
        TZ                         = "America/New_York"
        VERSION                    = "latest"
      }

      template {
        data = <<EOT
{{- with nomadVar "nomad/jobs/plex-media-server/plex-media-server/plex-media-server" }}
PLEX_CLAIM={{ .PLEX_CLAIM.Value | toJSON }}
{{- end }}
EOT
        destination = "secrets/env"
        env         = true
      }

      volume_mount {
        volume      = "plex-media-server-config"
        destination = "/config"
      }

      volume_mount {
        volume      = "plex-media-server-data"
        destination = "/data"
        read_only   = true
      }

      resources {
        memory = 512

        device "nvidia/gpu" {
          count = 1
        }
      }
    }
  }
}

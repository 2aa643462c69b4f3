job "plex" {
  datacenters = ["dc1"]
  type        = "service"

  group "plex" {
    network {
      mode = "bridge"

      port "port1900" {
        static = 1900
        to     = 1900
      }

      port "port5353" {
        static = 5353
        to     = 5353
      }

      port "port8324" {
        static = 8324
        to     = 8324
      }

      port "port32400" {
        static = 32400
        to     = 32400
      }

      port "port32410" {
        static = 32410
        to     = 32410
      }

      port "port32412" {
        static = 32412
        to     = 32412
      }

      port "port32413" {
        static = 32413
        to     = 32413
      }

      port "port32414" {
        static = 32414
        to     = 32414
      }

      port "port32469" {
        static = 32469
        to     = 32469
      }
    }

    volume "plex-config" {
      type   = "host"
      source = "plex-config"
    }

    volume "plex-movies" {
      type      = "host"
      source    = "plex-movies"
      read_only = true
    }

    volume "plex-tv" {
      type      = "host"
      source    = "plex-tv"
      read_only = true
    }

    restart {
      attempts = 3
      interval = "5m"
      delay    = "15s"
      mode     = "delay"
    }

    service {
      name     = "plex"
      provider = "nomad"
      port     = "port32400"

      check {
        type     = "http"
        path     = "/identity"
        interval = "30s"
        timeout  = "5s"
      }
    }

    task "plex" {
      driver = "docker"

      config {
        image = "lscr.io/linuxserver/plex:latest"

        mount {
          type   = "tmpfs"
          target = "/transcode"

          tmpfs_options {
            size = 8589934592
          }
        }
      }

      env {
        PGID    = "1000"
        PUID    = "1000"
        TZ      = "Europe/Berlin"
        VERSION = "docker"
      }

      template {
        data = <<EOT
{{- with nomadVar "nomad/jobs/plex/plex/plex" }}
PLEX_CLAIM={{ .PLEX_CLAIM.Value | toJSON }}
{{- end }}
EOT
        destination = "secrets/env"
        env         = true
      }

      volume_mount {
        volume      = "plex-config"
        destination = "/config"
      }

      volume_mount {
        volume      = "plex-movies"
        destination = "/movies"
        read_only   = true
      }

      volume_mount {
        volume      = "plex-tv"
        destination = "/tv"
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

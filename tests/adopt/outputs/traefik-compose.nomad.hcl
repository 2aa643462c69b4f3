job "traefik" {
  datacenters = ["dc1"]
  type        = "service"

  group "traefik" {
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

    volume "traefik-acme-json" {
      type   = "host"
      source = "traefik-acme-json"
    }

    restart {
      attempts = 3
      interval = "5m"
      delay    = "15s"
      mode     = "delay"
    }

    service {
      name     = "traefik"
      provider = "nomad"
      port     = "http"

      check {
        type     = "tcp"
        interval = "30s"
        timeout  = "5s"
      }
    }

    service {
      name     = "whoami"
      provider = "nomad"
      port     = "http"
      tags = [
        "traefik.enable=true",
        "traefik.http.routers.whoami.rule=Host(`whoami.example.org`)",
      ]

      check {
        type     = "tcp"
        interval = "30s"
        timeout  = "5s"
      }
    }

    task "traefik" {
      driver = "docker"

      config {
        image = "traefik:v3.5"
        args = [
          "--providers.docker=true",
          "--providers.docker.exposedbydefault=false",
          "--entrypoints.websecure.address=:443",
          "--certificatesresolvers.le.acme.dnschallenge.provider=cloudflare",
        ]
        extra_hosts  = ["traefik:127.0.0.1", "whoami:127.0.0.1"]
        security_opt = ["no-new-privileges"]
      }

      template {
        data = <<EOT
{{- with nomadVar "nomad/jobs/traefik/traefik/traefik" }}
CF_DNS_API_TOKEN={{ .CF_DNS_API_TOKEN.Value | toJSON }}
{{- end }}
EOT
        destination = "secrets/env"
        env         = true
      }

      volume_mount {
        volume      = "traefik-acme-json"
        destination = "/acme.json"
      }

      resources {
        memory = 512
      }
    }

    task "whoami" {
      driver = "docker"

      config {
        image       = "traefik/whoami"
        extra_hosts = ["traefik:127.0.0.1", "whoami:127.0.0.1"]
      }

      restart {
        attempts = 0
        mode     = "fail"
      }

      resources {
        memory = 512
      }
    }
  }
}

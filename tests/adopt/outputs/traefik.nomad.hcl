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

      port "port8080" {
        static = 8080
        to     = 8080
      }
    }

    volume "traefik-letsencrypt" {
      type   = "host"
      source = "traefik-letsencrypt"
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

    task "traefik" {
      driver = "docker"

      config {
        image = "traefik:v3.5"
        args = [
          "--providers.docker=true",
          "--providers.docker.exposedbydefault=false",
          "--entrypoints.web.address=:80",
          "--entrypoints.websecure.address=:443",
          "--certificatesresolvers.le.acme.dnschallenge.provider=cloudflare",
          "--certificatesresolvers.le.acme.storage=/letsencrypt/acme.json",
        ]
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
        volume      = "traefik-letsencrypt"
        destination = "/letsencrypt"
      }

      resources {
        memory = 512
      }
    }
  }
}

job "crowdsec" {
  datacenters = ["dc1"]
  type        = "service"

  group "crowdsec" {
    network {
      mode = "bridge"

      port "https" {
        static = 443
        to     = 443
      }

      port "http" {
        static = 80
        to     = 80
      }
    }

    volume "crowdsec-data" {
      type   = "host"
      source = "crowdsec-data"
    }

    volume "traefik-acme-json" {
      type   = "host"
      source = "crowdsec-traefik-acme-json"
    }

    volume "traefik-logs" {
      type   = "host"
      source = "crowdsec-traefik-logs"
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
      tags = [
        "traefik.enable=true",
        "traefik.http.routers.traefik.rule=Host(`traefik.local.example.com`)",
      ]

      check {
        type     = "tcp"
        interval = "30s"
        timeout  = "5s"
      }
    }

    service {
      name         = "socket-proxy"
      provider     = "nomad"
      port         = "2375"
      address_mode = "alloc"

      check {
        type         = "tcp"
        port         = "2375"
        address_mode = "alloc"
        interval     = "30s"
        timeout      = "5s"
      }
    }

    service {
      name         = "crowdsec"
      provider     = "nomad"
      port         = "8080"
      address_mode = "alloc"

      check {
        type         = "http"
        path         = "/health"
        port         = "8080"
        address_mode = "alloc"
        interval     = "30s"
        timeout      = "5s"
      }
    }

    task "traefik" {
      driver = "docker"

      config {
        image = "traefik:v3.3"
        args = [
          "--providers.docker=true",
          "--providers.docker.endpoint=tcp://socket-proxy:2375",
          "--entryPoints.web.address=:80",
          "--entryPoints.websecure.address=:443",
          "--certificatesresolvers.le.acme.email=me@example.com",
        ]
        extra_hosts = [
          "bouncer-traefik:127.0.0.1",
          "crowdsec:127.0.0.1",
          "socket-proxy:127.0.0.1",
          "traefik:127.0.0.1",
        ]
        volumes      = ["secrets/cf-token:/run/secrets/cf-token:ro"]
        security_opt = ["no-new-privileges"]
      }

      env {
        CF_API_EMAIL          = "me@example.com"
        CF_DNS_API_TOKEN_FILE = "/run/secrets/cf-token"
        TZ                    = "Europe/Berlin"
      }

      template {
        data = <<EOT
{{- with nomadVar "nomad/jobs/crowdsec/crowdsec/traefik" }}{{ .cf_token.Value }}{{ end -}}
EOT
        destination = "secrets/cf-token"
      }

      volume_mount {
        volume      = "traefik-acme-json"
        destination = "/acme.json"
      }

      volume_mount {
        volume      = "traefik-logs"
        destination = "/var/log/traefik"
      }

      resources {
        memory = 512
      }
    }

    task "socket-proxy" {
      driver = "docker"

      config {
        image = "tecnativa/docker-socket-proxy"
        extra_hosts = [
          "bouncer-traefik:127.0.0.1",
          "crowdsec:127.0.0.1",
          "socket-proxy:127.0.0.1",
          "traefik:127.0.0.1",
        ]
      }

      env {
        CONTAINERS = "1"
        POST       = "0"
      }

      restart {
        attempts = 0
        mode     = "fail"
      }

      resources {
        memory = 512
      }
    }

    task "crowdsec" {
      driver = "docker"

      config {
        image = "crowdsecurity/crowdsec:v1.6.4"
        extra_hosts = [
          "bouncer-traefik:127.0.0.1",
          "crowdsec:127.0.0.1",
          "socket-proxy:127.0.0.1",
          "traefik:127.0.0.1",
        ]
        volumes = ["/var/log/auth.log:/var/log/auth.log:ro"]
      }

      env {
        COLLECTIONS = "crowdsecurity/linux crowdsecurity/traefik"
        GID         = "1000"
      }

      template {
        data = <<EOT
{{- with nomadVar "nomad/jobs/crowdsec/crowdsec/crowdsec" }}
BOUNCER_KEY_TRAEFIK={{ .BOUNCER_KEY_TRAEFIK.Value | toJSON }}
{{- end }}
EOT
        destination = "secrets/env"
        env         = true
      }

      volume_mount {
        volume      = "crowdsec-data"
        destination = "/var/lib/crowdsec/data"
      }

      volume_mount {
        volume      = "traefik-logs"
        destination = "/var/log/traefik"
        read_only   = true
      }

      restart {
        attempts = 0
        mode     = "fail"
      }

      resources {
        memory = 512
      }
    }

    task "bouncer-traefik" {
      driver = "docker"

      config {
        image = "docker.io/fbonalair/traefik-crowdsec-bouncer:latest"
        extra_hosts = [
          "bouncer-traefik:127.0.0.1",
          "crowdsec:127.0.0.1",
          "socket-proxy:127.0.0.1",
          "traefik:127.0.0.1",
        ]
      }

      env {
        CROWDSEC_AGENT_HOST = "crowdsec:8080"
        GIN_MODE            = "release"
      }

      template {
        data = <<EOT
{{- with nomadVar "nomad/jobs/crowdsec/crowdsec/bouncer-traefik" }}
CROWDSEC_BOUNCER_API_KEY={{ .CROWDSEC_BOUNCER_API_KEY.Value | toJSON }}
{{- end }}
EOT
        destination = "secrets/env"
        env         = true
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

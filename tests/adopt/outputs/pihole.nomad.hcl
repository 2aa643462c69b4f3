job "pihole" {
  datacenters = ["dc1"]
  type        = "service"

  group "pihole" {
    network {
      mode     = "bridge"
      hostname = "pi"

      dns {
        servers = ["127.0.0.1", "1.1.1.1"]
      }

      port "dns" {
        static = 53
        to     = 53
      }

      port "http" {
        static = 8053
        to     = 80
      }
    }

    volume "pihole-config" {
      type   = "host"
      source = "pihole-config"
    }

    restart {
      attempts = 3
      interval = "5m"
      delay    = "15s"
      mode     = "delay"
    }

    service {
      name     = "pihole"
      provider = "nomad"
      port     = "dns"

      check {
        type     = "tcp"
        interval = "30s"
        timeout  = "5s"
      }
    }

    task "pihole" {
      driver = "docker"

      config {
        image   = "pihole/pihole:2025.08.0"
        cap_add = ["net_admin", "sys_nice"]
      }

      env {
        FTLCONF_dns_listeningMode = "all"
        FTLCONF_dns_upstreams     = "1.1.1.1;9.9.9.9"
        TZ                        = "Europe/Berlin"
      }

      template {
        data = <<EOT
{{- with nomadVar "nomad/jobs/pihole/pihole/pihole" }}
FTLCONF_webserver_api_password={{ .FTLCONF_webserver_api_password.Value | toJSON }}
{{- end }}
EOT
        destination = "secrets/env"
        env         = true
      }

      volume_mount {
        volume      = "pihole-config"
        destination = "/etc/pihole"
      }

      resources {
        memory = 512
      }
    }
  }
}
